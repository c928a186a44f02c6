package satellite.pipes.server;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2PingFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A gRPC client that speaks HTTP/2 frame by frame, and says itself when it has read a ping: what a
 * real one does in one step can be looked at in between.
 */
public final class FrameClient implements AutoCloseable {

  private final MultiThreadIoEventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("frame-client", true), NioIoHandler.newFactory());
  private final Http2FrameCodec codec =
      Http2FrameCodecBuilder.forClient().autoAckPingFrame(false).build();
  private final List<Integer> goAways = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Long> firstPing = new CompletableFuture<>();
  private final Channel channel;

  public FrameClient(int port) {
    channel =
        new Bootstrap()
            .group(loop)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInboundHandlerAdapter() {
                  @Override
                  public void handlerAdded(ChannelHandlerContext context) {
                    context
                        .pipeline()
                        .addLast(codec, new Http2MultiplexHandler(new Ends()), new Frames());
                  }
                })
            .connect(InetAddress.getLoopbackAddress(), port)
            .syncUninterruptibly()
            .channel();
  }

  /** What comes in for the connection. */
  private final class Frames extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object frame) {
      if (frame instanceof Http2GoAwayFrame goAway) {
        goAways.add(goAway.lastStreamId());
      } else if (frame instanceof Http2PingFrame ping && !ping.ack()) {
        firstPing.complete(ping.content());
      }
      ReferenceCountUtil.release(frame);
    }
  }

  /** What comes in for a stream. */
  private static final class Ends extends ChannelInboundHandlerAdapter {
    private final AtomicReference<String> end = new AtomicReference<>();

    @Override
    public void channelRead(ChannelHandlerContext context, Object frame) {
      if (frame instanceof Http2HeadersFrame headers && headers.isEndStream()) {
        end.set("" + headers.headers().get("grpc-status"));
      } else if (frame instanceof Http2ResetFrame reset) {
        end.set("reset, " + reset.errorCode());
      }
      ReferenceCountUtil.release(frame);
    }
  }

  /** A call of a gRPC method with client streaming. */
  public final class Stream {
    private final Ends ends = new Ends();
    private final Http2StreamChannel stream;

    private Stream(String method) {
      stream =
          new Http2StreamChannelBootstrap(channel)
              .handler(ends)
              .open()
              .syncUninterruptibly()
              .getNow();
      Http2Headers headers =
          new DefaultHttp2Headers()
              .method("POST")
              .scheme("http")
              .authority("satellite")
              .path(method)
              .set("content-type", "application/grpc")
              .set("te", "trailers");
      write(new DefaultHttp2HeadersFrame(headers));
    }

    public Stream send(byte[] message) {
      return sendBytes(framed(message));
    }

    /** Part of a message, say. */
    public Stream sendBytes(byte[] bytes) {
      return write(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(bytes)));
    }

    /** Goes when flow control lets it. */
    public void sendLater(byte[] message) {
      ByteBuf data = Unpooled.wrappedBuffer(framed(message));
      stream.writeAndFlush(new DefaultHttp2DataFrame(data));
    }

    public Stream halfClose() {
      return write(new DefaultHttp2DataFrame(true));
    }

    private Stream write(Object frame) {
      stream.writeAndFlush(frame).syncUninterruptibly();
      return this;
    }

    public int id() {
      return stream.stream().id();
    }

    /** The status with which it ended; null while it has not. */
    public String status() {
      return ends.end.get();
    }
  }

  /** A message as gRPC writes it. */
  public static byte[] framed(byte[] message) {
    return ByteBuffer.allocate(5 + message.length)
        .put((byte) 0)
        .putInt(message.length)
        .put(message)
        .array();
  }

  public Stream open(String method) {
    return new Stream(method);
  }

  /** Answers the first ping, which may still be on its way behind a GOAWAY that is here. */
  public void acknowledgePing() {
    long content = firstPing.orTimeout(20, TimeUnit.SECONDS).join();
    channel.writeAndFlush(new DefaultHttp2PingFrame(content, true)).syncUninterruptibly();
  }

  /** The last stream that each GOAWAY named. */
  public List<Integer> goAways() {
    return goAways;
  }

  public boolean isPinged() {
    return firstPing.isDone();
  }

  public boolean isClosed() {
    return !channel.isOpen();
  }

  @Override
  public void close() {
    channel.close().syncUninterruptibly();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
