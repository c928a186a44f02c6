package satellite.pipes.server;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.protocol.RawBytes;
import satellite.pipes.transport.AccessToken;
import satellite.pipes.transport.EventLoops;

/**
 * Who takes the calls of which method: the {@link Receiver} of its pipe, or, where it has none, the
 * pass-through. Whoever does, the token comes first.
 */
final class MethodTable extends HandlerRegistry {

  /** Reads of a connection with access logs within the time for which they are gathered. */
  private static final int READS_PER_GATHERING = 5;

  /**
   * Half-closes and pings also wait for the next read, and so does the end of the connection. It is
   * less than {@link QuietPeriod#QUIET_NANOS}.
   */
  private static final long MAX_READ_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** Of streams that end soon, and whose senders then wait for the answer. */
  private static final long SHORT_READ_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private static final String OAP_ONLY =
      "RemoteService is for OAP nodes among themselves; Satellite does not pass it";

  private static final String TOKEN_MISSING =
      "Satellite asks for a token: metadata key \"" + AccessToken.HEADER + "\" is missing";

  private static final String TOKEN_WRONG =
      "the token in metadata key \"" + AccessToken.HEADER + "\" is not the one Satellite asks for";

  private final Map<String, ServerMethodDefinition<byte[], byte[]>> known = new HashMap<>();
  private final List<Receiver> receivers = new ArrayList<>();
  private final ServerCallHandler<byte[], byte[]> passThrough;
  private final ConnectionRegistry connections;
  private final ReceiveBudget budget;
  private final AccessToken token;
  private final LongAdder denied = new LongAdder();

  /**
   * @param passThrough takes what no pipe does
   */
  MethodTable(
      List<Pipe> pipes,
      ServerCallHandler<byte[], byte[]> passThrough,
      ConnectionRegistry connections,
      EventLoops loops,
      Quota quota,
      ReceiveBudget budget,
      AccessToken token) {
    this.budget = budget;
    this.passThrough = passThrough;
    this.connections = connections;
    this.token = token;
    Map<String, Pipe> byReceiver = new HashMap<>();
    pipes.forEach(pipe -> byReceiver.put(pipe.config().receiver(), pipe));
    for (Protocol protocol : Protocols.TABLE) {
      Pipe pipe = byReceiver.get(protocol.receiver().pluginName());
      boolean queued =
          protocol.mode() == Protocol.Mode.ASYNCHRONOUS
              && pipe != null
              && pipe.config().takes(protocol);
      known.put(
          protocol.method().substring(1),
          method(
              protocol.method(),
              type(protocol),
              queued ? receiver(protocol, pipe, loops, quota) : prompt(passThrough)));
    }
  }

  List<Receiver> receivers() {
    return receivers;
  }

  /** Calls refused for want of the right token. */
  long denied() {
    return denied.sum();
  }

  private ServerCallHandler<byte[], byte[]> receiver(
      Protocol protocol, Pipe pipe, EventLoops loops, Quota quota) {
    Receiver receiver = new Receiver(protocol, pipe, loops, quota, budget);
    receivers.add(receiver);
    if (protocol.kind() == Protocol.Kind.UNARY) {
      return receiver;
    }
    long delay = readDelayNanos(protocol, pipe.config());
    return (call, headers) -> {
      ReadCoalescing reads = connections.reads(call);
      if (reads != null) {
        reads.coalesce(delay);
      }
      return receiver.startCall(call, headers);
    };
  }

  /** Gathering ends with the sender's flush time, whatever the receiver's says. */
  private static long readDelayNanos(Protocol protocol, PipeConfig pipe) {
    long gather = pipe.gather().flushTime().toNanos();
    long send = pipe.batch().flushTime().toNanos();
    boolean lasts = protocol.forwarding().gather() == Protocol.Gather.FOR_A_TIME;
    return Math.min(
        Math.min(gather, send) / READS_PER_GATHERING,
        lasts ? MAX_READ_DELAY_NANOS : SHORT_READ_DELAY_NANOS);
  }

  /** Somebody waits for the answer. */
  private ServerCallHandler<byte[], byte[]> prompt(ServerCallHandler<byte[], byte[]> next) {
    return (call, headers) -> {
      ReadCoalescing reads = connections.reads(call);
      if (reads == null) {
        return next.startCall(call, headers);
      }
      reads.awaited();
      return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
        @Override
        public void onComplete() {
          reads.answered();
          super.onComplete();
        }

        @Override
        public void onCancel() {
          reads.answered();
          super.onCancel();
        }
      };
    };
  }

  private static MethodType type(Protocol protocol) {
    return switch (protocol.kind()) {
      case UNARY -> MethodType.UNARY;
      case CLIENT_STREAM -> MethodType.CLIENT_STREAMING;
      case BIDI -> MethodType.BIDI_STREAMING;
    };
  }

  @Override
  public ServerMethodDefinition<?, ?> lookupMethod(String method, String authority) {
    ServerMethodDefinition<byte[], byte[]> row = known.get(method);
    if (row != null) {
      return row;
    }
    boolean internal = ("/" + method).startsWith(Protocols.OAP_INTERNAL);
    return method(
        method,
        MethodType.UNKNOWN,
        internal ? (call, headers) -> deny(call, OAP_ONLY) : prompt(passThrough));
  }

  private ServerMethodDefinition<byte[], byte[]> method(
      String method, MethodType type, ServerCallHandler<byte[], byte[]> handler) {
    return ServerMethodDefinition.create(RawBytes.method(method, type), guarded(handler));
  }

  /** Before any message of the call is read. */
  private ServerCallHandler<byte[], byte[]> guarded(ServerCallHandler<byte[], byte[]> next) {
    if (!token.isAskedFor()) {
      return next;
    }
    return (call, headers) -> {
      String presented = headers.get(AccessToken.METADATA_KEY);
      if (token.admits(presented)) {
        return next.startCall(call, headers);
      }
      denied.increment();
      return deny(call, presented == null ? TOKEN_MISSING : TOKEN_WRONG);
    };
  }

  private static ServerCall.Listener<byte[]> deny(ServerCall<byte[], byte[]> call, String why) {
    call.close(Status.PERMISSION_DENIED.withDescription(why), new Metadata());
    return new ServerCall.Listener<>() {};
  }
}
