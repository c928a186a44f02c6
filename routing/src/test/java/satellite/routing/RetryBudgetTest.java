package satellite.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How many retries go, and when. */
class RetryBudgetTest {

  private long now = Long.MAX_VALUE - 5;
  private final RetryBudget budget = new RetryBudget(now);

  private int takeAll() {
    int taken = 0;
    while (budget.take(now)) {
      taken++;
    }
    return taken;
  }

  private void advance(long millis) {
    now += TimeUnit.MILLISECONDS.toNanos(millis);
  }

  @Test
  void startsWithWhatMayBeSaved() {
    assertEquals(RetryBudget.MAX_SAVED + 1, takeAll(), "one of the reserve is there too");
  }

  @Test
  void theReserveComesWithTime() {
    takeAll();
    advance(49);
    assertFalse(budget.take(now));
    advance(1);
    assertTrue(budget.take(now));
    assertFalse(budget.take(now));
    advance(500);
    assertEquals(10, takeAll());
  }

  @Test
  void ofTheReserveNoMoreThanASecondIsSaved() {
    takeAll();
    advance(TimeUnit.HOURS.toMillis(1));
    assertEquals(RetryBudget.RESERVE_PER_SECOND + 1, takeAll());
  }

  @Test
  void fiveAnswersPayARetry() {
    takeAll();
    for (int i = 0; i < 4; i++) {
      budget.answered();
    }
    assertFalse(budget.take(now));
    budget.answered();
    assertTrue(budget.take(now));
    assertFalse(budget.take(now));
  }

  @Test
  void noMoreIsSavedThanItHolds() {
    takeAll();
    for (int i = 0; i < 100_000; i++) {
      budget.answered();
    }
    assertEquals(RetryBudget.MAX_SAVED, takeAll());
  }

  @Test
  void countsWhatWentAndWhatWaited() {
    takeAll();
    assertEquals(RetryBudget.MAX_SAVED + 1, budget.taken());
    assertEquals(1, budget.delayed());
  }
}
