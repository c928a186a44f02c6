package satellite.queue.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import satellite.queue.Account;
import satellite.queue.Acknowledgement;
import satellite.queue.Batch;
import satellite.queue.CountedMemory;
import satellite.queue.DiskConfig;
import satellite.queue.Event;
import satellite.queue.MemoryBudget;
import satellite.queue.MemoryQueue;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;
import satellite.queue.Receipt;

/**
 * One process on a data folder: a pipe's queue, its account, and a disk thread that the test turns.
 * It may end by {@link #close}, or just not be used any more, as if it were killed.
 */
final class TestProcess {

  /** What a process is given; the defaults are small, so that a few events are a full memory. */
  record Settings(
      int partitions,
      int maxEvents,
      long memoryBytes,
      long diskBytes,
      int segmentBytes,
      WhenFull whenFull,
      Acknowledgement acknowledgement) {

    static final Settings QUEUED =
        new Settings(
            1, 1_000_000, 400_000, 10_000_000, 100_000, WhenFull.REFUSE, Acknowledgement.QUEUED);
    static final Settings DURABLE = QUEUED.with(Acknowledgement.DURABLE);

    Settings with(Acknowledgement other) {
      return new Settings(
          partitions, maxEvents, memoryBytes, diskBytes, segmentBytes, whenFull, other);
    }

    Settings with(WhenFull other) {
      return new Settings(
          partitions, maxEvents, memoryBytes, diskBytes, segmentBytes, other, acknowledgement);
    }

    Settings partitions(int other) {
      return new Settings(
          other, maxEvents, memoryBytes, diskBytes, segmentBytes, whenFull, acknowledgement);
    }

    Settings memory(long other) {
      return new Settings(
          partitions, maxEvents, other, diskBytes, segmentBytes, whenFull, acknowledgement);
    }

    Settings disk(long bytes, int segment) {
      return new Settings(
          partitions, maxEvents, memoryBytes, bytes, segment, whenFull, acknowledgement);
    }
  }

  /** Smaller than most blocks, so that these pass it by pieces. */
  private static final int BUFFER_BYTES = 8 << 10;

  final ManualDiskThread time;
  final Account account = new Account();
  private final CountedMemory blocks = new CountedMemory();
  final MemoryBudget memory;
  final DataFolder folder;
  final MemoryQueue queue;

  /** Keys of the events whose receipt said that they are safe. */
  final Set<String> acknowledged = new LinkedHashSet<>();

  /** What the receipts of the others said. */
  final List<String> failed = new ArrayList<>();

  /** In flight. */
  final List<Batch> taken = new ArrayList<>();

  TestProcess(Path path, Settings settings, Disk disk) {
    this(path, settings, disk, new ManualDiskThread());
  }

  /** What was there is found and counted, but nothing is taken yet. */
  TestProcess(Path path, Settings settings, Disk disk, ManualDiskThread time) {
    this(path, settings, disk, time, true);
  }

  /** What was there waits until the test turns the disk thread. */
  static TestProcess notYetRecovered(Path path, Settings settings) {
    return new TestProcess(path, settings, Disk.REAL, new ManualDiskThread(), false);
  }

  private TestProcess(
      Path path, Settings settings, Disk disk, ManualDiskThread time, boolean recovered) {
    this.time = time;
    this.memory = new MemoryBudget(settings.memoryBytes, blocks);
    DiskConfig config =
        new DiskConfig(
            path,
            settings.diskBytes,
            settings.segmentBytes,
            Duration.ofSeconds(1),
            1 << 20,
            Duration.ofDays(1));
    this.folder = new DataFolder(config, disk, time, time.clock(), BUFFER_BYTES);
    folder.open();
    QueueConfig queueConfig =
        new QueueConfig(
            settings.partitions,
            settings.maxEvents,
            Duration.ZERO,
            settings.whenFull,
            settings.acknowledgement,
            Duration.ofMinutes(1));
    this.queue = new MemoryQueue(queueConfig, memory, folder, "logs", account);
    folder.recover();
    if (recovered) {
      time.run();
    }
  }

  /** Of so many bytes, as memory counts them; it waits for a receipt. */
  Event event(String key, int bytes) {
    return event(key, bytes, new byte[0]);
  }

  Event event(String key, int bytes, byte[] context) {
    byte[][] parts = {new byte[bytes - Event.OVERHEAD_BYTES - context.length]};
    return new Event("/a/B", key, null, context, parts, 1, time.nanos(), receipt(key));
  }

  Receipt receipt(String key) {
    return new Receipt() {
      @Override
      public void acknowledged() {
        acknowledged.add(key);
      }

      @Override
      public void failed(String reason, String detail) {
        failed.add(key + " " + reason);
      }
    };
  }

  boolean offer(Event event) {
    return offer(0, event);
  }

  boolean offer(int source, Event event) {
    boolean accepted = queue.partition(source).offer(event);
    if (accepted) {
      account.received(event.messages(), event.payloadBytes());
    } else {
      account.refused("queue_full", event.messages());
    }
    return accepted;
  }

  /** Numbered from {@code first} on, of 1000 bytes each; the disk may work in between. */
  void offer(int first, int count) {
    for (int i = first; i < first + count; i++) {
      assertTrue(offer(event("" + i, 1000)), "accepted");
      time.run();
    }
    time.pass(Duration.ofMillis(10));
  }

  /** Takes what is in memory; it is in flight then. */
  List<Event> take() {
    List<Event> all = new ArrayList<>();
    for (MemoryQueue.Partition partition : queue.partitions()) {
      List<Event> events = partition.poll(Integer.MAX_VALUE, Long.MAX_VALUE);
      if (!events.isEmpty()) {
        taken.add(new Batch(partition, events));
        all.addAll(events);
      }
    }
    return all;
  }

  /** What is in flight has arrived. */
  void forward() {
    for (Batch batch : taken) {
      account.forwarded(batch.messages());
      batch.done();
    }
    taken.clear();
    time.run();
  }

  /** Takes and forwards until nothing comes any more; the keys in the order in which they came. */
  List<String> drain() {
    List<String> keys = new ArrayList<>();
    List<Event> events;
    do {
      time.pass(Duration.ofMillis(200));
      events = take();
      events.forEach(event -> keys.add(event.key()));
      forward();
    } while (!events.isEmpty());
    return keys;
  }

  /** An orderly end: what is in memory is kept. */
  void close() {
    List<Batch> inFlight = List.copyOf(taken);
    taken.clear();
    for (Batch batch : inFlight) {
      queue.partition(0).persist(batch.unbatch());
    }
    for (MemoryQueue.Partition partition : queue.partitions()) {
      partition.persist(partition.poll(Integer.MAX_VALUE, Long.MAX_VALUE));
    }
    time.run();
    folder.close();
    memoryIsGivenBack();
  }

  private void memoryIsGivenBack() {
    if (memory.usedBytes() == 0) {
      blocks.assertAllIsGivenBack();
    }
  }

  /** Whatever became of the messages, each is in one place. */
  void accountBalances() {
    long inMemory =
        queue.partitions().stream().mapToInt(MemoryQueue.Partition::waiting).sum()
            + taken.stream().mapToInt(batch -> batch.events().size()).sum();
    assertEquals(inMemory, account.queued(), account::toString);
    memoryIsGivenBack();
  }
}
