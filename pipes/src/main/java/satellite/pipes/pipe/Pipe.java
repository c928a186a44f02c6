package satellite.pipes.pipe;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import satellite.queue.Account;
import satellite.queue.Acknowledgement;
import satellite.queue.Event;
import satellite.queue.MemoryQueue;
import satellite.routing.Connection;
import satellite.routing.Router;
import satellite.routing.StickyRouting;

/**
 * One entry of {@code pipes[]}: what is accepted goes into its queue; its dispatchers, one per
 * partition, take it out in batches and hand these to its forwarder. It knows neither who brings
 * events nor how they are sent.
 */
public final class Pipe {

  private final PipeConfig config;
  private final Account account = new Account();
  private final Settlement settlement;
  private final MemoryQueue queue;
  private final StickyRouting<?> fixed;
  private final List<Dispatcher<?>> dispatchers = new ArrayList<>();
  private final PipeMetrics metrics;
  private final LongSupplier nanoTime;
  private final AtomicInteger sources = new AtomicInteger();
  private final AtomicInteger openStreams = new AtomicInteger();
  private final LongAdder endedStreams = new LongAdder();

  /**
   * @param config of a pipe that has a queue
   * @param router to the nodes that {@code forwarder} sends to
   * @param storage the memory that pipes share, and what they may keep beside it
   */
  public <C extends Connection> Pipe(
      PipeConfig config,
      Router<C> router,
      Forwarder<C> forwarder,
      Storage storage,
      PipeMetrics metrics,
      ScheduledExecutorService pool,
      LongSupplier nanoTime) {
    this.config = config;
    this.metrics = metrics;
    this.nanoTime = nanoTime;
    if (config.queue().acknowledgement() == Acknowledgement.DURABLE && storage.spools() == null) {
      throw new IllegalArgumentException("pipe " + config.name() + " is durable, without a disk");
    }
    // A sender that waits for OAP's own answer persists the message itself.
    boolean mayGoToDisk = config.queue().acknowledgement() != Acknowledgement.DELIVERED;
    this.queue =
        new MemoryQueue(
            config.queue(),
            storage.memory(),
            mayGoToDisk ? storage.spools() : null,
            config.name(),
            account);
    this.settlement = new Settlement(config, account, storage.deadLetters(), nanoTime);
    PipeConfig.Routing routing =
        config.routing().cacheSize() > 0 ? config.routing() : PipeConfig.Routing.DEFAULT;
    StickyRouting<C> fixed =
        new StickyRouting<>(router, routing.cacheSize(), routing.cacheTtl(), nanoTime);
    this.fixed = fixed;
    Egress<C> egress = new Egress<>(router, fixed, forwarder);
    for (MemoryQueue.Partition partition : queue.partitions()) {
      Dispatcher<C> dispatcher =
          new Dispatcher<>(
              partition,
              config,
              egress,
              settlement,
              pool,
              nanoTime,
              () -> ThreadLocalRandom.current().nextDouble());
      dispatchers.add(dispatcher);
      router.onChange(dispatcher::wake);
    }
  }

  /** For one source of events, such as a stream: what has no key stays in order. Any thread. */
  public Intake intake() {
    return new Intake(queue, account, settlement, sources.getAndIncrement());
  }

  public PipeConfig config() {
    return config;
  }

  public Account account() {
    return account;
  }

  public MemoryQueue queue() {
    return queue;
  }

  public PipeMetrics metrics() {
    return metrics;
  }

  /** The clock that ages of its events are told by: {@link System#nanoTime}, or a test's. */
  public LongSupplier clock() {
    return nanoTime;
  }

  public StickyRouting<?> stickyRouting() {
    return fixed;
  }

  /** A client has opened a stream into this pipe. */
  public void streamOpened() {
    openStreams.incrementAndGet();
  }

  /** It is answered, or gone, or waits for its answer only. */
  public void streamClosed() {
    openStreams.decrementAndGet();
  }

  /** It was ended by Satellite: for its age, or because its connection is drained. */
  public void streamEnded() {
    endedStreams.increment();
  }

  /** Streams that clients keep open. */
  public int openStreams() {
    return openStreams.get();
  }

  /** Streams that were ended for their age, or because their connection is drained. */
  public long endedStreams() {
    return endedStreams.sum();
  }

  /** Sends what is queued, whatever its age, and from now on at once. */
  public void flush() {
    dispatchers.forEach(Dispatcher::flush);
  }

  /** Gives up what is still queued, counted as dropped. */
  public void abandon() {
    dispatchers.forEach(Dispatcher::abandon);
  }

  /**
   * The same, except that it goes to disk for the next start, where there is a disk: in order, so
   * only when the calls under way have ended. Break them off after this.
   */
  public void persist() {
    // At once: nothing comes back from disk any more.
    queue.partitions().forEach(partition -> partition.persist(List.of()));
    dispatchers.forEach(Dispatcher::persist);
  }

  /**
   * Takes an event of one of its methods in again, such as a dead letter; nobody is told what
   * becomes of it. False when there is no space; then nothing was taken. Any thread.
   */
  public boolean recover(Event event) {
    int source = event.key() == null ? sources.getAndIncrement() : event.key().hashCode();
    if (!queue.partition(source).offer(event)) {
      return false;
    }
    account.recovered(event.messages());
    return true;
  }

  /** Nothing is in memory, gathered or under way, to a node or to disk. What is on disk may be. */
  public boolean isEmpty() {
    return queue.events() == 0 && queue.bytes() == 0;
  }

  /** The same, and nothing is on disk: all that was accepted has ended. */
  public boolean isFlushed() {
    return isEmpty() && account.spilled() == 0;
  }
}
