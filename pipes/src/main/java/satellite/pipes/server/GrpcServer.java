package satellite.pipes.server;

import io.grpc.Server;
import io.grpc.ServerCallHandler;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.tls.ServerTls;
import satellite.pipes.transport.AcceptLimit;
import satellite.pipes.transport.AcceptLimitConfig;
import satellite.pipes.transport.EventLoops;
import satellite.queue.Acknowledgement;
import satellite.queue.MemoryBudget;

/**
 * {@code grpc-server}: the one port for all agents, probes and Envoys. Finds for each method who
 * takes its calls. Calls run on the event loop of their connection, so nothing behind here may
 * block.
 */
public final class GrpcServer {

  /** Of the memory of all queues: as much again for what is read and not queued. */
  private static final int SHARE_TO_RECEIVE = 4;

  private static final int KEEPALIVE_SECONDS = 10;

  private final ServerConfig config;
  private final List<Pipe> pipes;
  private final ReceiveBudget budget;
  private final ConnectionRegistry connections;
  private final AcceptLimit acceptLimit;
  private final ConnectionDraining draining;
  private final MethodTable methods;
  private final AtomicBoolean unhealthy = new AtomicBoolean();
  private final HealthStatusManager health = new HealthStatusManager();
  private final Server server;

  /**
   * @param tls null for plaintext
   * @param passThrough takes the calls that no pipe does
   * @param memory of the pipes' queues
   * @param cpuPercent the CPU utilization now, 0..100
   */
  public GrpcServer(
      ServerConfig config,
      ServerTls tls,
      List<Pipe> pipes,
      ServerCallHandler<byte[], byte[]> passThrough,
      EventLoops loops,
      MemoryBudget memory,
      DoubleSupplier cpuPercent,
      LongSupplier nanoTime) {
    this.config = config;
    this.pipes = pipes;
    this.budget = new ReceiveBudget(memory.maxBytes() / SHARE_TO_RECEIVE);
    ConnectionRegistry connections =
        new ConnectionRegistry(memory::isHalfFull, budget, config.maxMessageBytes(), nanoTime);
    this.connections = connections;
    Quota quota = new Quota(config.quotas(), nanoTime);
    this.methods =
        new MethodTable(pipes, passThrough, connections, loops, quota, budget, config.token());
    this.draining =
        new ConnectionDraining(connections, methods.receivers(), config.ages(), nanoTime);
    this.acceptLimit = new AcceptLimit(config.limits(), cpuPercent, connections::opened);
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(address(config))
            .channelFactory(() -> acceptLimit.on(loops.newServerChannel()))
            .bossEventLoopGroup(loops.acceptor())
            .workerEventLoopGroup(loops.workers())
            .withChildOption(ChannelOption.ALLOCATOR, loops.buffers())
            .directExecutor()
            .flowControlWindow(InboundFlowControl.WINDOW_BYTES)
            .maxInboundMessageSize(config.maxMessageBytes())
            .maxConcurrentCallsPerConnection(config.maxConcurrentStreams())
            .permitKeepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true)
            .addStreamTracerFactory(InboundMessageTracer.OF_EACH_CALL)
            .addService(health.getHealthService())
            .fallbackHandlerRegistry(methods);
    if (tls != null) {
      builder.sslContext(tls.forGrpc());
    }
    this.server = builder.build();
  }

  private static InetSocketAddress address(ServerConfig config) {
    return config.host().isEmpty()
        ? new InetSocketAddress(config.port())
        : new InetSocketAddress(config.host(), config.port());
  }

  /** Binds; from now on calls come. */
  public void start() throws IOException {
    server.start();
    health.setStatus("", ServingStatus.SERVING);
  }

  /** The port bound. */
  public int port() {
    return server.getPort();
  }

  /** Of messages that are being received and too long to be sent ahead: their whole lengths. */
  public long receivingBytes() {
    return budget.receivingBytes();
  }

  /** Such messages that wait until there is memory for them. */
  public int waitingMessages() {
    return budget.waiting();
  }

  /** Of messages that were read and find no space in their queues. */
  public long pausedBytes() {
    return budget.pausedBytes();
  }

  /** Connections now open. */
  public int connections() {
    return acceptLimit.connections();
  }

  /** Who has them open: those with most of them first. */
  public List<ClientConnections> clients() {
    return connections.byHost();
  }

  /** Connections closed as they arrived, because of a limit. */
  public long refusedConnections(AcceptLimit.Reason reason) {
    return acceptLimit.refused(reason);
  }

  public AcceptLimitConfig limits() {
    return config.limits();
  }

  /** Connections that nobody has told to go. */
  public int staying() {
    return draining.staying();
  }

  /** Connections that were told to go because of their age. */
  public long agedConnections() {
    return draining.drained(ConnectionDraining.Reason.AGE);
  }

  /** Connections that were told to go because other replicas have fewer. */
  public long shedConnections() {
    return draining.drained(ConnectionDraining.Reason.UNEVEN);
  }

  /** Ends what is too old; to be called some times a second, by the thread that sheds. */
  public void tick() {
    draining.tick();
  }

  /**
   * Tells so many connections to go, the longest-lived first: their clients lose nothing, and
   * connect anew.
   */
  public void shed(int count) {
    draining.shed(count);
  }

  /** Calls that pipes take and that are not answered yet. */
  void openCalls(Consumer<ReceiverCall> each) {
    methods.receivers().forEach(receiver -> receiver.openCalls(each));
  }

  /** Calls refused for want of the right token. */
  public long deniedCalls() {
    return methods.denied();
  }

  /** Tells those who ask for its health to go elsewhere; all else goes on. */
  public void drain() {
    if (!unhealthy.getAndSet(true)) {
      health.enterTerminalState();
    }
  }

  /**
   * Stops in the order of a message: no new connections and streams, streams that end by
   * themselves, then those that do not. Blocks up to twice {@code hold} and a little.
   *
   * <p>GOAWAY comes in two steps (RFC 9113, section 6.8): the first one announces, and names no
   * stream; the second one, when the client has answered a ping and so has read the first, names
   * the last stream that is served. What a client opened in between is served.
   */
  public void stop(long holdMillis) throws InterruptedException {
    drain();
    server.shutdown();
    if (!server.awaitTermination(holdMillis, TimeUnit.MILLISECONDS)) {
      methods.receivers().forEach(Receiver::endStreams);
      pipes.forEach(this::flushIfAwaited);
      if (!server.awaitTermination(holdMillis, TimeUnit.MILLISECONDS)) {
        server.shutdownNow();
      }
    }
  }

  /** Where clients wait for OAP's answer, what they wait for leaves now. */
  private void flushIfAwaited(Pipe pipe) {
    if (pipe.config().queue().acknowledgement() == Acknowledgement.DELIVERED) {
      pipe.flush();
    }
  }

  @Override
  public String toString() {
    return config.host() + ":" + port();
  }
}
