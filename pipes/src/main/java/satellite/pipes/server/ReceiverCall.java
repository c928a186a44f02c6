package satellite.pipes.server;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import satellite.pipes.pipe.DeliveryFailure;
import satellite.pipes.pipe.Intake;
import satellite.pipes.pipe.PendingReceipts;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.pipe.PipeMetrics;
import satellite.pipes.protocol.MalformedMessageException;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocol.Gather;
import satellite.pipes.protocol.StreamReader;
import satellite.queue.Account;
import satellite.queue.Acknowledgement;
import satellite.queue.Event;
import satellite.queue.Receipt;

/**
 * One call of a {@link Receiver}: its messages become events, one message at a time. The next one
 * is asked for when those before it are queued, which HTTP/2 flow control hands on to the client
 * (backpressure). Where the pipe does not answer at once, the call waits for the receipts of its
 * events.
 *
 * <pre>
 *          ┌── no space ──► PAUSED_FOR_SPACE ──┐
 *   OPEN ──┤                                   ├──► OPEN, or, if the client has half-closed:
 *          └── no quota ──► PAUSED_FOR_QUOTA ──┘         AWAITING ──► OVER
 *   each but AWAITING ── refused, cancelled, ended ──► OVER
 * </pre>
 *
 * All of it runs on the event loop of its connection, but what says otherwise.
 */
