package satellite.pipes.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds the bytes of all bodies that are being received, over all connections: a body beyond it is
 * answered with 503. One handler for each connection, one budget for all.
 */
final class BodyBudget extends ChannelInboundHandlerAdapter {

  private final AtomicLong used;
  private final long limit;
  private long held;
  private boolean refused;

  BodyBudget(AtomicLong used, long limit) {
    this.used = used;
    this.limit = limit;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (refused) {
      ReferenceCountUtil.release(message);
      return;
    }
    if (message instanceof HttpRequest) {
      // The one before it is answered: a connection has one at a time.
      release();
    }
    if (message instanceof HttpContent content && !take(content.content().readableBytes())) {
      refused = true;
      release();
      ReferenceCountUtil.release(message);
      refuse(context);
      return;
    }
    context.fireChannelRead(message);
  }

  private boolean take(int bytes) {
    held += bytes;
    return used.addAndGet(bytes) <= limit;
  }

  private void release() {
    used.addAndGet(-held);
    held = 0;
  }

  private static void refuse(ChannelHandlerContext context) {
    LingeringClose.write(
        context,
        Answer.error(
            HttpResponseStatus.SERVICE_UNAVAILABLE,
            "too many requests are being received, try later"));
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    release();
    context.fireChannelInactive();
  }
}
