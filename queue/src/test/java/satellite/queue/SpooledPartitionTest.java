package satellite.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import satellite.queue.QueueConfig.WhenFull;

/** Which events a partition hands to its spool, with a spool that only notes what it is told. */
class SpooledPartitionTest {

  /** Takes all, and does nothing with it. */
  private static final class RecordingSpool implements Spool {
    final List<Event> added = new ArrayList<>();
    final List<Event> kept = new ArrayList<>();
    boolean accepts = true;
    boolean keeps = true;
    int space;
    Memory memory;

    @Override
    public boolean accepts() {
      return accepts;
    }

    @Override
    public long unread() {
      return added.size();
    }

    @Override
    public void add(Event event) {
      added.add(event);
    }

    @Override
    public void memoryFreed() {
      space++;
    }

    @Override
    public boolean persist(List<Event> events) {
      return keeps && kept.addAll(events);
    }
  }

  private final RecordingSpool spool = new RecordingSpool();
  private final MemoryBudget budget = new MemoryBudget(1000);

  private MemoryQueue.Partition partition(int maxEvents, Acknowledgement acknowledgement) {
    QueueConfig config =
        new QueueConfig(
            1,
            maxEvents,
            Duration.ZERO,
            WhenFull.DROP_OLDEST,
            acknowledgement,
            Duration.ofMinutes(1));
    SpoolFactory spools =
        (pipe, index, queue, account, memory) -> {
          spool.memory = memory;
          return spool;
        };
    return new MemoryQueue(config, budget, spools, "logs", new Account()).partition(0);
  }

  private static Event event(int bytes) {
    byte[][] parts = {new byte[bytes - Event.OVERHEAD_BYTES]};
    return new Event("/a/B", null, null, new byte[0], parts, 1, 0);
  }

  @Test
  void spillsWhenHalfOfTheMemoryIsHeldAndNotBefore() {
    MemoryQueue.Partition partition = partition(100, Acknowledgement.QUEUED);
    assertTrue(partition.offer(event(250)));
    assertTrue(partition.offer(event(250)));
    assertEquals(0, spool.added.size());
    assertTrue(partition.offer(event(250)));
    assertEquals(1, spool.added.size());
    assertFalse(partition.offer(event(250)), "what waits to be written is held too");
    assertEquals(750, budget.usedBytes());
  }

  @Test
  void spillsWhenHalfOfItsEventsAreHeld() {
    MemoryQueue.Partition partition = partition(4, Acknowledgement.QUEUED);
    for (int i = 0; i < 3; i++) {
      assertTrue(partition.offer(event(161)));
    }
    assertEquals(2, partition.events());
    assertEquals(1, spool.added.size());
  }

  @Test
  void nothingOvertakesWhatIsUnread() {
    MemoryQueue.Partition partition = partition(100, Acknowledgement.QUEUED);
    spool.added.add(event(200));
    assertTrue(partition.offer(event(200)));
    assertEquals(2, spool.added.size());
    assertEquals(0, partition.waiting());
  }

  @Test
  void allIsInMemoryWhileTheDiskTakesNothing() {
    MemoryQueue.Partition partition = partition(100, Acknowledgement.QUEUED);
    spool.accepts = false;
    for (int i = 0; i < 4; i++) {
      assertTrue(partition.offer(event(200)));
    }
    assertEquals(4, partition.waiting());
  }

  @Test
  void whatIsDurableAlwaysGoesToDiskAndIsRefusedWithoutOne() {
    MemoryQueue.Partition partition = partition(100, Acknowledgement.DURABLE);
    assertTrue(partition.offer(event(200)));
    assertEquals(1, spool.added.size());
    spool.accepts = false;
    assertTrue(partition.diskRefuses());
    assertFalse(partition.offer(event(200)));
    assertEquals(List.of(), partition.dropOldest(200), "it would not help");
  }

  @Test
  void whatIsWrittenFreesItsMemory() {
    MemoryQueue.Partition partition = partition(100, Acknowledgement.DURABLE);
    partition.offer(event(300));
    spool.memory.written(1, 300);
    assertEquals(0, budget.usedBytes());
    assertEquals(0, partition.events());
  }

