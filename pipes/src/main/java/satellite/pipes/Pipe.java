package satellite.pipes;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import satellite.queue.Account;
import satellite.queue.Acknowledgement;
import satellite.queue.Event;
import satellite.queue.MemoryBudget;
import satellite.queue.MemoryQueue;
import satellite.routing.Connection;
import satellite.routing.FixedRouting;
import satellite.routing.Router;

/**
 * One entry of {@code pipes[]}: its receivers put events into its queue, its dispatchers, one per
 * partition, take them out in batches and hand them to its forwarder.
 */
public final class Pipe {

  private final PipeConfig config;
  private final Account account = new Account();
  private final Settlement settlement;
  private final MemoryQueue queue;
  private final FixedRouting<?> fixed;
  private final List<Dispatcher<?>> dispatchers = new ArrayList<>();
  private final List<Receiver> receivers = new ArrayList<>();
  private final PipeMetrics metrics;
  private final LongSupplier nanoTime;
  private final AtomicInteger recovered = new AtomicInteger();

  /**
   * To OAP nodes.
   *
   * @param config of a pipe that has a queue
   * @param storage what it may keep beside its memory
   */
  public Pipe(
      PipeConfig config,
      MemoryBudget memory,
      Router<GrpcConnection> router,
      ClientConfig client,
      PipeMetrics metrics,
      Storage storage,
      ScheduledExecutorService pool,
      LongSupplier nanoTime) {
    this(
        config,
        memory,
        router,
        new GrpcForwarder(client, metrics, nanoTime),
        metrics,
        storage,
        pool,
        nanoTime);
  }

  /**
   * Into a Kafka cluster.
   *
   * @param config of a pipe that has a queue and a Kafka forwarder
   * @param storage what it may keep beside its memory
   */
  public Pipe(
      PipeConfig config,
      MemoryBudget memory,
      Router<KafkaConnection> router,
      KafkaConfig kafka,
      PipeMetrics metrics,
      Storage storage,
      ScheduledExecutorService pool,
      LongSupplier nanoTime) {
    this(
        config,
        memory,
        router,
        new KafkaForwarder(kafka, config, metrics, nanoTime),
        metrics,
        storage,
        pool,
        nanoTime);
  }

  private <C extends Connection> Pipe(
      PipeConfig config,
      MemoryBudget memory,
      Router<C> router,
      Forwarder<C> forwarder,
      PipeMetrics metrics,
      Storage storage,
      ScheduledExecutorService pool,
      LongSupplier nanoTime) {
    this.config = config;
    this.metrics = metrics;
    this.nanoTime = nanoTime;
    if (config.queue().acknowledgement() == Acknowledgement.DURABLE && storage.spools() == null) {
      throw new IllegalArgumentException("pipe " + config.name() + " is durable, without a disk");
    }
    // A sender that waits for OAP's own answer keeps the message itself.
    boolean mayGoToDisk = config.queue().acknowledgement() != Acknowledgement.DELIVERED;
    this.queue =
        new MemoryQueue(
            config.queue(), memory, mayGoToDisk ? storage.spools() : null, config.name(), account);
    this.settlement = new Settlement(config, account, storage.deadLetters(), nanoTime);
    PipeConfig.Routing routing =
        config.routing().cacheSize() > 0 ? config.routing() : PipeConfig.Routing.DEFAULT;
    FixedRouting<C> fixed =
        new FixedRouting<>(router, routing.cacheSize(), routing.cacheTtl(), nanoTime);
    this.fixed = fixed;
    for (MemoryQueue.Partition partition : queue.partitions()) {
      Dispatcher<C> dispatcher =
          new Dispatcher<>(
              partition,
              config,
              router,
              fixed,
              forwarder,
              settlement,
              pool,
              nanoTime,
              () -> ThreadLocalRandom.current().nextDouble());
      dispatchers.add(dispatcher);
      router.onChange(dispatcher::wake);
    }
  }

  /** What it cannot send on is passed through one to one. */
  boolean takes(Protocol protocol) {
    return config.kafka() == null || protocol.kafka() != null;
  }

  Receiver receiver(Protocol protocol, Transport transport, Quota quota) {
    Receiver receiver =
        new Receiver(
            protocol, config, queue, account, settlement, metrics, transport, quota, nanoTime);
    receivers.add(receiver);
    return receiver;
  }

  /** For senders that hand over a whole report at once; any number of them. */
  public ReportReceiver reports(Protocol protocol) {
    return new ReportReceiver(protocol, config, queue, account, nanoTime);
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

  public FixedRouting<?> fixedRouting() {
    return fixed;
  }

  /** Streams that clients keep open. */
  public int openStreams() {
    return receivers.stream().mapToInt(Receiver::openStreams).sum();
  }

  void openCalls(Consumer<Receiver.OpenCall> each) {
    receivers.forEach(receiver -> receiver.openCalls(each));
  }

  /** Streams that were ended for their age, or because their connection was told to go. */
  public long endedStreams() {
    return receivers.stream().mapToLong(Receiver::endedStreams).sum();
  }

  /**
   * Ends the clients' streams; what they sent is queued. Where clients wait for OAP's answer, what
   * they wait for leaves now.
   */
  void endStreams() {
    receivers.forEach(Receiver::endStreams);
    if (config.queue().acknowledgement() == Acknowledgement.DELIVERED) {
      flush();
    }
  }

  /** Sends what is queued, whatever its age. */
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
  public void keep() {
    // At once: nothing comes back from disk any more.
    queue.partitions().forEach(partition -> partition.keep(List.of()));
    dispatchers.forEach(Dispatcher::keep);
  }

  /**
   * Takes an event of one of its methods in again, such as a dead letter; nobody is told what
   * becomes of it. False when there is no space; then nothing was taken. Any thread.
   */
  public boolean recover(Event event) {
    int source = event.key() == null ? recovered.getAndIncrement() : event.key().hashCode();
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
