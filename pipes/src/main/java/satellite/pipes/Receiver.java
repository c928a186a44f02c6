package satellite.pipes;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import satellite.pipes.Protocol.Gather;
import satellite.queue.Account;
import satellite.queue.Acknowledgement;
import satellite.queue.Event;
import satellite.queue.MemoryQueue;
import satellite.queue.QueueConfig.WhenFull;
import satellite.queue.Receipt;

/**
 * Takes the calls of one asynchronous method and answers them: its messages become events of the
 * pipe's queue. A full queue pauses the stream, which HTTP/2 flow control hands on to the client.
 * Where the pipe does not answer at once, a call waits for the receipts of its events; the queue's
 * bounds are theirs.
 */
final class Receiver implements ServerCallHandler<byte[], byte[]> {

  private static final byte[] EMPTY = {};

  /**
   * Of the sender's flush time, that gathering may use: the rest lets events of many streams meet.
   */
  private static final double GATHER_SHARE = 0.9;

  /** Enough to be joined: more only holds memory, see RATIONALE.md. */
  private static final int GATHERED_BYTES = 64 << 10;

  /**
   * A stream on which nothing came for so long has nothing on its way, most likely: longer than the
   * pauses of {@link ReadPacing} and than most ways, shorter than most flush times of senders.
   */
  private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  /**
   * Younger ones end by themselves, most likely. Above all, the first message of one that was
   * opened just now is on its way.
   */
  private static final long LASTING_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Protocol protocol;
  private final PipeConfig pipe;
  private final MemoryQueue queue;
  private final Account account;
  private final Settlement settlement;
  private final PipeMetrics metrics;
  private final Transport transport;
  private final Quota quota;
  private final LongSupplier nanoTime;
  private final AtomicInteger sources = new AtomicInteger();
  private final Set<Call> open = ConcurrentHashMap.newKeySet();

  /** Those that have ended, and wait for what becomes of their events. */
  private final Set<Call> awaiting = ConcurrentHashMap.newKeySet();

  private final LongAdder endedStreams = new LongAdder();

  Receiver(
      Protocol protocol,
      PipeConfig pipe,
      MemoryQueue queue,
      Account account,
      Settlement settlement,
      PipeMetrics metrics,
      Transport transport,
      Quota quota,
      LongSupplier nanoTime) {
    this.protocol = protocol;
    this.pipe = pipe;
    this.queue = queue;
    this.account = account;
    this.settlement = settlement;
    this.metrics = metrics;
    this.transport = transport;
    this.quota = quota;
    this.nanoTime = nanoTime;
  }

  @Override
  public ServerCall.Listener<byte[]> startCall(ServerCall<byte[], byte[]> call, Metadata headers) {
    Call started = new Call(call);
    open.add(started);
    started.begin();
    return started;
  }

  /**
   * Ends the streams that clients keep open; what they sent until now is queued. Those that have
   * ended them, and wait for their answer, get it.
   */
  void endStreams() {
    open.forEach(call -> call.loop.execute(call::end));
  }

  int openStreams() {
    return open.size();
  }

  /** Streams that were asked to end, and did. */
  long endedStreams() {
    return endedStreams.sum();
  }

  void openCalls(Consumer<OpenCall> each) {
    open.forEach(each);
    awaiting.forEach(each);
  }

  /** One of the calls that are under way, until they can be answered. Any thread. */
  interface OpenCall {

    SocketAddress client();

    long ageNanos(long now);

    /** Whether nothing is read of it now, so that what it has sent may fill the connection. */
    boolean isPaused();

    /**
     * Asks a stream that its client keeps open to end: as if the client had said that it ends, at a
     * moment at which nothing seems to be on its way; to be asked again otherwise.
     *
     * @param must whether it ends in any case
     */
    void retire(boolean must);
  }

