package satellite.pipes.http;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Hands on the next request of a connection when the one before it is answered, and reads no
 * further until then: answers stay in the order of their requests, and a client cannot send ahead
 * more than what one read brings.
 */
final class RequestSerializer extends ChannelDuplexHandler {

  private final Queue<Object> waiting = new ArrayDeque<>();
  private boolean busy;

  @Override
  public void channelActive(ChannelHandlerContext context) {
    context.fireChannelActive();
    context.read();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object request) {
    if (busy) {
      waiting.add(request);
      return;
    }
    busy = true;
    context.fireChannelRead(request);
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
    context.write(message, promise);
    if (message instanceof LastHttpContent) {
      // Not from here: answers to many small requests would pile up on the stack.
      context.executor().execute(() -> answered(context));
    }
  }

  private void answered(ChannelHandlerContext context) {
    busy = false;
    Object next = waiting.poll();
    if (next != null) {
      channelRead(context, next);
    } else {
      context.read();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    waiting.forEach(ReferenceCountUtil::release);
    waiting.clear();
    context.fireChannelInactive();
  }
}
