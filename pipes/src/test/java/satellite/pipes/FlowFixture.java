package satellite.pipes;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.fail;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import satellite.discovery.Node;
import satellite.pipes.grpc.ClientConfig;
import satellite.pipes.grpc.GrpcConnection;
import satellite.pipes.grpc.GrpcConnector;
import satellite.pipes.grpc.GrpcForwarder;
import satellite.pipes.grpc.PassThrough;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.pipes.pipe.PipeConfig.Gather;
import satellite.pipes.pipe.PipeConfig.Retry;
import satellite.pipes.pipe.PipeConfig.Routing;
import satellite.pipes.pipe.PipeMetrics;
import satellite.pipes.pipe.Storage;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.pipes.server.FrameClient;
import satellite.pipes.server.GrpcServer;
import satellite.pipes.server.ServerConfig;
import satellite.pipes.tls.ServerTls;
import satellite.pipes.tls.ServerTlsConfig;
import satellite.pipes.transport.AcceptLimitConfig;
import satellite.pipes.transport.AccessToken;
import satellite.pipes.transport.EventLoops;
import satellite.queue.Account;
import satellite.queue.Acknowledgement;
import satellite.queue.DeadLetters;
import satellite.queue.MemoryBudget;
import satellite.queue.MemoryQueue;
import satellite.queue.PayloadMemory;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;
import satellite.queue.SpoolFactory;
import satellite.routing.LoadBalancing;
import satellite.routing.Router;
import satellite.standin.StandInOap;

/**
 * Clients, Satellite's server with its pipes, and stand-in nodes, over real connections on the
 * loopback address. A test changes the settings, starts nodes and then Satellite; after it the
 * accounts of all pipes must balance, all memory be given back and every thread be gone.
 */
@Timeout(120)
public abstract class FlowFixture {

  /** What a node took. */
  public record Taken(StandInOap.Call call, int index, byte[] message) {}

  /** What must not end by itself while a test waits. */
  public static final Duration LONG = Duration.ofMinutes(2);

  /** For a busy machine; a good run needs milliseconds. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final AtomicInteger SERIAL = new AtomicInteger();

  // ---- settings, until start()

  public BatchLimits batch = new BatchLimits(Duration.ofMillis(40), 200, 1 << 20, 4);
  public QueueConfig queue = new QueueConfig(1, 5000, LONG, WhenFull.REFUSE);
  public Gather gather = new Gather(Duration.ofMillis(20), 500);
  public Retry retry = new Retry(0, Duration.ofMillis(10), Duration.ofMillis(50));
  public Routing routing = new Routing(1000, Duration.ofMinutes(3), List.of("service.name"));
  public ClientConfig client =
      new ClientConfig(null, "", Duration.ofMillis(200), Duration.ofSeconds(5), LONG);
  public ServerConfig server = server(null, ServerConfig.Ages.UNLIMITED, ServerConfig.Quotas.NONE);
  public LoadBalancing balancing = LoadBalancing.ROUND_ROBIN;
  public Duration drainTime = LONG;
  public long memoryBytes = 64 << 20;
  public SpoolFactory spools;
  public DeadLetters deadLetters = DeadLetters.NONE;
  public DoubleSupplier cpuPercent = () -> 0;

  /** By how much a test has turned the clock of the server and its pipes ahead. */
  public final AtomicLong ahead = new AtomicLong();

  private final LongSupplier nanoTime = () -> System.nanoTime() + ahead.get();

  /** Where payload lies; null for where it does in the program. */
  public PayloadMemory payload;

  /** Looks at the files of TLS when a test says so. */
  public final HandTimer timer = new HandTimer();

  // ---- what runs

  public final List<StandInOap> nodes = new ArrayList<>();
  public final List<Pipe> pipes = new ArrayList<>();
  private final Map<StandInOap, List<Taken>> taken = new ConcurrentHashMap<>();
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final String threads = "flow" + SERIAL.incrementAndGet() + "-";
  private Set<Thread> before;
  public MemoryBudget memory;
  public EventLoops transport;
  public GrpcConnector connector;
  public Router<GrpcConnection> router;
  public GrpcServer satellite;
  public PassThrough passThrough;
  public ScheduledThreadPoolExecutor pool;
  private boolean stopped;