  @Test
  void whatGoesOnIsChargedOnceAndSettledOnce() {
    MemoryQueue.Partition partition = partition(100, Acknowledgement.DURABLE);
    partition.offer(event(300));
    List<String> told = new ArrayList<>();
    spool.memory.enqueueDirectly(spool.added.get(0).onDisk(() -> told.add("settled")));
    assertEquals(300, budget.usedBytes());
    new Batch(partition, partition.poll(1, 1000)).done();
    assertEquals(List.of("settled"), told);
    assertEquals(0, budget.usedBytes());
    assertEquals(1, spool.space);
  }

  @Test
  void whatComesBackLeavesHalfOfTheMemory() {
    MemoryQueue.Partition partition = partition(100, Acknowledgement.QUEUED);
    assertTrue(spool.memory.tryReserve(400));
    assertTrue(spool.memory.tryReserve(100));
    assertFalse(spool.memory.tryReserve(1));
    spool.memory.release(500);
    assertEquals(0, budget.usedBytes());
    assertTrue(spool.memory.tryReserve(5000), "else it would never come back");
    spool.memory.release(5000);
    assertEquals(0, partition.events());
  }

  @Test
  void whatWaitsToBeWrittenDoesNotKeepOthersFromComingBack() {
    MemoryQueue.Partition partition = partition(100, Acknowledgement.DURABLE);
    assertTrue(partition.offer(event(700)));
    assertTrue(spool.memory.tryReserve(300));
    assertFalse(spool.memory.tryReserve(300), "there are no more than 1000");
  }

  @Test
  void whatIsDroppedIsSettled() {
    MemoryQueue.Partition partition = partition(100, Acknowledgement.QUEUED);
    List<String> told = new ArrayList<>();
    partition.put(event(200).onDisk(() -> told.add("settled")));
    partition.dropOldest(1);
    assertEquals(List.of("settled"), told);
  }

  @Test
  void whatIsKeptIsHeldNoLongerAndChargedUntilItIsWritten() {
    MemoryQueue.Partition partition = partition(100, Acknowledgement.QUEUED);
    partition.offer(event(200));
    List<Event> events = partition.poll(1, 1000);
    spool.keeps = false;
    assertFalse(partition.persist(events));
    assertEquals(1, partition.events());
    spool.keeps = true;
    assertTrue(partition.persist(events));
    assertEquals(events, spool.kept);
    assertEquals(0, partition.events());
    assertEquals(200, budget.usedBytes());
    spool.memory.written(1, 200);
    assertEquals(0, budget.usedBytes());
  }

  @Test
  void theHalvesOfAnEventAreAcknowledgedAndSettledAsOne() {
    List<String> told = new ArrayList<>();
    Receipt receipt =
        new Receipt() {
          @Override
          public void acknowledged() {
            told.add("acknowledged");
          }

          @Override
          public void failed(String reason, String detail) {
            told.add(reason + ": " + detail);
          }
        };
    byte[][] parts = {{1}, {2}, {3}};
    Event.Split good =
        new Event.Split(new Event("/a/B", null, null, new byte[0], parts, 3, 0, receipt));
    Event first = good.half(0, 1);
    Event second = good.half(1, 3);
    second.receipt().acknowledged();
    assertEquals(List.of(), told);
    first.receipt().acknowledged();
    assertEquals(List.of("acknowledged"), told);
    Event.Split bad =
        new Event.Split(new Event("/a/B", null, null, new byte[0], parts, 3, 0, receipt));
    bad.half(0, 1).receipt().failed("unknown", "no");
    bad.half(1, 3).receipt().acknowledged();
    assertEquals(List.of("acknowledged", "unknown: no"), told);
    Event.Split onDisk =
        new Event.Split(
            new Event("/a/B", null, null, new byte[0], parts, 3, 0)
                .onDisk(() -> told.add("settled")));
    onDisk.half(0, 1).settled();
    assertEquals(2, told.size());
    onDisk.half(1, 3).settled();
    assertEquals("settled", told.get(2));
  }
}
