package satellite.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import satellite.queue.Account;
import satellite.queue.Acknowledgement;
import satellite.queue.Batch;
import satellite.queue.DiskConfig;
import satellite.queue.Event;
import satellite.queue.MemoryBudget;
import satellite.queue.MemoryQueue;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;
import satellite.queue.disk.DataFolder;

/**
 * An outage: events are offered and nobody takes them, then all are taken and settled. In memory
 * there is room for all; else most go to disk and come back.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "-Xmx512m")
public class SpillBenchmark {

  public static final int EVENTS = 50_000;

  private static final byte[] NOTHING = {};
  private static final int BATCH_EVENTS = 200;
  private static final long BATCH_BYTES = 1 << 20;
  private static final long WAIT_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

  /** What the queue has beside its memory. */
  public enum Storage {
    MEMORY(Acknowledgement.QUEUED, 1 << 30),
    SPILL(Acknowledgement.QUEUED, 8 << 20),
    DURABLE(Acknowledgement.DURABLE, 8 << 20);

    private final Acknowledgement acknowledgement;
    private final long memoryBytes;

    Storage(Acknowledgement acknowledgement, long memoryBytes) {
      this.acknowledgement = acknowledgement;
      this.memoryBytes = memoryBytes;
    }
  }

  @Param public Storage storage;

  private final Account account = new Account();
  private byte[] message;
  private Path directory;
  private ScheduledThreadPoolExecutor thread;
  private DataFolder folder;
  private MemoryQueue.Partition partition;

  @Setup(Level.Trial)
  public void open() throws IOException {
    message = Messages.log();
    QueueConfig config =
        new QueueConfig(
            1,
            1 << 20,
            Duration.ZERO,
            WhenFull.REFUSE,
            storage.acknowledgement,
            Duration.ofMinutes(1));
    MemoryBudget memory = new MemoryBudget(storage.memoryBytes);
    if (storage == Storage.MEMORY) {
      partition = new MemoryQueue(config, memory).partition(0);
      return;
    }
    directory = Files.createTempDirectory("spill");
    Duration second = Duration.ofSeconds(1);
    thread = new ScheduledThreadPoolExecutor(1);
    folder =
        new DataFolder(
            new DiskConfig(directory, 1 << 30, 4 << 20, second, 0, second),
            thread,
            System::nanoTime,
            System::currentTimeMillis);
    partition = new MemoryQueue(config, memory, folder, "logs", account).partition(0);
    folder.open();
    folder.recover();
  }

  /** Nanoseconds of one event's whole way. */
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public long outage() {
    for (int i = 0; i < EVENTS; i++) {
      byte[][] parts = {message};
      Event event = new Event("/a/B", null, "group", NOTHING, parts, 1, 0);
      while (!partition.offer(event)) {
        LockSupport.parkNanos(WAIT_NANOS);
      }
    }
    long onDisk = account.spilled();
    for (int taken = 0; taken < EVENTS; ) {
      List<Event> events = partition.poll(BATCH_EVENTS, BATCH_BYTES);
      if (events.isEmpty()) {
        LockSupport.parkNanos(WAIT_NANOS);
        continue;
      }
      new Batch(partition, events).done();
      taken += events.size();
    }
    return onDisk;
  }

  /** Events accepted and not settled. */
  public long events() {
    return partition.events() + account.spilled();
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    if (folder == null) {
      return;
    }
    folder.close();
    thread.shutdownNow();
    try (Stream<Path> left = Files.walk(directory)) {
      left.sorted(Comparator.reverseOrder()).forEach(SpillBenchmark::delete);
    }
  }

  private static void delete(Path path) {
    try {
      Files.delete(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
