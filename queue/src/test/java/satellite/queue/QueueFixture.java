package satellite.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import satellite.queue.QueueConfig.WhenFull;

/**
 * Queues on one budget, with the account that a pipe would keep. After each test what is left is
 * taken and settled; then the account must balance and not a byte may be held.
 */
abstract class QueueFixture {

  private static final int OUT_OF_REACH = 1 << 20;

  final Account account = new Account();
  final CountedMemory memory = new CountedMemory();
  private final List<MemoryBudget> budgets = new ArrayList<>();
  private final List<MemoryQueue> queues = new ArrayList<>();
  private final Set<Batch> taken = new LinkedHashSet<>();
  private int serial;

  MemoryBudget budget(long maxBytes) {
    MemoryBudget budget = new MemoryBudget(maxBytes, memory);
    budgets.add(budget);
    return budget;
  }

  MemoryQueue queue(int partitions, int maxEvents, MemoryBudget budget) {
    MemoryQueue queue =
        new MemoryQueue(
            new QueueConfig(partitions, maxEvents, Duration.ZERO, WhenFull.REFUSE), budget);
    queues.add(queue);
    return queue;
  }

  /** One partition, bounded in events only. */
  MemoryQueue.Partition partition(int maxEvents) {
    return queue(1, maxEvents, budget(OUT_OF_REACH)).partition(0);
  }

  /** An event of so many bytes, as it is charged; its key is its number. */
  Event event(int bytes) {
    byte[][] parts = {new byte[bytes - Event.OVERHEAD_BYTES]};
    return new Event("/a/B", Integer.toString(serial++), null, new byte[0], parts, 1, serial);
  }

  Event event() {
    return event(200);
  }

  boolean offer(MemoryQueue.Partition partition, Event event) {
    boolean accepted = partition.offer(event);
    if (accepted) {
      account.received(event.messages(), event.payloadBytes());
    } else {
      account.refused("queue_full", event.messages());
    }
    return accepted;
  }

  /** How many events of this size find space. */
  int fill(MemoryQueue.Partition partition, int bytes) {
    int accepted = 0;
    while (offer(partition, event(bytes))) {
      accepted++;
    }
    return accepted;
  }

  Batch take(MemoryQueue.Partition partition, int maxEvents) {
    return take(partition, maxEvents, Long.MAX_VALUE);
  }

  Batch take(MemoryQueue.Partition partition, int maxEvents, long maxBytes) {
    return own(new Batch(partition, partition.poll(maxEvents, maxBytes)));
  }

  Batch own(Batch batch) {
    taken.add(batch);
    return batch;
  }

  /** Of a batch that others replace. */
  void disown(Batch batch) {
    taken.remove(batch);
  }

  void forward(Batch batch) {
    disown(batch);
    account.forwarded(batch.messages());
    batch.done();
  }

  static List<String> keys(List<Event> events) {
    return events.stream().map(Event::key).toList();
  }

  @AfterEach
  void accountBalancesAndNothingIsHeld() {
    assertEquals(
        queues.stream().mapToInt(MemoryQueue::events).sum(),
        queues.stream().flatMap(q -> q.partitions().stream()).mapToInt(p -> p.waiting()).sum()
            + taken.stream().mapToInt(batch -> batch.events().size()).sum(),
        "held = waiting + in flight");
    List.copyOf(taken).forEach(this::forward);
    for (MemoryQueue queue : queues) {
      for (MemoryQueue.Partition partition : queue.partitions()) {
        forward(take(partition, Integer.MAX_VALUE));
        assertEquals(0, partition.events());
        assertEquals(0, partition.waiting());
        assertEquals(0, partition.waitingBytes());
      }
      assertEquals(0, queue.bytes());
    }
    budgets.forEach(budget -> assertEquals(0, budget.usedBytes()));
    assertEquals(0, account.outstanding(), account::toString);
    assertTrue(taken.isEmpty());
    memory.assertAllIsGivenBack();
  }
}