  public StandInOap node() {
    StandInOap node = remembering(new StandInOap()).start(0);
    nodes.add(node);
    return node;
  }

  private StandInOap remembering(StandInOap node) {
    List<Taken> messages = new CopyOnWriteArrayList<>();
    taken.put(node, messages);
    node.listen(
        new StandInOap.Listener() {
          @Override
          public void message(StandInOap.Call call, int index, byte[] message) {
            messages.add(new Taken(call, index, message));
          }
        });
    return node;
  }

  /** A node that has a port, and does not listen on it yet. */
  public StandInOap deadNode() {
    StandInOap node = node();
    node.stop();
    return node;
  }

  /** Starts Satellite in front of all nodes, with a pipe for each of the receivers. */
  public void start(ReceiverPlugin... receivers) {
    Set<Node> all = new LinkedHashSet<>();
    nodes.forEach(node -> all.add(at(node, 1)));
    start(all, receivers);
  }

  public void start(Set<Node> upstreams, ReceiverPlugin... receivers) {
    before = Thread.getAllStackTraces().keySet();
    pool = new ScheduledThreadPoolExecutor(2, task -> new Thread(task, threads + "dispatch"));
    pool.setRemoveOnCancelPolicy(true);
    pool.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    transport = new EventLoops(server.ioThreads());
    connector = new GrpcConnector(client, transport, timer);
    router =
        new Router<>(connector, pool, System::nanoTime, client.checkPeriod(), drainTime, balancing);
    memory = new MemoryBudget(memoryBytes, payload == null ? transport.memory() : payload);
    for (ReceiverPlugin receiver : receivers) {
      pipes.add(open(receiver));
    }
    ServerTls tls = ServerTls.of(server.tls(), timer);
    passThrough = new PassThrough(router, client);
    satellite =
        new GrpcServer(server, tls, pipes, passThrough, transport, memory, cpuPercent, nanoTime);
    router.nodes(upstreams);
    try {
      satellite.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A server with these certificates, if any, where clients stay and send within these bounds. */
  public static ServerConfig server(
      ServerTlsConfig tls, ServerConfig.Ages ages, ServerConfig.Quotas quotas) {
    return new ServerConfig(
        "127.0.0.1",
        0,
        tls,
        AccessToken.NONE,
        2 << 20,
        1000,
        2,
        AcceptLimitConfig.of(1000),
        ages,
        quotas);
  }

  public Pipe open(ReceiverPlugin receiver) {
    PipeMetrics metrics = metrics();
    return new Pipe(
        config(receiver),
        router,
        new GrpcForwarder(client, metrics, nanoTime),
        storage(),
        metrics,
        pool,
        nanoTime);
  }

  public Storage storage() {
    return new Storage(memory, spools, deadLetters);
  }

  /** What a test has opened beside, after the server has stopped. */
  public void closeMore() {}

  /** The queue, where senders are answered so. */
  public QueueConfig answering(Acknowledgement acknowledgement) {
    return new QueueConfig(
        queue.partitions(),
        queue.maxEvents(),
        queue.fullTimeout(),
        queue.whenFull(),
        acknowledgement,
        queue.timeToLive());
  }

  public PipeConfig config(ReceiverPlugin receiver) {
    return new PipeConfig(
        receiver.name().toLowerCase(Locale.ROOT),
        receiver.pluginName(),
        queue,
        gather,
        batch,
        retry,
        routing,
        false);
  }

  public PipeMetrics metrics() {
    return PipeMetrics.NOOP;
  }

  public static Node at(StandInOap node, int weight) {
    return new Node("127.0.0.1", node.port(), weight);
  }

  public static String address(StandInOap node) {
    return at(node, 1).address();
  }

  public Pipe pipe(ReceiverPlugin receiver) {
    return pipes.stream()
        .filter(pipe -> pipe.config().receiver().equals(receiver.pluginName()))
        .findFirst()
        .orElseThrow();
  }

  public Account account() {
    return pipes.get(0).account();
  }

  /** A client with a connection of its own. */
  public ManagedChannel client() {
    return client(NettyChannelBuilder.forAddress(loopback()).usePlaintext());
  }

  public ManagedChannel client(NettyChannelBuilder builder) {
    ManagedChannel channel = builder.disableRetry().maxInboundMessageSize(64 << 20).build();
    channels.add(channel);
    return channel;
  }

  public InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), satellite.port());
  }

  // ---- what is seen

  public List<Taken> taken(StandInOap node) {
    return taken.get(node);
  }

  public List<byte[]> messages(StandInOap node, String method) {
    return taken(node).stream()
        .filter(one -> one.call().method().equals(method.substring(1)))
        .map(Taken::message)
        .toList();
  }

  /** The same of all nodes. */
  public List<byte[]> messages(String method) {
    return nodes.stream().flatMap(node -> messages(node, method).stream()).toList();
  }

  public void awaitUp(int count) {
    await(count + " nodes are up", () -> router.up().size() == count);
  }

  public void awaitForwarded(long messages) {
    await(
        messages + " are forwarded",
        () -> account().forwarded() >= messages && pipes.get(0).isEmpty());
    assertEquals(messages, account().forwarded());
  }

  public void awaitSettled() {
    await("the pipes are empty", () -> pipes.stream().allMatch(Pipe::isEmpty));
  }

  public void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        fail("not in time: " + what + "; " + pipes.stream().map(Pipe::account).toList());
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  /** After so much time the server looks after its connections. */
  public void pass(Duration time) {
    ahead.addAndGet(time.toNanos());
    satellite.tick();
  }

  /** After it, what the agent has sent was read, and what was asked of its connection was done. */
  public void roundTrip(FrameClient agent) {
    FrameClient.Stream health = agent.open("/grpc.health.v1.Health/Check");
    health.send(new byte[0]).halfClose();
    await("the health check is answered", () -> health.status() != null);
  }

  // ---- after every test

  @AfterEach
  public void everythingIsAccountedForAndGone() throws InterruptedException {
    if (satellite == null) {
      nodes.forEach(StandInOap::close);
      if (pool != null) {
        pool.shutdownNow();
        transport.close();
      }
      return;
    }
    try {
      nodes.forEach(StandInOap::release);
      channels.forEach(ManagedChannel::shutdownNow);
      await("no client stream is open", () -> pipes.stream().allMatch(p -> p.openStreams() == 0));
      awaitSettled();
      assertAll(pipes.stream().map(pipe -> () -> assertBalances(pipe)));
      assertEquals(0, memory.usedBytes(), "memory in use");
      if (spools == null) {
        await("no memory is held for payload", () -> transport.memory().heldBytes() == 0);
      }
      assertEquals(0, satellite.receivingBytes(), "memory for messages that are being received");
      assertEquals(0, satellite.pausedBytes(), "memory of paused streams");
    } finally {
      stop();
    }
    await("the clients' connections are gone", () -> satellite.connections() == 0);
    await("the threads are gone: " + ours(), () -> ours().isEmpty());
  }

  private static void assertBalances(Pipe pipe) {
    Account account = pipe.account();
    String name = pipe.config().name() + ": " + account;
    assertEquals(
        account.received(),
        account.forwarded() + account.spilled() + account.dead() + account.dropped(),
        name);
    assertEquals(0, pipe.queue().events(), name);
    assertEquals(0, pipe.queue().bytes(), name);
    for (MemoryQueue.Partition partition : pipe.queue().partitions()) {
      assertEquals(0, partition.waiting(), name);
      assertEquals(0, partition.waitingBytes(), name);
    }
  }

  /** Once: a test may have done so. */
  public void stopServer(long holdMillis) throws InterruptedException {
    if (!stopped) {
      stopped = true;
      satellite.stop(holdMillis);
    }
  }

  private void stop() throws InterruptedException {
    stopServer(500);
    closeMore();
    router.close();
    connector.closeNow();
    pool.shutdownNow();
    transport.close();
    nodes.forEach(StandInOap::close);
    for (ManagedChannel channel : channels) {
      channel.awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  /** Threads that this Satellite started; gRPC's own shared ones, which the clients use, stay. */
  private Collection<String> ours() {
    assertNotNull(before);
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.isAlive() && !before.contains(thread))
        .map(Thread::getName)
        .filter(name -> name.matches("(accept|io|http|flow\\d+)-.*"))
        .toList();
  }

  public static Status status(Status.Code code, String text) {
    return code.toStatus().withDescription(text);
  }
}
