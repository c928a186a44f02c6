package satellite.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** That the totals add up. */
class AccountTest {

  private final Account account = new Account();

  @Test
  void whatIsNeitherForwardedNorDroppedIsOutstanding() {
    account.received(10, 1000);
    account.forwarded(5);
    account.dropped("queue_full", 2);
    assertEquals(3, account.outstanding());
    assertEquals(1000, account.receivedBytes());
  }

  @Test
  void whatWasRefusedWasNeverReceived() {
    account.refused("malformed", 4);
    assertEquals(0, account.received());
    assertEquals(0, account.outstanding());
    assertEquals(4, account.refused());
  }

  @Test
  void countsByReasonInTheOrderOfTheirNames() {
    account.dropped("shutdown", 1);
    account.dropped("queue_full", 2);
    account.dropped("shutdown", 3);
    account.refused("malformed", 1);
    assertEquals(Map.of("queue_full", 2L, "shutdown", 4L), account.droppedByReason());
    assertEquals(
        List.of("queue_full", "shutdown"), List.copyOf(account.droppedByReason().keySet()));
    assertEquals(6, account.dropped());
    assertEquals(Map.of("malformed", 1L), account.refusedByReason());
  }

  @Test
  void saysItsBalance() {
    account.received(3, 30);
    account.forwarded(1);
    account.dropped("shutdown", 1);
    assertEquals(
        "received 3 = forwarded 1 + queued 1 + spilled 0 + dead {} + dropped {shutdown=1}",
        account.toString());
  }
}
