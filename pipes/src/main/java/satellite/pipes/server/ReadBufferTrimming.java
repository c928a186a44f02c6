package satellite.pipes.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.function.BooleanSupplier;

/**
 * Hands on what was read in buffers of its size, while the queues are filling. A paused stream
 * keeps what it has not taken as parts of receive buffers, and those are as large as the largest
 * reads: a message of 3 kB may hold 64 KiB for as long as it waits.
 *
 * <p>One for all connections; each runs it on its event loop. docs/performance.md has the figures.
 */
@Sharable
final class ReadBufferTrimming extends ChannelInboundHandlerAdapter {

  private final BooleanSupplier filling;

  /**
   * @param filling asked at every read; streams may soon be paused
   */
  ReadBufferTrimming(BooleanSupplier filling) {
    this.filling = filling;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    context.fireChannelRead(
        message instanceof ByteBuf read && wastes(read) && filling.getAsBoolean()
            ? exact(context, read)
            : message);
  }

  /** A fifth and less is not worth a copy. */
  private static boolean wastes(ByteBuf read) {
    return read.capacity() - read.readableBytes() > read.capacity() / 5;
  }

  private static ByteBuf exact(ChannelHandlerContext context, ByteBuf read) {
    try {
      int bytes = read.readableBytes();
      return context.alloc().directBuffer(bytes, bytes).writeBytes(read);
    } finally {
      read.release();
    }
  }
}
