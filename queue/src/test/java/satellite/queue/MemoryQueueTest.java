package satellite.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What one queue promises to those who offer, take and wait, on one thread. */
class MemoryQueueTest extends QueueFixture {

  @Test
  void refusesWhenAPartitionHoldsItsEvents() {
    MemoryQueue.Partition partition = partition(3);
    assertEquals(3, fill(partition, 200));
    assertEquals(3, partition.events());
    assertEquals(1, account.refused());
  }

  @Test
  void partitionsAreBoundedEachForItself() {
    MemoryQueue queue = queue(2, 3, budget(1 << 20));
    assertEquals(3, fill(queue.partition(0), 200));
    assertEquals(3, fill(queue.partition(1), 200));
    assertEquals(6, queue.events());
  }

  @Test
  void aQueueIsAsFullAsItsFullestPartition() {
    MemoryQueue queue = queue(2, 4, budget(1 << 20));
    assertEquals(0, queue.saturation());
    offer(queue.partition(0), event(200));
    offer(queue.partition(1), event(200));
    offer(queue.partition(1), event(200));
    assertEquals(0.5, queue.saturation());
    fill(queue.partition(1), 200);
    assertEquals(1, queue.saturation());
  }

  @Test
  void aRefusedEventTakesNoSpace() {
    MemoryQueue.Partition partition = partition(1);
    offer(partition, event(300));
    assertFalse(offer(partition, event(300)));
    assertEquals(1, partition.events());
    assertEquals(300, partition.waitingBytes());
  }

  @Test
  void anEventThatNoMemoryIsFoundForTakesNoSpace() {
    MemoryQueue.Partition partition = partition(2);
    memory.exhausted = true;
    assertThrows(OutOfMemoryError.class, () -> offer(partition, event()));
    assertEquals(0, partition.events());
    memory.exhausted = false;
    assertEquals(2, fill(partition, 200));
  }

  @Test
  void oneSourceStaysInOnePartition() {
    MemoryQueue queue = queue(4, 1, budget(1 << 20));
    assertSame(queue.partition(7), queue.partition(7));
    assertSame(queue.partition(3), queue.partition(7));
    assertNotSame(queue.partition(6), queue.partition(7));
    assertSame(queue.partition(Integer.MIN_VALUE), queue.partition(0));
    assertSame(queue.partition(-1), queue.partition(3));
  }

  @Test
  void givesEventsInTheOrderInWhichTheyCame() {
    MemoryQueue.Partition partition = partition(10);
    fill(partition, 200);
    assertEquals(List.of("0", "1", "2", "3"), keys(take(partition, 4).events()));
    assertEquals(List.of("4", "5", "6", "7", "8", "9"), keys(take(partition, 10).events()));
  }

  @Test
  void spaceIsFreeWhenTheBatchIsDoneAndNotWhenItIsTaken() {
    MemoryQueue.Partition partition = partition(2);
    fill(partition, 200);
    Batch batch = take(partition, 2);
    assertEquals(0, partition.waiting());
    assertEquals(2, partition.events());
    assertFalse(offer(partition, event()));
    forward(batch);
    assertEquals(2, fill(partition, 200));
  }

  @Test
  void pollTakesNoMoreEventsThanAskedFor() {
    MemoryQueue.Partition partition = partition(5);
    fill(partition, 200);
    assertEquals(3, take(partition, 3).events().size());
    assertEquals(2, partition.waiting());
    assertEquals(400, partition.waitingBytes());
  }

  @Test
  void pollTakesNoMoreBytesThanAskedFor() {
    MemoryQueue.Partition partition = partition(5);
    fill(partition, 200);
    assertEquals(2, take(partition, 5, 599).events().size());
    assertEquals(3, take(partition, 5, 600).events().size());
  }

  @Test
  void pollTakesOneEventThatIsLargerThanAskedFor() {
    MemoryQueue.Partition partition = partition(5);
    offer(partition, event(1000));
    offer(partition, event(200));
    assertEquals(List.of("0"), keys(take(partition, 5, 500).events()));
  }

  @Test
  void pollFindsNothingInAnEmptyPartition() {
    assertTrue(partition(5).poll(5, 500).isEmpty());
  }

  @Test
  void knowsItsOldestEvent() {
    MemoryQueue.Partition partition = partition(5);
    assertEquals(-7, partition.oldestNanos(-7));
    Event oldest = event();
    offer(partition, oldest);
    offer(partition, event());
    assertEquals(oldest.receivedNanos(), partition.oldestNanos(-7));
  }

  @Test
  void dropsTheOldestUntilTheBytesAreFree() {
    MemoryQueue.Partition partition = partition(5);
    fill(partition, 200);
    List<Event> dropped = partition.dropOldest(300);
    account.dropped("queue_full", dropped.size());
    assertEquals(List.of("0", "1"), keys(dropped));
    assertEquals(3, partition.events());
    assertEquals(600, partition.waitingBytes());
    assertTrue(offer(partition, event(300)));
  }

