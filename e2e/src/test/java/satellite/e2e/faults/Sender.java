package satellite.e2e.faults;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.skywalking.apm.network.language.agent.v3.MeterData;
import org.apache.skywalking.apm.network.language.agent.v3.MeterDataCollection;
import org.apache.skywalking.apm.network.language.agent.v3.MeterReportServiceGrpc;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentCollection;
import org.apache.skywalking.apm.network.language.agent.v3.TraceSegmentReportServiceGrpc;
import org.apache.skywalking.apm.network.logging.v3.LogData;
import org.apache.skywalking.apm.network.logging.v3.LogReportServiceGrpc;
import org.apache.skywalking.apm.network.management.v3.ManagementServiceGrpc;
import satellite.e2e.faults.Item.Answer;
import satellite.e2e.faults.Item.Kind;

/**
 * Several sources, a thread each, on three connections. Each sends call after call, all with new
 * items, and writes into the {@link Ledger} how each call was answered. Nothing is sent again, so
 * that an answer has one meaning.
 */
final class Sender implements AutoCloseable {

  private static final int CONNECTIONS = 3;
  private static final List<Kind> SOURCES =
      List.of(Kind.SEGMENT, Kind.LOG, Kind.METER, Kind.SEGMENT, Kind.METER, Kind.KEEPALIVE);
  private static final int MAX_ITEMS = 12;
  private static final long DEADLINE_SECONDS = 4;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(8);

  private final Ledger ledger;
  private final List<Thread> threads = new ArrayList<>();

  /** Each call holds one; who holds all of them has silence. */
  private final Semaphore turns = new Semaphore(SOURCES.size(), true);

  private final AtomicLong calls = new AtomicLong();
  private volatile List<ManagedChannel> channels = List.of();
  private volatile int incarnation;
  private volatile boolean connected;
  private volatile boolean closed;

  Sender(String name, Ledger ledger, long seed) {
    this.ledger = ledger;
    turns.acquireUninterruptibly(SOURCES.size());
    for (int i = 0; i < SOURCES.size(); i++) {
      int number = i;
      Random random = new Random(seed + i);
      Thread thread = new Thread(() -> send(number, random), "sender-" + name + "-" + i);
      thread.setDaemon(true);
      threads.add(thread);
      thread.start();
    }
  }

  /** From now on to this Satellite. */
  void connect(String address, int incarnation) {
    List<ManagedChannel> before = channels;
    this.incarnation = incarnation;
    channels =
        IntStream.range(0, CONNECTIONS)
            .<ManagedChannel>mapToObj(
                i -> NettyChannelBuilder.forTarget(address).usePlaintext().build())
            .toList();
    connected = true;
    before.forEach(ManagedChannel::shutdown);
  }

  /** There is nobody to send to. */
  void disconnect() {
    connected = false;
  }

  void resume() {
    turns.release(SOURCES.size());
  }

  /** Returns when no call is under way any more. */
  void pause() {
    turns.acquireUninterruptibly(SOURCES.size());
  }

  /** Calls that have ended. */
  long calls() {
    return calls.get();
  }

  @Override
  public void close() {
    closed = true;
    channels.forEach(ManagedChannel::shutdownNow);
    threads.forEach(LockSupport::unpark);
  }

  private void send(int number, Random random) {
    Kind kind = SOURCES.get(number);
    String source = "source-" + number;
    while (!closed) {
      if (!connected) {
        LockSupport.parkNanos(PAUSE_NANOS);
        continue;
      }
      turns.acquireUninterruptibly();
      Answer answer;
      try {
        // An agent sends its meters in one way or the other: between the two there is no order.
        boolean together = kind == Kind.METER ? number == 2 : random.nextBoolean();
        answer = call(kind, source, channels.get(number % CONNECTIONS), together, random);
        calls.incrementAndGet();
      } finally {
        turns.release();
      }
      int pauses = answer != Answer.OK ? 20 : kind == Kind.KEEPALIVE ? 4 : 1;
      LockSupport.parkNanos((long) (pauses * PAUSE_NANOS * random.nextDouble()));
    }
  }

