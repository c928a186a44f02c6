package satellite.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Rates by a clock that is turned by hand; it may begin anywhere. */
class RatesTest {

  private static final String ONE = "one";

  private final Rates<String> rates = new Rates<>();
  private long now = Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(3);

  private void second(Map<String, Long> counters) {
    now += TimeUnit.SECONDS.toNanos(1);
    rates.sample(counters, now);
  }

  @Test
  void nothingIsKnownAtFirst() {
    assertEquals(0, rates.perSecond(ONE));
    second(Map.of(ONE, 1000L));
    assertEquals(0, rates.perSecond(ONE));
    assertEquals(0, rates.perSecond("another"));
  }

  @Test
  void aYoungRateIsOfTheTimeThatThereIs() {
    second(Map.of(ONE, 1000L));
    second(Map.of(ONE, 1005L));
    assertEquals(5, rates.perSecond(ONE));
    second(Map.of(ONE, 1020L));
    assertEquals(10, rates.perSecond(ONE));
    assertEquals(20, rates.increase(ONE));
  }

  @Test
  void aRateIsOfTheLastTenSeconds() {
    for (long i = 0; i <= 30; i++) {
      second(Map.of(ONE, i * 100));
    }
    assertEquals(100, rates.perSecond(ONE));
    for (int i = 0; i < 5; i++) {
      second(Map.of(ONE, 3000L));
    }
    assertEquals(50, rates.perSecond(ONE));
    for (int i = 0; i < 5; i++) {
      second(Map.of(ONE, 3000L));
    }
    assertEquals(0, rates.perSecond(ONE));
  }

  @Test
  void samplesThatWereLateCountForTheirTime() {
    second(Map.of(ONE, 0L));
    now += TimeUnit.SECONDS.toNanos(59);
    second(Map.of(ONE, 600L));
    assertEquals(10, rates.perSecond(ONE));
    second(Map.of(ONE, 610L));
    assertEquals(10, rates.perSecond(ONE));
  }

  @Test
  void aCounterThatBeganAgainIsCountedFromThere() {
    second(Map.of(ONE, 5000L));
    second(Map.of(ONE, 6000L));
    second(Map.of(ONE, 10L));
    assertEquals(0, rates.perSecond(ONE));
    second(Map.of(ONE, 30L));
    assertEquals(20, rates.perSecond(ONE));
  }

  @Test
  void aCounterThatWasAwayIsCountedFromItsReturn() {
    second(Map.of(ONE, 5L));
    second(Map.of());
    assertEquals(0, rates.perSecond(ONE));
    second(Map.of(ONE, 7L));
    second(Map.of(ONE, 8L));
    assertEquals(1, rates.perSecond(ONE));
  }
}
