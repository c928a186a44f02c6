package satellite.e2e;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A Service of Kubernetes, as kube-proxy makes one: each new connection goes to an endpoint by
 * chance, and stays there whatever becomes of the endpoints.
 */
final class ClusterIp implements AutoCloseable {

  private final MultiThreadIoEventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("cluster-ip", true), NioIoHandler.newFactory());
  private final Channel listening;
  private volatile List<String> endpoints = List.of();

  ClusterIp() {
    listening =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .childOption(ChannelOption.AUTO_READ, false)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel client) {
                    connect(client);
                  }
                })
            .bind("127.0.0.1", ChildProcess.freePort())
            .syncUninterruptibly()
            .channel();
  }

  String address() {
    return "127.0.0.1:" + ((java.net.InetSocketAddress) listening.localAddress()).getPort();
  }

  /** Where new connections go from now on. */
  void endpoints(List<String> addresses) {
    endpoints = List.copyOf(addresses);
  }

  private void connect(Channel client) {
    List<String> now = endpoints;
    if (now.isEmpty()) {
      client.close();
      return;
    }
    String[] endpoint = now.get(ThreadLocalRandom.current().nextInt(now.size())).split(":");
    ChannelFuture connected =
        new Bootstrap()
            .group(loop)
            .channel(NioSocketChannel.class)
            .option(ChannelOption.AUTO_READ, false)
            .handler(new Forwarding(client))
            .connect(endpoint[0], Integer.parseInt(endpoint[1]));
    client.pipeline().addLast(new Forwarding(connected.channel()));
    connected.addListener(
        result -> {
          if (result.isSuccess()) {
            client.config().setAutoRead(true);
            connected.channel().config().setAutoRead(true);
          } else {
            client.close();
          }
        });
  }

  /** What comes on one side leaves on the other, its end as well. */
  private static final class Forwarding extends ChannelInboundHandlerAdapter {
    private final Channel other;

    Forwarding(Channel other) {
      this.other = other;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) {
      if (other.isActive()) {
        other.writeAndFlush(bytes);
      } else {
        ReferenceCountUtil.release(bytes);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      other
          .writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER)
          .addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
      context.close();
    }
  }

  @Override
  public void close() {
    listening.close();
    loop.shutdownGracefully();
  }
}
