package satellite.routing;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** When half of the calls failed lately. */
class ErrorRateTest {

  private final ErrorRate rate = new ErrorRate();
  private long now = -TimeUnit.SECONDS.toNanos(3);

  private void add(int answered, int failed) {
    for (int i = 0; i < answered; i++) {
      rate.add(false, now);
    }
    for (int i = 0; i < failed; i++) {
      rate.add(true, now);
    }
  }

  private void advance(int seconds) {
    now += TimeUnit.SECONDS.toNanos(seconds);
  }

  @Test
  void halfOfTwentyIsBad() {
    add(10, 10);
    assertTrue(rate.isHigh(now));
  }

  @Test
  void lessThanHalfIsNot() {
    add(101, 100);
    assertFalse(rate.isHigh(now));
  }

  @Test
  void fewCallsSayNothing() {
    add(0, 19);
    assertFalse(rate.isHigh(now));
  }

  @Test
  void secondsAddUp() {
    for (int i = 0; i < 10; i++) {
      add(1, 1);
      advance(1);
    }
    now -= 1;
    assertTrue(rate.isHigh(now));
  }

  @Test
  void whatIsTenSecondsAgoIsForgotten() {
    add(0, 30);
    advance(9);
    assertTrue(rate.isHigh(now));
    advance(1);
    assertFalse(rate.isHigh(now));
    add(20, 0);
    assertFalse(rate.isHigh(now));
  }

  @Test
  void aResetForgets() {
    add(0, 30);
    rate.reset();
    assertFalse(rate.isHigh(now));
  }
}
