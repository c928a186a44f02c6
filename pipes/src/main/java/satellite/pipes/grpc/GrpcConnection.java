package satellite.pipes.grpc;

import io.grpc.CallOptions;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import satellite.discovery.Node;
import satellite.pipes.tls.ClientTls;
import satellite.pipes.transport.AccessToken;
import satellite.pipes.transport.EventLoops;
import satellite.routing.Connection;

/** One HTTP/2 connection to an OAP node. */
public final class GrpcConnection implements Connection {

  /** Answers that are passed through; OAP's own limit for what it takes. */
  private static final int MAX_ANSWER_BYTES = 50 << 20;

  private static final int CONNECT_TIMEOUT_MILLIS = 5_000;

  /** What Netty's native transport puts in front of the reason. */
  private static final Pattern SYSTEM_CALL =
      Pattern.compile("^\\w+\\(\\.\\.\\) failed( with error\\(-?\\d+\\))?: ");

  private final ManagedChannel channel;
  private final ClientConfig client;
  private final HealthCheck health;
  private final Runnable onChange;
  private ConnectivityState connectivity = ConnectivityState.IDLE;
  private volatile State state = State.CONNECTING;
  private volatile String refusal = "";

  private GrpcConnection(
      ManagedChannel channel,
      ClientConfig client,
      ScheduledExecutorService timer,
      Runnable onChange) {
    this.channel = channel;
    this.client = client;
    this.onChange = onChange;
    this.health =
        client.health().check() ? new HealthCheck(channel, client, timer, this::update) : null;
  }

  /**
   * Builds the channel; call {@link #watch} to connect.
   *
   * @param tls null for plaintext
   */
  static GrpcConnection to(
      Node node,
      ClientConfig client,
      ClientTls tls,
      EventLoops transport,
      ScheduledExecutorService timer,
      Runnable onChange) {
    NettyChannelBuilder builder =
        NettyChannelBuilder.forAddress(node.host(), node.port())
            .eventLoopGroup(transport.workers())
            .channelType(transport.clientChannel())
            .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
            .withOption(ChannelOption.ALLOCATOR, transport.buffers())
            .directExecutor()
            .disableRetry()
            .maxInboundMessageSize(MAX_ANSWER_BYTES)
            .idleTimeout(365, TimeUnit.DAYS);
    ClientConfig.Health health = client.health();
    if (!health.keepaliveTime().isZero()) {
      builder
          .keepAliveTime(health.keepaliveTime().toNanos(), TimeUnit.NANOSECONDS)
          .keepAliveTimeout(health.keepaliveTimeout().toNanos(), TimeUnit.NANOSECONDS);
    }
    if (tls == null) {
      builder.usePlaintext();
    } else {
      builder.sslContext(tls.forGrpc());
    }
    return new GrpcConnection(builder.build(), client, timer, onChange);
  }

  static void authenticate(Metadata headers, String token) {
    if (!token.isEmpty()) {
      headers.discardAll(AccessToken.METADATA_KEY);
      headers.put(AccessToken.METADATA_KEY, token);
    }
  }

  ManagedChannel channel() {
    return channel;
  }

  /** Connects, and keeps on telling. */
  GrpcConnection watch() {
    ConnectivityState now = channel.getState(true);
    synchronized (this) {
      connectivity = now;
    }
    if (now == ConnectivityState.TRANSIENT_FAILURE) {
      askWhy();
    }
    if (health != null) {
      health.connected(now == ConnectivityState.READY);
    }
    update();
    if (now != ConnectivityState.SHUTDOWN) {
      channel.notifyWhenStateChanged(now, this::watch);
    }
    return this;
  }

  /** The channel or the health check has something new. */
  private void update() {
    synchronized (this) {
      State before = state;
      state = next(before);
      if (state == State.UP) {
        refusal = "";
      }
      if (state == before) {
        return;
      }
    }
    onChange.run();
  }

  private State next(State before) {
    return switch (connectivity) {
      case READY -> health == null ? State.UP : health.verdict();
      case TRANSIENT_FAILURE, SHUTDOWN -> State.DOWN;
      // A node that was down stays so until it answers, whatever is tried in between.
      case CONNECTING, IDLE -> before == State.DOWN ? State.DOWN : State.CONNECTING;
    };
  }

  /**
   * The channel knows why it cannot connect, and tells it to calls only: this one ends at once, as
   * it does not wait for a connection.
   */
  private void askWhy() {
    HealthCheck.call(
        channel,
        CallOptions.DEFAULT.withDeadlineAfter(1, TimeUnit.SECONDS),
        client.authentication(),
        (status, answer) -> refusal = status.isOk() ? "" : reason(status));
  }

  /**
   * Whether the node answers, and takes our token: waits for the connection, and asks something
   * that changes nothing.
   *
   * @param problem told once, in words for people, empty where all is well; on any thread
   */
  public void probe(Duration atMost, Consumer<String> problem) {
    CallOptions waiting =
        CallOptions.DEFAULT
            .withWaitForReady()
            .withDeadlineAfter(atMost.toNanos(), TimeUnit.NANOSECONDS);
    HealthCheck.call(
        channel,
        waiting,
        client.authentication(),
        (status, answer) -> problem.accept(problem(status, answer)));
  }

  private String problem(Status status, ServingStatus answer) {
    return switch (status.getCode()) {
      case OK -> answer == ServingStatus.SERVING ? "" : "its health check answered " + answer;
      // It has no such method: that is an answer.
      case UNIMPLEMENTED -> "";
      case DEADLINE_EXCEEDED -> refusal.isEmpty() ? "it does not answer" : refusal;
      case UNAUTHENTICATED, PERMISSION_DENIED ->
          "it does not take the token (SATELLITE_GRPC_AUTHENTICATION): " + reason(status);
      default -> status.getCode() + ": " + reason(status);
    };
  }

  /** What is at the bottom of it: "Connection refused", not "io exception". */
  static String reason(Status status) {
    Throwable cause = status.getCause();
    while (cause != null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    String text = cause == null ? status.getDescription() : cause.getMessage();
    return text == null
        ? status.getCode().name()
        : SYSTEM_CALL.matcher(text.lines().findFirst().orElse("")).replaceFirst("").strip();
  }

  @Override
  public State state() {
    return state;
  }

  @Override
  public String why() {
    if (state != State.DOWN) {
      return "";
    }
    String unhealthy = health == null ? "" : health.why();
    return unhealthy.isEmpty() ? refusal : unhealthy;
  }

  @Override
  public void reconnect() {
    channel.resetConnectBackoff();
  }

  @Override
  public void close() {
    if (health != null) {
      health.connected(false);
    }
    channel.shutdown();
  }

  boolean isClosed() {
    return channel.isTerminated();
  }

  @Override
  public void closeNow() {
    close();
    channel.shutdownNow();
  }
}
