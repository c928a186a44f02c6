package satellite.pipes;

import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import satellite.routing.Router;

/**
 * {@code grpc-server}: the one port for all agents, probes and Envoys. Finds for each method who
 * takes its calls: the {@link Receiver} of its pipe, or {@link PassThrough}. Calls run on the event
 * loop of their connection, so nothing behind here may block.
 */
public final class GrpcServer {

  /**
   * What a client may send ahead, per connection and per stream: bounds what paused streams hold. A
   * larger one made no difference beyond the noise, see docs/performance.md.
   */
  private static final int WINDOW_BYTES = 64 << 10;

  /** Reads of a connection with access logs within the time for which they are gathered. */
  private static final int STROKES = 10;

  /** Half-closes and pings also wait for the next read, and so does the end of the connection. */
  private static final long MAX_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final int KEEPALIVE_SECONDS = 10;

  private static final String OAP_ONLY =
      "RemoteService is for OAP nodes among themselves; Satellite does not pass it";

  private static final String TOKEN_MISSING =
      "Satellite asks for a token: metadata key \"" + AccessToken.HEADER + "\" is missing";

  private static final String TOKEN_WRONG =
      "the token in metadata key \"" + AccessToken.HEADER + "\" is not the one Satellite asks for";

  private final ServerConfig config;
  private final List<Pipe> pipes;
  private final PassThrough passThrough;
  private final Connections connections;
  private final AcceptLimit acceptLimit;
  private final Retirement retirement;
  private final Quota quota;
  private final LongAdder denied = new LongAdder();
  private final AtomicBoolean draining = new AtomicBoolean();
  private final HealthStatusManager health = new HealthStatusManager();
  private final Server server;