  private Answer call(
      Kind kind, String source, ManagedChannel channel, boolean together, Random random) {
    int count = kind == Kind.KEEPALIVE ? 1 : 1 + random.nextInt(MAX_ITEMS);
    boolean unit = together && (kind == Kind.SEGMENT || kind == Kind.METER);
    List<Item> items = ledger.write(kind, source, count, unit, incarnation);
    int messages = kind == Kind.SEGMENT && together ? 1 : count;
    Answer answer =
        switch (kind) {
          case SEGMENT -> together ? collection(channel, items) : segments(channel, items);
          case LOG -> logs(channel, items);
          case METER -> together ? meterStream(channel, items) : meterBatches(channel, items);
          case KEEPALIVE -> keepAlive(channel, items.get(0));
        };
    ledger.answered(items, answer, messages);
    return answer;
  }

  private static Answer collection(ManagedChannel channel, List<Item> items) {
    SegmentCollection.Builder all = SegmentCollection.newBuilder();
    items.forEach(item -> all.addSegments(Messages.segment(item)));
    return unary(all.build(), timed(TraceSegmentReportServiceGrpc.newStub(channel))::collectInSync);
  }

  private static Answer segments(ManagedChannel channel, List<Item> items) {
    return stream(
        items.stream().map(Messages::segment),
        timed(TraceSegmentReportServiceGrpc.newStub(channel))::collect);
  }

  private static Answer logs(ManagedChannel channel, List<Item> items) {
    LogData first = Messages.log(items.get(0)).toBuilder().setService(Messages.SERVICE).build();
    return stream(
        Stream.concat(Stream.of(first), items.stream().skip(1).map(Messages::log)),
        timed(LogReportServiceGrpc.newStub(channel))::collect);
  }

  /** A stream is one report. */
  private static Answer meterStream(ManagedChannel channel, List<Item> items) {
    MeterData first = Messages.named(items.get(0), Messages.meter(items.get(0)));
    return stream(
        Stream.concat(Stream.of(first), items.stream().skip(1).map(Messages::meter)),
        timed(MeterReportServiceGrpc.newStub(channel))::collect);
  }

  /** A message is one report. */
  private static Answer meterBatches(ManagedChannel channel, List<Item> items) {
    return stream(
        items.stream()
            .map(item -> Messages.named(item, Messages.meter(item)))
            .map(meter -> MeterDataCollection.newBuilder().addMeterData(meter).build()),
        timed(MeterReportServiceGrpc.newStub(channel))::collectBatch);
  }

  private static Answer keepAlive(ManagedChannel channel, Item item) {
    return unary(
        Messages.keepAlive(item), timed(ManagementServiceGrpc.newStub(channel))::keepAlive);
  }

  private static <S extends AbstractStub<S>> S timed(S stub) {
    return stub.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
  }

  private interface Unary<Q, A> {
    void call(Q request, StreamObserver<A> answer);
  }

  private static <Q, A> Answer unary(Q request, Unary<Q, A> method) {
    Ending<A> ending = new Ending<>();
    method.call(request, ending);
    return ending.await();
  }

  private static <Q, A> Answer stream(
      Stream<Q> messages, Function<StreamObserver<A>, StreamObserver<Q>> method) {
    Ending<A> ending = new Ending<>();
    StreamObserver<Q> call = method.apply(ending);
    messages.forEach(call::onNext);
    call.onCompleted();
    return ending.await();
  }

  /** How a call ended. */
  private static final class Ending<A> implements StreamObserver<A> {
    private final CompletableFuture<Answer> answer = new CompletableFuture<>();

    @Override
    public void onNext(A message) {}

    @Override
    public void onCompleted() {
      answer.complete(Answer.OK);
    }

    @Override
    public void onError(Throwable error) {
      Status status = Status.fromThrowable(error);
      boolean broken =
          status.getCause() instanceof IOException
              || status.getCode() == Status.Code.DEADLINE_EXCEEDED
              || status.getCode() == Status.Code.CANCELLED;
      answer.complete(broken ? Answer.BROKEN : Answer.REFUSED);
    }

    Answer await() {
      try {
        return answer.get(2 * DEADLINE_SECONDS, TimeUnit.SECONDS);
      } catch (java.util.concurrent.TimeoutException e) {
        throw new IllegalStateException("a call outlives its deadline", e);
      } catch (ExecutionException | InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
