package satellite.pipes.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import satellite.pipes.protocol.RawBytes;
import satellite.routing.Connection.State;

/**
 * Asks a node over {@code grpc.health.v1} whether it serves, once in a check period while it is
 * connected. A node that says no is down at once, one that does not answer when it has not for
 * {@value #SILENCES} times in a row. A node that does not know the question serves.
 *
 * <p>By calls, not by a stream ({@code Watch}), which OAP does not offer. Any thread.
 */
final class HealthCheck {

  static final int SILENCES = 3;

  private static final MethodDescriptor<byte[], byte[]> CHECK =
      RawBytes.method("grpc.health.v1.Health/Check", MethodType.UNARY);

  private final ManagedChannel channel;
  private final ClientConfig client;
  private final ScheduledExecutorService timer;
  private final Runnable onChange;
  // Read without the lock: whoever reads has one of his own.
  private volatile State verdict = State.CONNECTING;
  private volatile String why = "";
  private int silences;

  /** Null while it is not connected. */
  private Object connection;

  private ScheduledFuture<?> next;

  /**
   * @param onChange run after each answer
   */
  HealthCheck(
      ManagedChannel channel,
      ClientConfig client,
      ScheduledExecutorService timer,
      Runnable onChange) {
    this.channel = channel;
    this.client = client;
    this.timer = timer;
    this.onChange = onChange;
  }

  /** The node is connected now, or is not. */
  void connected(boolean yes) {
    Object now;
    synchronized (this) {
      if (yes == (connection != null)) {
        return;
      }
      connection = yes ? new Object() : null;
      now = connection;
      if (next != null) {
        next.cancel(false);
      }
      silences = 0;
      // One that was down stays so until it says otherwise.
      verdict = verdict == State.DOWN ? State.DOWN : State.CONNECTING;
    }
    if (yes) {
      ask(now);
    }
  }

  /** Of a node that is connected; {@code CONNECTING} before its first answer. */
  State verdict() {
    return verdict;
  }

  /** Why it is down; empty while it is not. */
  String why() {
    return why;
  }

  private void ask(Object asked) {
    synchronized (this) {
      if (asked != connection) {
        return;
      }
    }
    CallOptions withinPeriod =
        CallOptions.DEFAULT.withDeadlineAfter(client.checkPeriod().toNanos(), TimeUnit.NANOSECONDS);
    call(
        channel,
        withinPeriod,
        client.authentication(),
        (status, answer) -> {
          if (judge(asked, status, answer)) {
            onChange.run();
          }
        });
  }

  /**
   * Asks once.
   *
   * @param done told once how the call ended, and what was answered; the latter is {@code UNKNOWN}
   *     where nothing was
   */
  static void call(
      ManagedChannel channel,
      CallOptions options,
      String token,
      BiConsumer<Status, ServingStatus> done) {
    Metadata headers = new Metadata();
    GrpcConnection.authenticate(headers, token);
    ClientCall<byte[], byte[]> call = channel.newCall(CHECK, options);
    call.start(
        new ClientCall.Listener<>() {
          private ServingStatus answer = ServingStatus.UNKNOWN;

          @Override
          public void onMessage(byte[] message) {
            try {
              answer = HealthCheckResponse.parseFrom(message).getStatus();
            } catch (InvalidProtocolBufferException e) {
              answer = ServingStatus.UNRECOGNIZED;
            }
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            done.accept(status, answer);
          }
        },
        headers);
    call.request(1);
    // An empty request asks for the server as a whole.
    call.sendMessage(new byte[0]);
    call.halfClose();
  }

  /** Whether there may be something new. */
  private synchronized boolean judge(Object asked, Status status, ServingStatus answer) {
    if (asked != connection) {
      return false;
    }
    scheduleNext(asked);
    if (status.isOk()) {
      decide(answer == ServingStatus.SERVING, "its health check answered " + answer);
    } else if (status.getCode() == Status.Code.UNIMPLEMENTED) {
      decide(true, "");
    } else if (++silences >= SILENCES) {
      String last = status.getCode() + ": " + GrpcConnection.reason(status);
      verdict = State.DOWN;
      why = "its health check failed " + silences + " times, the last with " + last;
    }
    return true;
  }

  private void decide(boolean serves, String otherwise) {
    silences = 0;
    verdict = serves ? State.UP : State.DOWN;
    why = serves ? "" : otherwise;
  }

  private void scheduleNext(Object asked) {
    try {
      next = timer.schedule(() -> ask(asked), client.checkPeriod().toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      // The pool is closed, and so is everything that could be asked.
    }
  }
}
