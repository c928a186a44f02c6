package satellite.pipes.grpc;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import satellite.pipes.pipe.Forwarder;
import satellite.pipes.pipe.Outcome;
import satellite.pipes.pipe.PipeMetrics;
import satellite.pipes.protocol.Merging;
import satellite.pipes.protocol.Payload;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocol.Shape;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.protocol.RawBytes;
import satellite.queue.Batch;
import satellite.queue.Event;
import satellite.routing.Upstream;

/** Merges a batch as its protocol allows, and sends it as one gRPC call. Any thread. */
public final class GrpcForwarder implements Forwarder<GrpcConnection> {

  private final ClientConfig client;
  private final PipeMetrics metrics;
  private final LongSupplier nanoTime;
  private final Map<String, MethodDescriptor<Payload, byte[]>> methods = new ConcurrentHashMap<>();

  public GrpcForwarder(ClientConfig client, PipeMetrics metrics, LongSupplier nanoTime) {
    this.client = client;
    this.metrics = metrics;
    this.nanoTime = nanoTime;
  }

  @Override
  public Object together(Event event) {
    return Merging.call(event);
  }

  @Override
  public void send(Upstream<GrpcConnection> upstream, Batch batch, Consumer<Outcome> done) {
    Protocol.Forwarding how = Protocols.of(batch.first().method()).forwarding();
    boolean unary = how.shape() == Shape.UNARY_EACH || how.shape() == Shape.UNARY_JOINED;
    List<Payload> messages = Merging.messages(how.shape(), batch.events());
    long timeout = (unary ? client.unaryTimeout() : client.streamTimeout()).toNanos();
    ClientCall<Payload, byte[]> call =
        upstream
            .connection()
            .channel()
            .newCall(
                method(how.target(), unary ? MethodType.UNARY : MethodType.CLIENT_STREAMING),
                CallOptions.DEFAULT.withDeadlineAfter(timeout, TimeUnit.NANOSECONDS));
    Sending sending = new Sending(call, upstream, batch, messages, done);
    // A client's call may have brought the thread here: its deadline and its cancellation are not
    // ours.
    Context.ROOT.run(() -> sending.start(client.authentication()));
  }

  private MethodDescriptor<Payload, byte[]> method(String target, MethodType type) {
    return methods.computeIfAbsent(
        target,
        name ->
            MethodDescriptor.newBuilder(Payload.MARSHALLER, RawBytes.MARSHALLER)
                .setFullMethodName(name.substring(1))
                .setType(type)
                .build());
  }

  /** One call under way. gRPC calls it back on the node's event loop, one call at a time. */
  private final class Sending extends ClientCall.Listener<byte[]> {
    private final ClientCall<Payload, byte[]> call;
    private final Upstream<GrpcConnection> upstream;
    private final Batch batch;
    private final Iterator<Payload> unsent;
    private final Consumer<Outcome> done;
    private final int count;

    /** While it is being started, and until it is closed: another thread may read the batch. */
    private final AtomicInteger open = new AtomicInteger(2);

    private volatile Outcome outcome;
    private final long startNanos = nanoTime.getAsLong();
    private long bytes;
    private int largest;
    private boolean halfClosed;

    Sending(
        ClientCall<Payload, byte[]> call,
        Upstream<GrpcConnection> upstream,
        Batch batch,
        List<Payload> messages,
        Consumer<Outcome> done) {
      this.call = call;
      this.upstream = upstream;
      this.batch = batch;
      this.unsent = messages.iterator();
      this.count = messages.size();
      this.done = done;
    }

    void start(String authentication) {
      Metadata headers = new Metadata();
      GrpcConnection.authenticate(headers, authentication);
      call.start(this, headers);
      call.request(1);
      if (count == 1) {
        sendAndHalfClose();
      }
      ended();
    }

    /** The batch is settled only when nobody reads it any more. */
    private void ended() {
      if (open.decrementAndGet() == 0) {
        done.accept(outcome);
      }
    }

    /** A single message is handed over at once: gRPC sends it with the headers. */
    private void sendAndHalfClose() {
      sendNext();
      halfClosed = true;
      call.halfClose();
    }

    private void sendNext() {
      Payload message = unsent.next();
      bytes += message.length();
      largest = Math.max(largest, message.length());
      call.sendMessage(message);
    }

    @Override
    public void onReady() {
      while (count > 1 && !halfClosed && call.isReady()) {
        sendNext();
        if (!unsent.hasNext()) {
          halfClosed = true;
          call.halfClose();
        }
      }
    }

    @Override
    public void onMessage(byte[] answer) {
      call.request(1);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      outcome =
          status.isOk() && !halfClosed
              ? new Outcome.Unreached(
                  "answered_early", "the node answered before it had everything")
              : Outcome.of(status, largest);
      metrics.called(
          upstream.node().address(),
          outcome,
          batch,
          count,
          bytes,
          nanoTime.getAsLong() - startNanos);
      ended();
    }
  }
}
