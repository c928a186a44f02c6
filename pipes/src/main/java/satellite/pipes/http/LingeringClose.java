package satellite.pipes.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;

/**
 * Answers a client that may still be sending, and ends its connection. What it sends is read away
 * for a while: a connection that is closed with bytes unread is reset, and the client would not see
 * the answer (RFC 9112, section 9.6).
 */
final class LingeringClose {

  private static final int PATIENCE_SECONDS = 2;

  private LingeringClose() {}

  /** On the connection's event loop; a second answer is none. */
  static void write(ChannelHandlerContext context, Answer answer) {
    ChannelPipeline pipeline = context.pipeline();
    ChannelHandlerContext codec = pipeline.context(HttpServerCodec.class);
    if (codec == null || pipeline.get(Discarding.class) != null) {
      return;
    }
    pipeline.addBefore(codec.name(), null, new Discarding());
    FullHttpResponse response = answer.response();
    HttpUtil.setKeepAlive(response, false);
    Channel channel = context.channel();
    context.writeAndFlush(response);
    // A client that has its answer closes; one that does not is waited for.
    channel.config().setAutoRead(true);
    channel.eventLoop().schedule(() -> channel.close(), PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private static final class Discarding extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
      ReferenceCountUtil.release(bytes);
    }
  }
}
