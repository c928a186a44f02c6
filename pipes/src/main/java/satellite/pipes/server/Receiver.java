package satellite.pipes.server;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.transport.EventLoops;

/**
 * Takes the calls of one asynchronous method and answers them: their messages become events of its
 * pipe. {@link ReceiverCall} is what happens to each.
 */
final class Receiver implements ServerCallHandler<byte[], byte[]> {

  private final Protocol protocol;
  private final Pipe pipe;
  private final EventLoops loops;
  private final Quota quota;
  private final ReceiveBudget budget;

  /** Those that may send more. */
  private final Set<ReceiverCall> open = ConcurrentHashMap.newKeySet();

  /** Those that have sent all, and wait for what becomes of their events. */
  private final Set<ReceiverCall> awaiting = ConcurrentHashMap.newKeySet();

  Receiver(Protocol protocol, Pipe pipe, EventLoops loops, Quota quota, ReceiveBudget budget) {
    this.budget = budget;
    this.protocol = protocol;
    this.pipe = pipe;
    this.loops = loops;
    this.quota = quota;
  }

  @Override
  public ServerCall.Listener<byte[]> startCall(ServerCall<byte[], byte[]> call, Metadata headers) {
    ReceiverCall started = new ReceiverCall(this, call, loops.current(), quota, budget);
    opened(started);
    started.begin();
    return started;
  }

  Protocol protocol() {
    return protocol;
  }

  Pipe pipe() {
    return pipe;
  }

  private void opened(ReceiverCall call) {
    open.add(call);
    pipe.streamOpened();
  }

  /** It sends nothing more, or nothing more is taken. */
  void closed(ReceiverCall call) {
    if (open.remove(call)) {
      pipe.streamClosed();
    }
  }

  void awaits(ReceiverCall call) {
    awaiting.add(call);
  }

  void answered(ReceiverCall call) {
    awaiting.remove(call);
  }

  /**
   * Ends the streams that clients keep open; what they sent until now is queued. Those that have
   * ended them, and wait for their answer, get it.
   */
  void endStreams() {
    open.forEach(ReceiverCall::endForShutdown);
  }

  /** All that are not answered yet. */
  void openCalls(Consumer<ReceiverCall> each) {
    open.forEach(each);
    awaiting.forEach(each);
  }
}
