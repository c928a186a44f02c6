package satellite.pipes.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whose turn it is to be received. */
class ReceiveBudgetTest {

  private final ReceiveBudget budget = new ReceiveBudget(100);
  private final List<String> taken = new ArrayList<>();

  private ReceiveBudget.Place take(String name, int bytes) {
    return budget.take(bytes, () -> taken.add(name));
  }

  @Test
  void aPlaceIsTakenAsAWholeAndInTurn() {
    ReceiveBudget.Place first = take("first", 60);
    ReceiveBudget.Place second = take("second", 60);
    ReceiveBudget.Place small = take("small", 10);
    assertTrue(first.isTaken());
    assertFalse(second.isTaken());
    assertFalse(small.isTaken(), "it overtakes nobody");
    assertEquals(60, budget.receivingBytes());
    assertEquals(2, budget.waiting());
    first.giveBack();
    assertEquals(List.of("second", "small"), taken);
    assertEquals(70, budget.receivingBytes());
  }

  @Test
  void oneLongerThanAllOfItComesAlone() {
    ReceiveBudget.Place first = take("first", 10);
    ReceiveBudget.Place long1 = take("long", 500);
    assertFalse(long1.isTaken());
    first.giveBack();
    assertTrue(long1.isTaken());
    assertFalse(take("next", 1).isTaken());
    long1.giveBack();
    assertEquals(List.of("long", "next"), taken);
  }

  @Test
  void whatIsPausedKeepsOthersOut() {
    budget.paused(70);
    ReceiveBudget.Place waits = take("waits", 40);
    assertFalse(waits.isTaken());
    assertEquals(70, budget.pausedBytes());
    budget.paused(-70);
    assertTrue(waits.isTaken());
  }

  @Test
  void whoGoesAwayWhileItWaitsTakesNoTurn() {
    ReceiveBudget.Place first = take("first", 100);
    ReceiveBudget.Place goes = take("goes", 100);
    take("stays", 100);
    goes.giveBack();
    first.giveBack();
    assertEquals(List.of("stays"), taken);
    assertEquals(100, budget.receivingBytes());
  }

  @Test
  void whoGoesAwayFromTheHeadOfTheLineHoldsNobodyUp() {
    take("first", 50);
    ReceiveBudget.Place goes = take("goes", 100);
    take("fits", 50);
    goes.giveBack();
    assertEquals(List.of("fits"), taken);
  }

  @Test
  void windowsAreWidenedAsFarAsThereIsSome() {
    assertTrue(budget.widened(400));
    assertFalse(budget.widened(1));
    assertTrue(budget.widened(-1));
    assertTrue(budget.widened(1));
  }
}
