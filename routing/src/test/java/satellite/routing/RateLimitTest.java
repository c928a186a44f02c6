package satellite.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Who has to wait, and for how long. */
class RateLimitTest {

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /** Any origin will do, also one that overflows soon. */
  private long nanos = Long.MAX_VALUE - SECOND;

  private final RateLimit limit = new RateLimit(1000, () -> nanos);

  @Test
  void whatIsSavedOfASecondCostsNoWait() {
    assertEquals(0, limit.take("a", 400));
    assertEquals(0, limit.take("a", 600));
    assertEquals(SECOND / 10, limit.take("a", 100));
  }

  @Test
  void whoTakesMoreWaitsForIt() {
    assertEquals(2 * SECOND, limit.take("a", 3000));
    nanos += SECOND;
    assertEquals(SECOND, limit.take("a", 0));
    nanos += SECOND;
    assertEquals(0, limit.take("a", 0));
    assertEquals(SECOND, limit.take("a", 1000));
  }

  @Test
  void noMoreThanASecondIsSaved() {
    limit.take("a", 1);
    nanos += 30 * SECOND;
    assertEquals(0, limit.take("a", 1000));
    assertEquals(SECOND, limit.take("a", 1000));
  }

  @Test
  void othersDoNotWait() {
    limit.take("a", 100_000);
    assertEquals(0, limit.take("b", 1000));
  }

  /** After a minute of silence all had been forgiven, whatever it was. */
  @Test
  void whatIsOwedIsNotForgotten() {
    limit.take("a", 301_000);
    nanos += 120 * SECOND;
    assertEquals(180 * SECOND, limit.take("a", 0));
  }

  @Test
  void nobodyWaitsForMoreThanAnHour() {
    assertEquals(3600 * SECOND, limit.take("a", Long.MAX_VALUE));
    assertEquals(3600 * SECOND, limit.take("a", Long.MAX_VALUE));
    nanos += 3600 * SECOND;
    assertEquals(0, limit.take("a", 0));
  }

  @Test
  void overTimeItIsTheRate() {
    long taken = 0;
    long end = nanos + 60 * SECOND;
    while (nanos - end < 0) {
      taken += 700;
      nanos += limit.take("a", 700);
    }
    assertEquals(61_000, taken, 1400);
  }
}