final class ReceiverCall extends ServerCall.Listener<byte[]>
    implements StreamReader.Sink, Admission.Listener {

  private enum State {
    /** The next message is asked for. */
    OPEN,
    /** What it has sent finds no space in its queue. */
    PAUSED_FOR_SPACE,
    /** It has sent more than its quota: nothing is read, or answered, until the time is over. */
    PAUSED_FOR_QUOTA,
    /** All of it is queued, and no more is taken; the answer waits for the receipts. */
    AWAITING,
    /** Answered, or there is nobody to answer. */
    OVER
  }

  private static final byte[] EMPTY = {};

  private final Receiver receiver;
  private final Protocol protocol;
  private final Pipe pipe;
  private final Account account;
  private final LongSupplier nanoTime;
  private final ServerCall<byte[], byte[]> call;
  private final EventExecutor loop;
  private final StreamReader reader;
  private final long openedNanos;
  private final QuietPeriod quiet;
  private final QuotaPause quota;
  private final Admission admission;
  private final PipeMetrics.Stream stream;

  /** Null where the protocol does not gather. */
  private final Gathering gathering;

  /** Null where the pipe answers at once. */
  private final PendingReceipts receipts;

  private volatile State state = State.OPEN;
  private boolean halfClosed;

  /** Messages that found no space for too long: the client is told so at the end. */
  private int refused;

  private boolean refusedByDisk;

  /** When the last message came. */
  private long receivedNanos;

  /** Ends {@link State#PAUSED_FOR_QUOTA}. */
  private Future<?> quotaTimer;

  ReceiverCall(
      Receiver receiver,
      ServerCall<byte[], byte[]> call,
      EventExecutor loop,
      Quota quota,
      ReceiveBudget budget) {
    this.receiver = receiver;
    this.protocol = receiver.protocol();
    this.pipe = receiver.pipe();
    this.account = pipe.account();
    this.nanoTime = pipe.clock();
    this.call = call;
    this.loop = loop;
    this.reader = protocol.reading().open(pipe.config().readerOptions());
    this.openedNanos = nanoTime.getAsLong();
    this.receivedNanos = openedNanos;
    this.quiet = new QuietPeriod(InboundMessageTracer.current(), openedNanos);
    this.quota = new QuotaPause(quota, protocol, quota.isAny() ? peerHost() : null);
    this.stream =
        protocol.forwarding().gather() == Gather.FOR_A_TIME
            ? pipe.metrics().streamOpened(peerHost())
            : PipeMetrics.Stream.NOOP;
    this.receipts =
        pipe.queue().config().acknowledgement() == Acknowledgement.QUEUED
            ? null
            : new PendingReceipts(this::acknowledged);
    Intake intake = pipe.intake();
    this.gathering =
        protocol.forwarding().gather() == Gather.NO
            ? null
            : new Gathering(protocol, pipe, intake, loop, stream::event, this::receipt);
    this.admission =
        new Admission(
            intake,
            gathering == null ? intake::accept : gathering::offer,
            pipe.queue(),
            budget,
            loop,
            nanoTime,
            this);
  }

  private String peerHost() {
    SocketAddress peer = client();
    return peer instanceof InetSocketAddress address ? address.getHostString() : "unknown";
  }

  /** A client that has sent too much in other calls waits before its first message. */
  void begin() {
    quota.charge(EMPTY);
    advance();
  }

  @Override
  public void onMessage(byte[] message) {
    if (isFinished()) {
      return;
    }
    stream.received();
    receivedNanos = nanoTime.getAsLong();
    quiet.messageAt(receivedNanos);
    quota.charge(message);
    try {
      reader.read(message, this);
    } catch (MalformedMessageException e) {
      account.refused("malformed", 1);
      stream.refused();
      close(Status.INVALID_ARGUMENT.withDescription(protocol.method() + ": " + e.getMessage()));
      return;
    }
    advance();
  }

  @Override
  public void event(String key, String group, byte[] context, byte[]... parts) {
    // Of a piece nobody is told; the event that it becomes a part of has a receipt of its own.
    Receipt receipt = gathering == null ? receipt() : null;
    admission.add(
        new Event(protocol.method(), key, group, context, parts, 1, receivedNanos, receipt));
  }

  private Receipt receipt() {
    return receipts == null ? null : receipts.oneMore();
  }

  @Override
  public void discarded(String reason) {
    account.received(1, 0);
    account.dropped(reason, 1);
  }

  @Override
  public void onHalfClose() {
    halfClosed = true;
    if (!isFinished()) {
      advance();
    }
  }

  /**
   * The client went away, or its deadline came; OAP counts what it had sent, and so does Satellite.
   */
  @Override
  public void onCancel() {
    if (!isFinished()) {
      admission.offerAll();
      account.refused("cancelled", admission.discard());
    }
    become(State.OVER);
  }

  /** Nothing more is taken. */
  private boolean isFinished() {
    return state == State.AWAITING || state == State.OVER;
  }

  /** What was read goes on its way; then the next message is asked for, or the answer given. */
  private void advance() {
    if (!admission.offerAll()) {
      become(State.PAUSED_FOR_SPACE);
      admission.waitForSpace();
      return;
    }
    long pause = quota.leftNanos(receivedNanos, nanoTime);
    if (pause > 0) {
      become(State.PAUSED_FOR_QUOTA);
      quotaTimer = loop.schedule(this::quotaIsPaid, pause, TimeUnit.NANOSECONDS);
    } else if (halfClosed) {
      answer();
    } else {
      become(State.OPEN);
      call.request(1);
    }
  }

  /** The one place where the state changes. What has ended stays so. */
  private void become(State next) {
    if (state == State.OVER || (state == State.OPEN && next == State.OPEN)) {
      return;
    }
    boolean finishes = !isFinished() && (next == State.AWAITING || next == State.OVER);
    if (state == State.PAUSED_FOR_QUOTA) {
      quotaTimer.cancel(false);
    }
    if (state == State.AWAITING) {
      receiver.answered(this);
    }
    state = next;
    if (next == State.AWAITING) {
      receiver.awaits(this);
    }
    if (finishes) {
      receiver.closed(this);
      stream.closed();
      admission.discard();
      if (gathering != null) {
        gathering.finish();
      }
    }
  }

  private void quotaIsPaid() {
    quota.paid();
    // What it has sent meanwhile comes only now.
    receivedNanos = nanoTime.getAsLong();
    quiet.messageAt(receivedNanos);
    advance();
  }

  @Override
  public void spaceAgain() {
    advance();
  }

  @Override
  public void fullForTooLong(boolean ofDisk) {
    int messages = admission.discard();
    account.refused(ofDisk ? "disk" : "queue_full", messages);
    stream.refused();
    refused += messages;
    refusedByDisk = ofDisk;
    if (protocol.kind() == Protocol.Kind.UNARY) {
      close(refusal());
    } else {
      forgetReceipts(messages);
      // What its client has put on the wire behind it would be lost with the stream.
      advance();
    }
  }

  /** Nobody else tells them, as they will not be queued; the answer does. */
  private void forgetReceipts(int messages) {
    if (receipts != null && gathering == null) {
      for (int i = 0; i < messages; i++) {
        receipts.acknowledged();
      }
    }
  }

  private Status refusal() {
    return Status.RESOURCE_EXHAUSTED.withDescription(
        "pipe "
            + pipe.config().name()
            + ": "
            + (refusedByDisk ? "the disk has failed or been full" : "the queue has been full")
            + " for too long, "
            + refused
            + " of its messages were refused");
  }

  private void close(Status status) {
    become(State.OVER);
    call.close(status, new Metadata());
  }

  /** To a client that has sent all, or that is to send no more. */
  private void answer() {
    if (receipts == null) {
      become(State.OVER);
      answerOk();
    } else {
      // The receipts may all be told at once.
      become(State.AWAITING);
      receipts.sentAll();
    }
  }

  /** Any thread. */
  private void acknowledged(DeliveryFailure failure) {
    onLoop(() -> answer(failure));
  }

  private void answer(DeliveryFailure failure) {
    if (state == State.OVER) {
      return;
    }
    become(State.OVER);
    if (failure == null) {
      answerOk();
    } else {
      call.close(
          failure.status("pipe " + pipe.config().name() + ": " + protocol.method()),
          new Metadata());
    }
  }

  /** Where all of it was taken. */
  private void answerOk() {
    if (refused > 0) {
      call.close(refusal(), new Metadata());
      return;
    }
    call.sendHeaders(new Metadata());
    call.sendMessage(EMPTY);
    call.close(Status.OK, new Metadata());
  }

  private void onLoop(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The event loop has ended, and with it the connection.
    }
  }

  /** Any thread. */
  SocketAddress client() {
    return ConnectionRegistry.client(call);
  }

  /** Any thread. */
  long ageNanos(long now) {
    return now - openedNanos;
  }

  /**
   * Nothing is read of it now, so what it has sent may fill its connection's window. Any thread.
   */
  boolean isPaused() {
    State now = state;
    return now == State.PAUSED_FOR_SPACE || now == State.PAUSED_FOR_QUOTA;
  }

  /**
   * Asks a stream that its client keeps open to end: as if the client had said that it ends, at a
   * moment at which nothing seems to be on its way; to be asked again otherwise. Any thread.
   *
   * @param must whether it ends in any case
   */
  void endStream(boolean must) {
    onLoop(() -> endStreamHere(must));
  }

  private void endStreamHere(boolean must) {
    // What found no space ends by itself.
    if (isFinished() || !admission.isEmpty()) {
      return;
    }
    if (state == State.PAUSED_FOR_QUOTA) {
      if (must) {
        quota.waive();
        quotaIsPaid();
      }
    } else if (protocol.kind() == Protocol.Kind.UNARY) {
      // A message is sure to come.
      if (must) {
        close(Status.UNAVAILABLE.withDescription("its message did not come in time"));
      }
    } else if (must || quiet.isAt(nanoTime.getAsLong())) {
      pipe.streamEnded();
      answer();
    }
  }

  /** Satellite is stopping. Any thread. */
  void endForShutdown() {
    onLoop(this::endForShutdownHere);
  }

  private void endForShutdownHere() {
    if (isFinished()) {
      return;
    }
    if (admission.offerAll() && halfClosed) {
      answer();
      return;
    }
    account.refused("shutdown", admission.discard());
    close(Status.UNAVAILABLE.withDescription("Satellite is stopping"));
  }
}
