package satellite.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The account as it is printed. */
class AccountTotalsTest {

  private final Account one = new Account();
  private final Account two = new Account();

  private AccountTotals totals() {
    return AccountTotals.of(List.of(one, two));
  }

  @Test
  void nothingHappened() {
    assertEquals(
        "received 0 = forwarded 0 + queued 0 + spilled 0 + dead 0 + dropped 0; refused 0",
        totals().toString());
    assertTrue(totals().isClean());
    assertTrue(totals().isBalanced());
  }

  @Test
  void whatWasForwardedIsPlain() {
    one.received(5, 50);
    one.forwarded(5);
    two.recovered(2);
    two.forwarded(2);
    assertTrue(totals().isClean());
    assertEquals(
        "received 7 = forwarded 7 + queued 0 + spilled 0 + dead 0 + dropped 0; refused 0;"
            + " recovered 2",
        totals().toString());
  }

  @Test
  void reasonsAreAddedUpOverPipes() {
    one.received(20, 200);
    one.dropped("shutdown", 3);
    one.dropped("queue_full", 1);
    one.refused("malformed", 1);
    one.dead("unknown", 2);
    one.spilled(4);
    two.received(1, 10);
    two.dropped("shutdown", 1);
    assertEquals(
        "received 21 = forwarded 0 + queued 10 + spilled 4 + dead 2 {unknown=2} + dropped 5"
            + " {queue_full=1, shutdown=4}; refused 1",
        totals().toString());
    assertFalse(totals().isClean());
    assertFalse(totals().isBalanced());
  }

  @Test
  void whatIsOnDiskAtTheEndIsAccountedFor() {
    one.received(4, 40);
    one.spilled(4);
    assertTrue(totals().isBalanced());
    assertFalse(totals().isClean());
  }

  @Test
  void refusedAloneIsWorthALine() {
    one.refused("queue_full", 1);
    assertFalse(totals().isClean());
  }
}
