package satellite.e2e;

import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.skywalking.apm.network.common.v3.Commands;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentCollection;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.apache.skywalking.apm.network.language.agent.v3.TraceSegmentReportServiceGrpc.TraceSegmentReportServiceImplBase;

/** A node that takes segments, or refuses each for good while it is told to. */
final class RefusingNode implements AutoCloseable {

  private final String host;
  private final Server server;
  private final List<String> taken = new CopyOnWriteArrayList<>();
  private volatile boolean refuses;

  RefusingNode() {
    this(InetAddress.getLoopbackAddress().getHostAddress(), 0);
  }

  RefusingNode(String host, int port) {
    this.host = host;
    try {
      server =
          NettyServerBuilder.forAddress(new InetSocketAddress(host, port))
              // Also while connections of one before it on that port are not forgotten.
              .withOption(ChannelOption.SO_REUSEADDR, true)
              .addService(new Segments())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private final class Segments extends TraceSegmentReportServiceImplBase {
    @Override
    public void collectInSync(SegmentCollection segments, StreamObserver<Commands> answer) {
      if (refuses) {
        answer.onError(Status.INVALID_ARGUMENT.withDescription("not today").asRuntimeException());
        return;
      }
      segments.getSegmentsList().stream().map(SegmentObject::getTraceSegmentId).forEach(taken::add);
      answer.onNext(Commands.getDefaultInstance());
      answer.onCompleted();
    }
  }

  RefusingNode refuses(boolean refuses) {
    this.refuses = refuses;
    return this;
  }

  String address() {
    return host + ":" + server.getPort();
  }

  /** Ids of the segments that it has taken. */
  List<String> taken() {
    return taken;
  }

  @Override
  public void close() {
    if (server.isShutdown()) {
      return;
    }
    int port = server.getPort();
    try {
      server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // The next test may want the same port, which Java gives back a moment after it was closed.
    Eventually.equal(true, "its port is free", () -> canBeBound(port));
  }

  private boolean canBeBound(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(host, port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
