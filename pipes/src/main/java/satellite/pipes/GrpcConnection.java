package satellite.pipes;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import java.util.concurrent.TimeUnit;
import satellite.discovery.Node;
import satellite.routing.Connection;

/** One HTTP/2 connection to an OAP node. */
public final class GrpcConnection implements Connection {

  static final Metadata.Key<String> AUTHENTICATION =
      Metadata.Key.of(AccessToken.HEADER, Metadata.ASCII_STRING_MARSHALLER);

  /** Answers that are passed through; OAP's own limit for what it takes. */
  private static final int MAX_ANSWER_BYTES = 50 << 20;

  private static final int CONNECT_TIMEOUT_MILLIS = 5_000;

  private final ManagedChannel channel;
  private final Runnable onChange;
  private volatile State state = State.CONNECTING;

  private GrpcConnection(ManagedChannel channel, Runnable onChange) {
    this.channel = channel;
    this.onChange = onChange;
  }

  /**
   * Builds the channel; call {@link #watch} to connect.
   *
   * @param tls null for plaintext
   */
  static GrpcConnection to(Node node, ClientTls tls, Transport transport, Runnable onChange) {
    NettyChannelBuilder builder =
        NettyChannelBuilder.forAddress(node.host(), node.port())
            .eventLoopGroup(transport.workers())
            .channelType(transport.clientChannel())
            .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
            .directExecutor()
            .disableRetry()
            .maxInboundMessageSize(MAX_ANSWER_BYTES)
            .idleTimeout(365, TimeUnit.DAYS);
    if (tls == null) {
      builder.usePlaintext();
    } else {
      builder.sslContext(tls.forGrpc());
    }
    return new GrpcConnection(builder.build(), onChange);
  }

  static void authenticate(Metadata headers, String token) {
    if (!token.isEmpty()) {
      headers.discardAll(AUTHENTICATION);
      headers.put(AUTHENTICATION, token);
    }
  }

  ManagedChannel channel() {
    return channel;
  }

  /** Connects, and keeps on telling. */
  GrpcConnection watch() {
    ConnectivityState now = channel.getState(true);
    State before = state;
    state =
        switch (now) {
          case READY -> State.UP;
          case TRANSIENT_FAILURE, SHUTDOWN -> State.DOWN;
          // A node that was down stays so until it answers, whatever is tried in between.
          case CONNECTING, IDLE -> before == State.DOWN ? State.DOWN : State.CONNECTING;
        };
    if (state != before) {
      onChange.run();
    }
    if (now != ConnectivityState.SHUTDOWN) {
      channel.notifyWhenStateChanged(now, this::watch);
    }
    return this;
  }

  @Override
  public State state() {
    return state;
  }

  @Override
  public void reconnect() {
    channel.resetConnectBackoff();
  }

  @Override
  public void close() {
    channel.shutdown();
  }

  boolean isClosed() {
    return channel.isTerminated();
  }

  void closeNow() {
    channel.shutdownNow();
  }
}
