package satellite.bench;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import satellite.queue.Batch;
import satellite.queue.Event;
import satellite.queue.MemoryBudget;
import satellite.queue.MemoryQueue;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;

/**
 * Offer, poll and settle. Whoever's offer fills a batch takes it and settles it, so that the queue
 * neither runs full nor empty and an operation is one event's whole way. Two producers meet in the
 * counters and, as one partition, in its list; a batch is taken by one of them at a time.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class QueueBenchmark {

  private static final byte[] NOTHING = {};
  private static final int BATCH_EVENTS = 200;
  private static final long BATCH_BYTES = 1 << 20;

  private final MemoryBudget budget = new MemoryBudget(1L << 30);
  private final MemoryQueue queue =
      new MemoryQueue(new QueueConfig(1, 1 << 20, Duration.ZERO, WhenFull.REFUSE), budget);
  private final MemoryQueue.Partition partition = queue.partition(0);
  private byte[] message;

  @Setup(Level.Trial)
  public void fill() {
    message = Messages.log();
    partition.listen(() -> {}, this::takeBatch, BATCH_EVENTS, BATCH_BYTES);
  }

  /** The partition's listener: as the dispatcher, one at a time. */
  private synchronized void takeBatch() {
    List<Event> events;
    do {
      events = partition.poll(BATCH_EVENTS, BATCH_BYTES);
      new Batch(partition, events).done();
    } while (partition.waiting() >= BATCH_EVENTS);
  }

  @Benchmark
  public boolean oneProducer() {
    return offer();
  }

  @Benchmark
  @Threads(2)
  public boolean twoProducers() {
    return offer();
  }

  private boolean offer() {
    byte[][] parts = {message};
    return partition.offer(new Event("/a/B", null, "group", NOTHING, parts, 1, 0));
  }

  /** Events accepted and not settled. */
  public int events() {
    return queue.events();
  }
}