  @Test
  void dropsNothingThatIsUnderWay() {
    MemoryQueue.Partition partition = partition(2);
    fill(partition, 200);
    Batch batch = take(partition, 1);
    List<Event> dropped = partition.dropOldest(1000);
    account.dropped("queue_full", dropped.size());
    assertEquals(List.of("1"), keys(dropped));
    assertEquals(List.of(), partition.dropOldest(1));
    assertEquals(1, partition.events());
    forward(batch);
  }

  @Test
  void whatIsGatheredIsChargedBeforeItIsPut() {
    MemoryQueue queue = queue(1, 5, budget(10_000));
    MemoryQueue.Partition partition = queue.partition(0);
    Event event = event(600);
    assertTrue(partition.acquire(600));
    assertEquals(600, queue.bytes());
    assertEquals(0, queue.events());
    partition.put(event);
    account.received(1, event.payloadBytes());
    assertEquals(600, queue.bytes());
    assertEquals(1, queue.events());
  }

  @Test
  void whatIsGatheredAndGivenUpIsReleasedAndAWaiterTold() {
    MemoryQueue queue = queue(1, 5, budget(1000));
    MemoryQueue.Partition partition = queue.partition(0);
    assertTrue(partition.acquire(600));
    AtomicInteger told = new AtomicInteger();
    queue.onSpace(told::incrementAndGet);
    partition.release(600);
    assertEquals(1, told.get());
    assertEquals(0, queue.bytes());
  }

  @Test
  void tellsOfTheFirstEventOnce() {
    MemoryQueue.Partition partition = partition(10);
    List<String> told = listen(partition, 100, 1 << 20);
    offer(partition, event());
    offer(partition, event());
    assertEquals(List.of("first"), told);
    take(partition, 10);
    offer(partition, event());
    assertEquals(List.of("first", "first"), told);
  }

  @Test
  void tellsOfABatchAtItsNumberOfEvents() {
    MemoryQueue.Partition partition = partition(10);
    List<String> told = listen(partition, 3, 1 << 20);
    fill(partition, 200);
    assertEquals(List.of("first", "batch"), told);
  }

  @Test
  void tellsOfABatchAtItsBytes() {
    MemoryQueue.Partition partition = partition(10);
    List<String> told = listen(partition, 100, 401);
    fill(partition, 200);
    assertEquals(List.of("first", "batch"), told);
  }

  @Test
  void aSingleEventCanBeABatch() {
    MemoryQueue.Partition partition = partition(10);
    List<String> told = listen(partition, 1, 1 << 20);
    offer(partition, event());
    assertEquals(List.of("batch"), told);
  }

  private static List<String> listen(MemoryQueue.Partition partition, int events, long bytes) {
    List<String> told = new ArrayList<>();
    partition.listen(() -> told.add("first"), () -> told.add("batch"), events, bytes);
    return told;
  }

  @Test
  void aWaiterIsToldOnceWhenABatchIsDone() {
    MemoryQueue queue = queue(1, 1, budget(1 << 20));
    MemoryQueue.Partition partition = queue.partition(0);
    fill(partition, 200);
    AtomicInteger told = new AtomicInteger();
    queue.onSpace(told::incrementAndGet);
    Batch batch = take(partition, 1);
    assertEquals(0, told.get());
    forward(batch);
    assertEquals(1, told.get());
    offer(partition, event());
    forward(take(partition, 1));
    assertEquals(1, told.get());
  }

  @Test
  void asManyWaitersAreToldAsEventsAreDoneFirstComeFirstServed() {
    MemoryQueue queue = queue(1, 3, budget(1 << 20));
    MemoryQueue.Partition partition = queue.partition(0);
    fill(partition, 200);
    List<Integer> told = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      int number = i;
      queue.onSpace(() -> told.add(number));
    }
    forward(take(partition, 2));
    assertEquals(List.of(0, 1), told);
    forward(take(partition, 1));
    assertEquals(List.of(0, 1, 2), told);
  }

  @Test
  void droppingTellsWaitersToo() {
    MemoryQueue queue = queue(1, 2, budget(1 << 20));
    MemoryQueue.Partition partition = queue.partition(0);
    fill(partition, 200);
    AtomicInteger told = new AtomicInteger();
    queue.onSpace(told::incrementAndGet);
    account.dropped("queue_full", partition.dropOldest(1).size());
    assertEquals(1, told.get());
  }

  /**
   * Who was told may need nothing any more, or leave much over: without this the others would wait
   * on.
   */
  @Test
  void aWakeUpThatLeavesSpaceIsPassedOn() {
    MemoryQueue queue = queue(1, 9, budget(1000));
    MemoryQueue.Partition partition = queue.partition(0);
    assertTrue(offer(partition, event(800)));
    List<String> served = new ArrayList<>();
    queue.onSpace(queue::wakeNext);
    for (String waiter : List.of("a", "b")) {
      queue.onSpace(
          () -> {
            if (offer(partition, event(200))) {
              served.add(waiter);
              queue.wakeNext();
            }
          });
    }
    forward(take(partition, 1));
    assertEquals(List.of("a", "b"), served);
    assertEquals(2, partition.events());
  }
}