  /**
   * @param tls null for plaintext
   * @param filling whether streams may soon be paused, for want of memory
   * @param cpuPercent the CPU utilization now, 0..100
   */
  public GrpcServer(
      ServerConfig config,
      ServerTls tls,
      ClientConfig client,
      List<Pipe> pipes,
      Router<GrpcConnection> router,
      Transport transport,
      BooleanSupplier filling,
      DoubleSupplier cpuPercent,
      LongSupplier nanoTime) {
    this.config = config;
    this.connections = new Connections(filling, nanoTime);
    this.pipes = pipes;
    this.quota = new Quota(config.quotas(), nanoTime);
    this.retirement = new Retirement(connections, pipes, config.ages(), nanoTime);
    this.passThrough = new PassThrough(router, client);
    this.acceptLimit = new AcceptLimit(config.limits(), cpuPercent, connections::opened);
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(address(config))
            .channelFactory(() -> acceptLimit.on(transport.newServerChannel()))
            .bossEventLoopGroup(transport.acceptor())
            .workerEventLoopGroup(transport.workers())
            .directExecutor()
            .flowControlWindow(WINDOW_BYTES)
            .maxInboundMessageSize(config.maxMessageBytes())
            .maxConcurrentCallsPerConnection(config.maxConcurrentStreams())
            .permitKeepAliveTime(KEEPALIVE_SECONDS, TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true)
            .addStreamTracerFactory(Arrival.OF_EACH_CALL)
            .addService(health.getHealthService())
            .fallbackHandlerRegistry(new Methods(transport));
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

  public ServerConfig.Limits limits() {
    return config.limits();
  }

  /** Connections that nobody has told to go. */
  public int staying() {
    return retirement.staying();
  }

  /** Connections that were told to go because of their age. */
  public long agedConnections() {
    return retirement.retired(Retirement.Reason.AGE);
  }

  /** Connections that were told to go because other replicas have fewer. */
  public long shedConnections() {
    return retirement.retired(Retirement.Reason.UNEVEN);
  }

  /** Ends what is too old; to be called some times a second, by the thread that sheds. */
  public void look() {
    retirement.look();
  }

  /**
   * Tells so many connections to go, the longest-lived first: their clients lose nothing, and
   * connect anew.
   */
  public void shed(int count) {
    retirement.shed(count);
  }

  /** Calls refused for want of the right token. */
  public long deniedCalls() {
    return denied.sum();
  }

  /** Calls handed through, and those of them that did not end OK. */
  public long passedThrough() {
    return passThrough.calls();
  }

  public long passedThroughFailed() {
    return passThrough.failures();
  }

  /** Tells those who ask for its health to go elsewhere; all else goes on. */
  public void drain() {
    if (!draining.getAndSet(true)) {
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
      pipes.forEach(Pipe::endStreams);
      if (!server.awaitTermination(holdMillis, TimeUnit.MILLISECONDS)) {
        server.shutdownNow();
      }
    }
  }

  @Override
  public String toString() {
    return config.host() + ":" + port();
  }

  /** Who takes the calls of which method. */
  private final class Methods extends HandlerRegistry {
    private final Map<String, ServerMethodDefinition<byte[], byte[]>> known = new HashMap<>();

    Methods(Transport transport) {
      Map<String, Pipe> byReceiver = new HashMap<>();
      pipes.forEach(pipe -> byReceiver.put(pipe.config().receiver(), pipe));
      for (Protocol protocol : Protocols.TABLE) {
        Pipe pipe = byReceiver.get(protocol.receiver().pluginName());
        ServerCallHandler<byte[], byte[]> handler =
            protocol.mode() == Protocol.Mode.ASYNCHRONOUS && pipe != null && pipe.takes(protocol)
                ? paced(protocol, pipe, pipe.receiver(protocol, transport, quota))
                : interactive(passThrough);
        known.put(
            protocol.method().substring(1), method(protocol.method(), type(protocol), handler));
      }
    }

    private ServerCallHandler<byte[], byte[]> paced(
        Protocol protocol, Pipe pipe, Receiver receiver) {
      if (protocol.forwarding().gather() != Protocol.Gather.FOR_A_TIME) {
        return interactive(receiver);
      }
      long pauseNanos = pauseNanos(pipe.config());
      return (call, headers) -> {
        connections.oneWay(call, pauseNanos);
        return receiver.startCall(call, headers);
      };
    }

    /** Gathering ends with the sender's flush time, whatever the receiver's says. */
    private long pauseNanos(PipeConfig pipe) {
      long gather = pipe.gather().flushTime().toNanos();
      long send = pipe.batch().flushTime().toNanos();
      return Math.min(Math.min(gather, send) / STROKES, MAX_PAUSE_NANOS);
    }

    private ServerCallHandler<byte[], byte[]> interactive(ServerCallHandler<byte[], byte[]> next) {
      return (call, headers) -> {
        connections.interactive(call);
        return next.startCall(call, headers);
      };
    }

    private MethodType type(Protocol protocol) {
      return switch (protocol.kind()) {
        case UNARY -> MethodType.UNARY;
        case CLIENT_STREAM -> MethodType.CLIENT_STREAMING;
        case BIDI -> MethodType.BIDI_STREAMING;
      };
    }

    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String method, String authority) {
      ServerMethodDefinition<byte[], byte[]> row = known.get(method);
      if (row != null) {
        return row;
      }
      boolean internal = ("/" + method).startsWith(Protocols.OAP_INTERNAL);
      return method(
          method,
          MethodType.UNKNOWN,
          internal ? (call, headers) -> deny(call, OAP_ONLY) : interactive(passThrough));
    }

    private ServerMethodDefinition<byte[], byte[]> method(
        String method, MethodType type, ServerCallHandler<byte[], byte[]> handler) {
      return ServerMethodDefinition.create(RawBytes.method(method, type), guarded(handler));
    }

    /** Whoever takes a call, it is looked at first, before any of its messages is read. */
    private ServerCallHandler<byte[], byte[]> guarded(ServerCallHandler<byte[], byte[]> next) {
      AccessToken token = config.token();
      if (!token.isAskedFor()) {
        return next;
      }
      return (call, headers) -> {
        String presented = headers.get(GrpcConnection.AUTHENTICATION);
        if (token.admits(presented)) {
          return next.startCall(call, headers);
        }
        denied.increment();
        return deny(call, presented == null ? TOKEN_MISSING : TOKEN_WRONG);
      };
    }
  }

  private static ServerCall.Listener<byte[]> deny(ServerCall<byte[], byte[]> call, String why) {
    call.close(Status.PERMISSION_DENIED.withDescription(why), new Metadata());
    return new ServerCall.Listener<>() {};
  }
}
