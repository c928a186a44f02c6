package satellite.e2e;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.skywalking.apm.network.common.v3.Commands;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentCollection;
import org.apache.skywalking.apm.network.language.agent.v3.TraceSegmentReportServiceGrpc;

/** A node that remembers each segment, and how often it came. */
final class SegmentNode extends TraceSegmentReportServiceGrpc.TraceSegmentReportServiceImplBase
    implements AutoCloseable {

  final Map<String, Integer> segments = new ConcurrentHashMap<>();
  private final Server server;

  SegmentNode() throws IOException {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", ChildProcess.freePort()))
            .addService(this)
            .build()
            .start();
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  @Override
  public void collectInSync(SegmentCollection collection, StreamObserver<Commands> answer) {
    collection
        .getSegmentsList()
        .forEach(segment -> segments.merge(segment.getTraceSegmentId(), 1, Integer::sum));
    answer.onNext(Commands.getDefaultInstance());
    answer.onCompleted();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
