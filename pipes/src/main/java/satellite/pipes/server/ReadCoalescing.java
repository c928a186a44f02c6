package satellite.pipes.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Read coalescing for connections that only carry access log streams: what comes within a delay is
 * read at once, as a network card coalesces interrupts. Waking up and reading cost more than a
 * message does. A connection with calls that somebody waits for is read as it comes, and so is one
 * with much to read, or little.
 *
 * <p>All of it runs on the connection's event loop. RATIONALE.md has the figures.
 */
final class ReadCoalescing extends ChannelInboundHandlerAdapter {

  /** A read of so much is worth its cost; more must not wait, or the pause would bound the rate. */
  private static final int ENOUGH_BYTES = 16 << 10;

  private final LongSupplier nanoTime;
  private long delayNanos;
  private boolean prompt;
  private boolean paused;
  private long lastReadNanos;
  private int bytes;

  ReadCoalescing(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** There is a stream that nobody waits for an answer of: pauses of so long are welcome. */
  void coalesce(long delayNanos) {
    if (!prompt) {
      this.delayNanos = delayNanos;
    }
  }

  /** Somebody waits, or may again: no pauses from now on. */
  void readPromptly() {
    prompt = true;
    delayNanos = 0;
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
      if (!paused && bytes < ENOUGH_BYTES && now - lastReadNanos < 2 * delayNanos) {
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
