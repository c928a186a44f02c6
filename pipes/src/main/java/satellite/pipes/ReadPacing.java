package satellite.pipes;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Reads a connection that only carries access log streams in strokes: what comes within a pause is
 * read at once, as a network card joins interrupts. Waking up and reading cost more than a message
 * does. A connection with calls that somebody waits for is read as it comes, and so is one with
 * much to read, or little.
 *
 * <p>All of it runs on the connection's event loop. RATIONALE.md has the figures.
 */
final class ReadPacing extends ChannelInboundHandlerAdapter {

  /** A read of so much is worth its cost; more must not wait, or the pause would bound the rate. */
  private static final int ENOUGH_BYTES = 16 << 10;

  private final LongSupplier nanoTime;
  private long pauseNanos;
  private boolean interactive;
  private boolean paused;
  private long lastReadNanos;
  private int bytes;

  ReadPacing(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** There is a stream that nobody waits for an answer of: pauses of so long are welcome. */
  void oneWay(long pauseNanos) {
    if (!interactive) {
      this.pauseNanos = pauseNanos;
    }
  }

  /** Somebody waits, or may again: no pauses from now on. */
  void interactive() {
    interactive = true;
    pauseNanos = 0;
  }

  /** One of its streams is about to be ended: what is there has to be known. Until the next one. */
  void hurry() {
    pauseNanos = 0;
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
    if (pauseNanos > 0) {
      long now = nanoTime.getAsLong();
      if (!paused && bytes < ENOUGH_BYTES && now - lastReadNanos < 2 * pauseNanos) {
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
    long untilStroke = pauseNanos - Math.floorMod(now, pauseNanos);
    context
        .executor()
        .schedule(
            () -> {
              paused = false;
              context.channel().config().setAutoRead(true);
            },
            untilStroke,
            TimeUnit.NANOSECONDS);
  }
}