  /** One call. All of it runs on the event loop of its connection. */
  private final class Call extends ServerCall.Listener<byte[]>
      implements StreamReader.Found, OpenCall {
    private final ServerCall<byte[], byte[]> call;
    private final long openedNanos = nanoTime.getAsLong();
    private final EventExecutor loop = transport.current();
    private final Arrival arrival = Arrival.current();
    private final StreamReader reader = protocol.reading().open(pipe);
    private final MemoryQueue.Partition own = queue.partition(sources.getAndIncrement());
    private final Deque<Event> pending = new ArrayDeque<>(2);
    private final PipeMetrics.Stream stream;

    /** By which quotas know it; null where there is none. */
    private final String payer;

    /** Null where the pipe answers at once. */
    private final Awaited awaited =
        queue.config().acknowledgement() == Acknowledgement.QUEUED
            ? null
            : new Awaited(this::acknowledged);

    private Gatherer gatherer;
    private Future<?> gathering;
    private Future<?> fullTimer;

    /** When the last message came, or could come again. */
    private long now = openedNanos;

    /** Nothing is read of it: it waits for space, or for its quota. */
    private volatile boolean paused;

    private boolean waitsForSpace;
    private boolean dropsOldest;
    private long droppedNanos;
    private String service;

    /** For so long after the last message nothing more is read, and nothing answered. */
    private long waitNanos;

    /** Ends that wait. */
    private Future<?> paying;

    /** It has to end: what it has sent by now is read, whatever a quota says. */
    private boolean leaving;

    private boolean halfClosed;
    private boolean over;
    private boolean gone;

    Call(ServerCall<byte[], byte[]> call) {
      this.call = call;
      this.payer = quota.isAny() ? peerHost() : null;
      this.stream =
          protocol.forwarding().gather() == Gather.FOR_A_TIME
              ? metrics.streamOpened(peerHost())
              : PipeMetrics.Stream.NOOP;
    }

    /** A client that has sent too much in other calls waits before its first message. */
    void begin() {
      take(0);
      goOn();
    }

    private void take(int bytes) {
      if (payer != null) {
        long wait = quota.take(payer, service, bytes);
        waitNanos = leaving ? 0 : wait;
      }
    }

    /** Reads on, or answers: now, or when it has paid for what it sent. */
    private void goOn() {
      stopPaying();
      long left = waitNanos == 0 ? 0 : waitNanos - (nanoTime.getAsLong() - now);
      if (left > 0) {
        paused = true;
        paying = loop.schedule(this::paid, left, TimeUnit.NANOSECONDS);
      } else if (halfClosed) {
        answer();
      } else {
        if (paused) {
          paused = false;
        }
        call.request(1);
      }
    }

    private void paid() {
      waitNanos = 0;
      // What it has sent meanwhile comes only now.
      now = nanoTime.getAsLong();
      goOn();
    }

    private void stopPaying() {
      if (paying != null) {
        paying.cancel(false);
        paying = null;
      }
    }

    private String peerHost() {
      SocketAddress peer = client();
      return peer instanceof InetSocketAddress address ? address.getHostString() : "unknown";
    }

    @Override
    public void onMessage(byte[] message) {
      if (over) {
        return;
      }
      stream.received();
      now = nanoTime.getAsLong();
      if (quota.asksForService()) {
        String named = protocol.serviceOf(message);
        // Of a stream it may stand in the first message only.
        service = named == null ? service : named;
      }
      take(message.length);
      try {
        reader.read(message, this);
      } catch (MalformedMessageException e) {
        account.refused("malformed", 1);
        stream.refused();
        close(Status.INVALID_ARGUMENT.withDescription(protocol.method() + ": " + e.getMessage()));
        return;
      }
      proceed();
    }

    @Override
    public void event(String key, String group, byte[] context, byte[]... parts) {
      // Of a piece nobody is told; the event that it becomes a part of has a receipt of its own.
      boolean piece = protocol.forwarding().gather() != Gather.NO;
      pending.add(
          new Event(
              protocol.method(), key, group, context, parts, 1, now, piece ? null : receipt()));
    }

    private Receipt receipt() {
      return awaited == null ? null : awaited.oneMore();
    }

    @Override
    public void useless(String reason) {
      account.received(1, 0);
      account.dropped(reason, 1);
    }

    @Override
    public void onHalfClose() {
      halfClosed = true;
      if (!over) {
        proceed();
      }
    }

    /**
     * The client went away, or its deadline came; OAP counts what it had sent, and so does
     * Satellite.
     */
    @Override
    public void onCancel() {
      gone = true;
      awaiting.remove(this);
      if (!over) {
        offerPending();
        account.refused("cancelled", pending.size());
        finish();
      }
    }

    @Override
    public void onComplete() {
      open.remove(this);
    }

    private void proceed() {
      if (offerPending()) {
        resume();
        goOn();
      } else {
        waitForSpace();
      }
    }

    /** True when everything that was read is queued. */
    private boolean offerPending() {
      Event next;
      while ((next = pending.peek()) != null) {
        if (!offer(next)) {
          return false;
        }
        pending.remove();
        account.received(next.messages(), next.payloadBytes());
      }
      return true;
    }

    private boolean offer(Event event) {
      MemoryQueue.Partition partition = partition(event);
      if (protocol.forwarding().gather() == Gather.NO) {
        return partition.offer(event);
      }
      return gather(event, partition);
    }

    private boolean gather(Event event, MemoryQueue.Partition partition) {
      boolean forATime = protocol.forwarding().gather() == Gather.FOR_A_TIME;
      if (gatherer == null) {
        gatherer =
            new Gatherer(
                partition,
                forATime ? pipe.gather().maxMessages() : Integer.MAX_VALUE,
                forATime ? Math.min(GATHERED_BYTES, pipe.batch().maxBytes()) : Integer.MAX_VALUE,
                stream::event,
                this::receipt);
      }
      if (!gatherer.offer(event)) {
        return false;
      }
      if (forATime && gathering == null && !gatherer.isEmpty()) {
        double most = GATHER_SHARE * pipe.batch().flushTime().toNanos();
        long nanos = (long) Math.min(pipe.gather().flushTime().toNanos(), most);
        gathering = loop.schedule(this::gathered, nanos, TimeUnit.NANOSECONDS);
      }
      return true;
    }

    private void gathered() {
      gathering = null;
      if (gatherer != null) {
        gatherer.flush();
      }
    }

    private void waitForSpace() {
      paused = true;
      if (fullTimer == null) {
        long timeout = queue.config().fullTimeout().toNanos();
        boolean still = dropsOldest && nanoTime.getAsLong() - droppedNanos < timeout;
        fullTimer = loop.schedule(this::fullForTooLong, still ? 0 : timeout, TimeUnit.NANOSECONDS);
      }
      if (!waitsForSpace) {
        waitsForSpace = true;
        queue.onSpace(() -> onLoop(this::spaceAgain));
        // Space that came before the registration told nobody.
        loop.execute(this::tryAgain);
      }
    }

    private void spaceAgain() {
      waitsForSpace = false;
      tryAgain();
      if (!waitsForSpace) {
        queue.passOn();
      }
    }

    private void tryAgain() {
      if (!over && !pending.isEmpty()) {
        proceed();
      }
    }

    private void resume() {
      if (fullTimer != null) {
        fullTimer.cancel(false);
        fullTimer = null;
        dropsOldest = false;
      }
    }

    private void fullForTooLong() {
      fullTimer = null;
      if (over || pending.isEmpty()) {
        return;
      }
      boolean ofDisk = partition(pending.peek()).diskRefuses();
      // What is dropped from memory makes no room on disk.
      if (queue.config().whenFull() == WhenFull.DROP_OLDEST && !ofDisk && dropOldest()) {
        return;
      }
      account.refused(ofDisk ? "disk" : "queue_full", pending.size());
      stream.refused();
      pending.clear();
      close(
          Status.RESOURCE_EXHAUSTED.withDescription(
              "pipe "
                  + pipe.name()
                  + ": "
                  + (ofDisk ? "the disk has failed or been full" : "the queue has been full")
                  + " for too long"));
    }

    /** Where an event goes that is not gathered. */
    private MemoryQueue.Partition partition(Event event) {
      return event.key() == null ? own : queue.partition(event.key().hashCode());
    }

    /** Makes room for what is pending; false if nothing that waits can be given up. */
    private boolean dropOldest() {
      Event next = pending.peek();
      List<Event> dropped = partition(next).dropOldest(next.bytes());
      if (dropped.isEmpty()) {
        return false;
      }
      settlement.dropped(dropped, "queue_full", "it was the oldest when there was no space");
      // While it stays full the source is not paused for each message anew.
      dropsOldest = true;
      droppedNanos = nanoTime.getAsLong();
      proceed();
      return true;
    }

    private void answer() {
      finish();
      if (awaited == null) {
        accept();
      } else {
        awaiting.add(this);
        awaited.sentAll();
      }
    }

    /** Any thread. */
    private void acknowledged(Failure failure) {
      onLoop(() -> answer(failure));
    }

    private void onLoop(Runnable task) {
      try {
        loop.execute(task);
      } catch (RejectedExecutionException e) {
        // The event loop has ended, and with it the connection.
      }
    }

    private void answer(Failure failure) {
      awaiting.remove(this);
      if (gone) {
        return;
      }
      if (failure == null) {
        accept();
      } else {
        call.close(
            failure.status("pipe " + pipe.name() + ": " + protocol.method()), new Metadata());
      }
    }

    private void accept() {
      call.sendHeaders(new Metadata());
      call.sendMessage(EMPTY);
      call.close(Status.OK, new Metadata());
    }

    @Override
    public SocketAddress client() {
      return Connections.client(call);
    }

    @Override
    public long ageNanos(long now) {
      return now - openedNanos;
    }

    @Override
    public boolean isPaused() {
      return paused;
    }

    @Override
    public void retire(boolean must) {
      onLoop(() -> retireHere(must));
    }

    private void retireHere(boolean must) {
      // What is pending waits for space.
      if (over || !pending.isEmpty() || !(must || isQuiet())) {
        return;
      }
      if (paying != null) {
        if (must) {
          leaving = true;
          paid();
        }
      } else if (protocol.kind() == Protocol.Kind.UNARY) {
        close(Status.UNAVAILABLE.withDescription("its message did not come in time"));
      } else {
        endedStreams.increment();
        answer();
      }
    }

    /** Never while a message is sure to come. */
    private boolean isQuiet() {
      long time = nanoTime.getAsLong();
      return time - now >= QUIET_NANOS
          && ageNanos(time) >= LASTING_NANOS
          && protocol.kind() != Protocol.Kind.UNARY
          && !arrival.isInPart();
    }

    private void end() {
      if (!over) {
        if (offerPending() && halfClosed) {
          answer();
          return;
        }
        account.refused("shutdown", pending.size());
        close(Status.UNAVAILABLE.withDescription("Satellite is stopping"));
      }
    }

    private void close(Status status) {
      finish();
      call.close(status, new Metadata());
    }

    /** Nothing more is taken; what was gathered goes on. */
    private void finish() {
      over = true;
      open.remove(this);
      stream.closed();
      pending.clear();
      paused = false;
      stopPaying();
      if (fullTimer != null) {
        fullTimer.cancel(false);
      }
      if (gathering != null) {
        gathering.cancel(false);
      }
      if (gatherer == null) {
        return;
      }
      if (protocol.forwarding().sticky() && gatherer.key() == null) {
        int messages = gatherer.discard();
        if (messages > 0) {
          account.dropped("no_identity", messages);
        }
      } else {
        gatherer.flush();
      }
    }
  }
}
