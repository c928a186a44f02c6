package satellite.pipes.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ServerChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;

/**
 * {@code accept_limit}: closes new connections beyond a count, or while the CPU is busy, before any
 * TLS or HTTP/2 is spoken; those that are open stay.
 */
public final class AcceptLimit {

  /** Why a connection was closed as it arrived. */
  public enum Reason {
    CONNECTION_COUNT,
    CPU_UTILIZATION,
    CLIENT_CONNECTION_COUNT
  }

  private final AcceptLimitConfig limits;
  private final DoubleSupplier cpuPercent;
  private final Consumer<Channel> onAccept;
  private final AtomicInteger connections = new AtomicInteger();

  /** Only where clients are limited; who has none is not in it. */
  private final Map<InetAddress, Integer> byClient = new ConcurrentHashMap<>();

  private final Map<Reason, LongAdder> refused =
      Map.of(
          Reason.CONNECTION_COUNT, new LongAdder(),
          Reason.CPU_UTILIZATION, new LongAdder(),
          Reason.CLIENT_CONNECTION_COUNT, new LongAdder());

  /**
   * @param cpuPercent the CPU utilization now, 0..100
   * @param onAccept is told of each connection that may stay, before it is served
   */
  public AcceptLimit(
      AcceptLimitConfig limits, DoubleSupplier cpuPercent, Consumer<Channel> onAccept) {
    this.limits = limits;
    this.cpuPercent = cpuPercent;
    this.onAccept = onAccept;
  }

  /** By count only. */
  public static AcceptLimit ofCount(int maxConnections) {
    return new AcceptLimit(AcceptLimitConfig.of(maxConnections), () -> 0, connection -> {});
  }

  public int connections() {
    return connections.get();
  }

  public long refused(Reason reason) {
    return refused.get(reason).sum();
  }

  /** Stands in front of the handler that hands accepted connections to the event loops. */
  public ServerChannel on(ServerChannel listening) {
    listening
        .pipeline()
        .addLast(
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelRead(ChannelHandlerContext context, Object accepted) {
                Channel connection = (Channel) accepted;
                InetAddress client = client(connection);
                Reason reason = refusal(client);
                if (reason != null) {
                  refused.get(reason).increment();
                  connection.unsafe().closeForcibly();
                  return;
                }
                count(client, 1);
                // Whatever ends it, also before it says a word.
                connection.closeFuture().addListener(closed -> count(client, -1));
                onAccept.accept(connection);
                context.fireChannelRead(accepted);
              }
            });
    return listening;
  }

  /** Null where clients are not told apart, and of one that has gone already. */
  private InetAddress client(Channel connection) {
    return limits.clientConnections() > 0
            && connection.remoteAddress() instanceof InetSocketAddress address
        ? address.getAddress()
        : null;
  }

  /**
   * Null where it may stay. Only the accepting thread adds connections, so no count can pass its
   * limit in between.
   */
  private Reason refusal(InetAddress client) {
    if (connections.get() >= limits.connections()) {
      return Reason.CONNECTION_COUNT;
    }
    if (limits.cpuIsLimited() && cpuPercent.getAsDouble() >= limits.cpuPercent()) {
      return Reason.CPU_UTILIZATION;
    }
    boolean tooMany =
        client != null && byClient.getOrDefault(client, 0) >= limits.clientConnections();
    return tooMany ? Reason.CLIENT_CONNECTION_COUNT : null;
  }

  private void count(InetAddress client, int change) {
    connections.addAndGet(change);
    if (client != null) {
      byClient.merge(client, change, (has, more) -> has + more == 0 ? null : has + more);
    }
  }
}
