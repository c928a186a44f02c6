package satellite.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How queues share one budget. */
class MemoryBudgetTest extends QueueFixture {

  private static final int MANY = 100_000;

  private final MemoryBudget budget = budget(100_000);
  private final MemoryQueue busy = queue(1, MANY, budget);
  private final MemoryQueue late = queue(1, MANY, budget);

  @Test
  void oneBusyQueueGetsFourFifths() {
    fill(busy.partition(0), 200);
    assertEquals(80_000, busy.bytes());
    assertEquals(80_000, budget.usedBytes());
  }

  @Test
  void aQueueIsAsFullAsItsShareAtThatMoment() {
    assertEquals(0, busy.saturation());
    for (int i = 0; i < 200; i++) {
      offer(busy.partition(0), event(200));
    }
    assertEquals(0.5, busy.saturation(), 0.001);
    fill(busy.partition(0), 200);
    assertEquals(1, busy.saturation(), 0.01);
    assertEquals(0, late.saturation());
    fill(late.partition(0), 200);
    assertEquals(1, late.saturation(), 0.02);
  }

  @Test
  void aBusyQueueLeavesRoomForAnother() {
    fill(busy.partition(0), 200);
    int accepted = fill(late.partition(0), 200);
    assertEquals(16_000, accepted * 200);
    assertTrue(budget.usedBytes() <= budget.maxBytes());
  }

  @Test
  void twoBusyQueuesEndWithEqualShares() {
    fill(busy.partition(0), 200);
    // Whenever the first one has sent something, both ask for more.
    for (int i = 0; i < 2000; i++) {
      forward(take(busy.partition(0), 1));
      offer(late.partition(0), event(200));
      offer(busy.partition(0), event(200));
    }
    assertEquals(busy.bytes(), late.bytes(), 1000);
    assertEquals(4 * budget.maxBytes() / 9.0, busy.bytes(), 1000);
  }

  @Test
  void partitionsOfAQueueHaveOneShare() {
    MemoryQueue parted = queue(2, MANY, budget);
    fill(parted.partition(0), 200);
    assertFalse(offer(parted.partition(1), event(200)));
  }

  @Test
  void anEventThatFitsToTheByteIsTaken() {
    MemoryQueue.Partition partition = queue(1, MANY, budget(1000)).partition(0);
    assertFalse(offer(partition, event(801)));
    assertTrue(offer(partition, event(800)));
  }

  @Test
  void spaceIsFreeWhenTheBatchIsDoneAndNotWhenItIsTaken() {
    fill(busy.partition(0), 200);
    Batch all = take(busy.partition(0), MANY);
    assertEquals(80_000, busy.bytes());
    assertFalse(offer(busy.partition(0), event(200)));
    forward(all);
    assertEquals(0, busy.bytes());
    assertTrue(offer(busy.partition(0), event(200)));
  }

  @Test
  void oneWaiterOfEachOtherQueueIsToldToo() {
    fill(busy.partition(0), 200);
    List<String> told = new ArrayList<>();
    late.onSpace(() -> told.add("first"));
    late.onSpace(() -> told.add("second"));
    forward(take(busy.partition(0), 10));
    assertEquals(List.of("first"), told);
    forward(take(busy.partition(0), 10));
    assertEquals(List.of("first", "second"), told);
  }
}
