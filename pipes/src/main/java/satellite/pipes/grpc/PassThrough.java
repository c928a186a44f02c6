package satellite.pipes.grpc;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import satellite.pipes.protocol.RawBytes;
import satellite.routing.Router;
import satellite.routing.Upstream;

/**
 * Hands a call of any kind to one node and its answers back: metadata, deadline, cancellation,
 * status, trailers and flow control stay what they were.
 */
public final class PassThrough implements ServerCallHandler<byte[], byte[]> {

  private final Router<GrpcConnection>.Cursor cursor;
  private final ClientConfig client;
  private final LongAdder calls = new LongAdder();
  private final LongAdder failures = new LongAdder();

  public PassThrough(Router<GrpcConnection> router, ClientConfig client) {
    this.cursor = router.cursor();
    this.client = client;
  }

  /** Calls handed through. */
  public long calls() {
    return calls.sum();
  }

  /** Calls whose status was not OK, whoever gave it. */
  public long failures() {
    return failures.sum();
  }

  @Override
  public ServerCall.Listener<byte[]> startCall(ServerCall<byte[], byte[]> call, Metadata headers) {
    calls.increment();
    Upstream<GrpcConnection> upstream = cursor.nextNow();
    if (upstream == null) {
      failures.increment();
      call.close(
          Status.UNAVAILABLE.withDescription("Satellite: no OAP node is up"), new Metadata());
      return new ServerCall.Listener<>() {};
    }
    String method = call.getMethodDescriptor().getFullMethodName();
    MethodType type = call.getMethodDescriptor().getType();
    ClientCall<byte[], byte[]> out =
        upstream.connection().channel().newCall(RawBytes.method(method, type), options(type));
    GrpcConnection.authenticate(headers, client.authentication());
    Passing passing = new Passing(call, out, upstream);
    upstream.passThroughStarted();
    out.start(passing.back, headers);
    call.request(1);
    out.request(1);
    return passing;
  }

  /** The client's deadline, which gRPC keeps in the context; unary calls without one get ours. */
  private CallOptions options(MethodType type) {
    Deadline deadline = Context.current().getDeadline();
    if (deadline != null) {
      return CallOptions.DEFAULT.withDeadline(deadline);
    }
    return type == MethodType.UNARY
        ? CallOptions.DEFAULT.withDeadlineAfter(
            client.unaryTimeout().toNanos(), TimeUnit.NANOSECONDS)
        : CallOptions.DEFAULT;
  }

  /**
   * The way to the node; {@link #back} is the way to the client. Each runs on its connection's
   * event loop. A side that cannot take more makes the other stop asking for more.
   */
  private final class Passing extends ServerCall.Listener<byte[]> {
    private final ServerCall<byte[], byte[]> client;
    private final ClientCall<byte[], byte[]> node;
    private final Upstream<GrpcConnection> upstream;
    final Back back = new Back();
    private boolean clientWaits;

    Passing(
        ServerCall<byte[], byte[]> client,
        ClientCall<byte[], byte[]> node,
        Upstream<GrpcConnection> upstream) {
      this.client = client;
      this.node = node;
      this.upstream = upstream;
    }

    @Override
    public void onMessage(byte[] message) {
      node.sendMessage(message);
      synchronized (this) {
        if (!node.isReady()) {
          clientWaits = true;
          return;
        }
      }
      client.request(1);
    }

    @Override
    public void onHalfClose() {
      node.halfClose();
    }

    @Override
    public void onCancel() {
      node.cancel("the client cancelled the call", null);
    }

    @Override
    public void onReady() {
      back.clientIsReady();
    }

    private void nodeIsReady() {
      synchronized (this) {
        if (!clientWaits) {
          return;
        }
        clientWaits = false;
      }
      client.request(1);
    }

    final class Back extends ClientCall.Listener<byte[]> {
      private boolean nodeWaits;

      @Override
      public void onHeaders(Metadata headers) {
        if (!client.isCancelled()) {
          client.sendHeaders(headers);
        }
      }

      @Override
      public void onMessage(byte[] message) {
        if (client.isCancelled()) {
          return;
        }
        client.sendMessage(message);
        synchronized (this) {
          if (!client.isReady()) {
            nodeWaits = true;
            return;
          }
        }
        node.request(1);
      }

      @Override
      public void onClose(Status status, Metadata trailers) {
        upstream.passThroughEnded();
        if (!status.isOk()) {
          failures.increment();
        }
        // What gRPC has answered itself, such as a message that is too large, must not be answered
        // twice: that would cost the client its connection.
        if (!client.isCancelled()) {
          client.close(status, trailers);
        }
      }

      @Override
      public void onReady() {
        nodeIsReady();
      }

      private void clientIsReady() {
        synchronized (this) {
          if (!nodeWaits) {
            return;
          }
          nodeWaits = false;
        }
        node.request(1);
      }
    }
  }
}
