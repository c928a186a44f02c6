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
import satellite.queue.DiskConfig;
import satellite.queue.Event;
import satellite.queue.MemoryBudget;
import satellite.queue.MemoryQueue;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;
import satellite.queue.Receipt;

/**
 * One life of a Satellite on a data folder: a pipe's queue, its books, and a disk thread that the
 * test turns. It may end by {@link #close}, or just not be used any more, as if it were killed.
 */
final class Life {

  /** What a life is given; the defaults are small, so that a few events are a full memory. */
  record Shape(
      int partitions,
      int maxEvents,
      long memoryBytes,
      long diskBytes,
      int segmentBytes,
      WhenFull whenFull,
      Acknowledgement acknowledgement) {

    static final Shape QUEUED =
        new Shape(
            1, 1_000_000, 400_000, 10_000_000, 100_000, WhenFull.REFUSE, Acknowledgement.QUEUED);
    static final Shape DURABLE = QUEUED.with(Acknowledgement.DURABLE);

    Shape with(Acknowledgement other) {
      return new Shape(
          partitions, maxEvents, memoryBytes, diskBytes, segmentBytes, whenFull, other);
    }

    Shape with(WhenFull other) {
      return new Shape(
          partitions, maxEvents, memoryBytes, diskBytes, segmentBytes, other, acknowledgement);
    }

    Shape partitions(int other) {
      return new Shape(
          other, maxEvents, memoryBytes, diskBytes, segmentBytes, whenFull, acknowledgement);
    }

    Shape memory(long other) {
      return new Shape(
          partitions, maxEvents, other, diskBytes, segmentBytes, whenFull, acknowledgement);
    }

    Shape disk(long bytes, int segment) {
      return new Shape(
          partitions, maxEvents, memoryBytes, bytes, segment, whenFull, acknowledgement);
    }
  }

  /** Smaller than most blocks, so that these pass it by pieces. */
  private static final int BUFFER_BYTES = 8 << 10;

  final ByHand time;
  final Account account = new Account();
  final MemoryBudget memory;
  final DataFolder folder;
  final MemoryQueue queue;

  /** Keys of the events whose receipt said that they are safe. */
  final Set<String> acknowledged = new LinkedHashSet<>();

  /** What the receipts of the others said. */
  final List<String> failed = new ArrayList<>();

  /** In flight. */
  final List<Batch> taken = new ArrayList<>();

  Life(Path path, Shape shape, Disk disk) {
    this(path, shape, disk, new ByHand());
  }

  /** What was there is found and counted, but nothing is taken yet. */
  Life(Path path, Shape shape, Disk disk, ByHand time) {
    this(path, shape, disk, time, true);
  }

  /** What was there waits until the test turns the disk thread. */
  static Life notYetRecovered(Path path, Shape shape) {
    return new Life(path, shape, Disk.REAL, new ByHand(), false);
  }

  private Life(Path path, Shape shape, Disk disk, ByHand time, boolean recovered) {
    this.time = time;
    this.memory = new MemoryBudget(shape.memoryBytes);
    DiskConfig config =
        new DiskConfig(
            path,
            shape.diskBytes,
            shape.segmentBytes,
            Duration.ofSeconds(1),
            1 << 20,
            Duration.ofDays(1));
    this.folder = new DataFolder(config, disk, time, time.clock(), BUFFER_BYTES);
    folder.open();
    QueueConfig queueConfig =
        new QueueConfig(
            shape.partitions,
            shape.maxEvents,
            Duration.ZERO,
            shape.whenFull,
            shape.acknowledgement,
            Duration.ofMinutes(1));
    this.queue = new MemoryQueue(queueConfig, memory, folder, "logs", account);
    folder.recover();
    if (recovered) {
      time.run();
    }
  }

  /** Of so many bytes, as memory counts them; it waits for a receipt. */
  Event event(String key, int bytes) {
    byte[][] parts = {new byte[bytes - Event.OVERHEAD_BYTES]};
    return new Event("/a/B", key, null, new byte[0], parts, 1, time.nanos(), receipt(key));
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
      queue.partition(0).keep(batch.reopen());
    }
    for (MemoryQueue.Partition partition : queue.partitions()) {
      partition.keep(partition.poll(Integer.MAX_VALUE, Long.MAX_VALUE));
    }
    time.run();
    folder.close();
  }

  /** Whatever became of the messages, each is in one place. */
  void booksBalance() {
    long inMemory =
        queue.partitions().stream().mapToInt(MemoryQueue.Partition::waiting).sum()
            + taken.stream().mapToInt(batch -> batch.events().size()).sum();
    assertEquals(inMemory, account.queued(), account::toString);
  }
}
