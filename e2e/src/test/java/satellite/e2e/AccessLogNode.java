package satellite.e2e;

import io.envoyproxy.envoy.service.accesslog.v3.AccessLogServiceGrpc;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsResponse;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.LongAdder;

/** A node that takes access logs, and counts their entries and its calls, a batch each. */
final class AccessLogNode implements AutoCloseable {

  private static final String SERVICE = "satellite.envoy.accesslog.v3.SatelliteAccessLogService";

  private final LongAdder entries = new LongAdder();
  private final LongAdder calls = new LongAdder();
  private final Server server;

  AccessLogNode() {
    try {
      server =
          NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .addService(service())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of the method that OAP has for what comes by way of a Satellite. */
  private ServerServiceDefinition service() {
    var method =
        AccessLogServiceGrpc.getStreamAccessLogsMethod().toBuilder()
            .setFullMethodName(SERVICE + "/StreamAccessLogs")
            .setSchemaDescriptor(null)
            .build();
    return ServerServiceDefinition.builder(SERVICE)
        .addMethod(method, ServerCalls.asyncClientStreamingCall(this::count))
        .build();
  }

  private StreamObserver<StreamAccessLogsMessage> count(
      StreamObserver<StreamAccessLogsResponse> answer) {
    return new StreamObserver<>() {
      @Override
      public void onNext(StreamAccessLogsMessage message) {
        entries.add(message.getHttpLogs().getLogEntryCount());
      }

      @Override
      public void onError(Throwable gone) {}

      @Override
      public void onCompleted() {
        calls.increment();
        answer.onNext(StreamAccessLogsResponse.getDefaultInstance());
        answer.onCompleted();
      }
    };
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  long entries() {
    return entries.sum();
  }

  /** Those that it answered. */
  long calls() {
    return calls.sum();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
