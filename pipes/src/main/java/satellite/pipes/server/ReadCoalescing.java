package satellite.pipes.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Read coalescing for connections with streams that nobody waits for an answer of: what comes
 * within a delay is read at once, as a network card coalesces interrupts. Waking up and reading
 * cost more than a message does. While somebody waits for an answer on the connection it is read as
 * it comes, and so is one with much to read, or little.
 *
 * <p>All of it runs on the connection's event loop. RATIONALE.md has the figures.
 */
final class ReadCoalescing extends ChannelInboundHandlerAdapter {

  /**
   * Of a window, what makes a read worth its cost; more must not wait, or the pause would bound the
   * rate.
   */
  private static final int ENOUGH_OF_WINDOW = 4;

  private final LongSupplier nanoTime;

  /** Zero where there are no pauses. */
  private long delayNanos;

  private int enoughBytes = InboundFlowControl.WINDOW_BYTES / ENOUGH_OF_WINDOW;

  /** Calls that somebody waits for. */
  private int awaited;

  private boolean paused;
  private long lastReadNanos;
  private int bytes;

  ReadCoalescing(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** There is a stream that nobody waits for an answer of: pauses of so long are welcome. */
  void coalesce(long nanos) {
    delayNanos = delayNanos == 0 ? nanos : Math.min(delayNanos, nanos);
  }

  boolean isCoalescing() {
    return delayNanos > 0;
  }

  /** The client may send so much on a stream within a pause. */
  void window(int windowBytes) {
    enoughBytes = windowBytes / ENOUGH_OF_WINDOW;
  }

  /** Somebody waits for an answer: no pauses until {@link #answered}. */
  void awaited() {
    awaited++;
  }

  void answered() {
    awaited--;
  }

  /** One of its streams is about to be ended: what is there has to be known. Until the next one. */
  void readPromptlyOnce() {
    delayNanos = 0;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof ByteBuf buffer) {
      bytes += buffer.readableBytes();
    }
    context.fireChannelRead(message);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    context.fireChannelReadComplete();
    if (delayNanos > 0) {
      long now = nanoTime.getAsLong();
      if (!paused && awaited == 0 && bytes < enoughBytes && now - lastReadNanos < 2 * delayNanos) {
        pause(context, now);
      }
      lastReadNanos = now;
    }
    bytes = 0;
  }

  private void pause(ChannelHandlerContext context, long now) {
    paused = true;
    context.channel().config().setAutoRead(false);
    // All connections of a loop go on at the same moments: it wakes once for many.
    long untilNextRead = delayNanos - Math.floorMod(now, delayNanos);
    context
        .executor()
        .schedule(
            () -> {
              paused = false;
              context.channel().config().setAutoRead(true);
            },
            untilNextRead,
            TimeUnit.NANOSECONDS);
  }
}
