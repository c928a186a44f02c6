package satellite.pipes;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ServerChannel;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;

/**
 * {@code accept_limit}: closes new connections beyond a count, or while the CPU is busy, before any
 * TLS or HTTP/2 is spoken; those that are open stay.
 */
public final class AcceptLimit {

  private static final int NO_CPU_LIMIT = 100;

  private final int maxConnections;
  private final int maxCpuPercent;
  private final DoubleSupplier cpuPercent;
  private final Consumer<Channel> onAccept;
  private final AtomicInteger connections = new AtomicInteger();
  private final LongAdder refused = new LongAdder();

  /**
   * @param onAccept is told of each connection that may stay, before it is served
   */
  AcceptLimit(
      int maxConnections,
      int maxCpuPercent,
      DoubleSupplier cpuPercent,
      Consumer<Channel> onAccept) {
    this.maxConnections = maxConnections;
    this.maxCpuPercent = maxCpuPercent;
    this.cpuPercent = cpuPercent;
    this.onAccept = onAccept;
  }

  /** By count only. */
  public static AcceptLimit ofCount(int maxConnections) {
    return new AcceptLimit(maxConnections, Integer.MAX_VALUE, () -> 0, connection -> {});
  }

  public int connections() {
    return connections.get();
  }

  long refused() {
    return refused.sum();
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
                if (!admit()) {
                  refused.increment();
                  connection.unsafe().closeForcibly();
                  return;
                }
                connections.incrementAndGet();
                // Whatever ends it, also before it says a word.
                connection.closeFuture().addListener(closed -> connections.decrementAndGet());
                onAccept.accept(connection);
                context.fireChannelRead(accepted);
              }
            });
    return listening;
  }

  /** Only the accepting thread adds connections, so the count cannot pass the limit in between. */
  private boolean admit() {
    return connections.get() < maxConnections
        && (maxCpuPercent > NO_CPU_LIMIT || cpuPercent.getAsDouble() < maxCpuPercent);
  }
}
