package satellite.standin;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import satellite.standin.TrafficMessages.Sender;

/**
 * A small source of real traffic: a few agents and Envoys, each on a connection of its own, that
 * report at an even pace as the real ones do.
 *
 * <p>A message is sent only when its stream is ready for it; one that is due while the stream is
 * not is left out, so nothing piles up in front of a slow receiver. All state is owned by one
 * thread, which paces the messages and takes the answers; the counts may be read by any.
 */
public final class TrafficSource implements AutoCloseable {

  static final String SEGMENTS = "skywalking.v3.TraceSegmentReportService/collect";
  static final String METERS = "skywalking.v3.MeterReportService/collectBatch";
  static final String LOGS = "skywalking.v3.LogReportService/collect";
  static final String JVM = "skywalking.v3.JVMMetricReportService/collect";
  static final String KEEP_ALIVE = "skywalking.v3.ManagementService/keepAlive";
  static final String ACCESS_LOGS = "envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";

  static final int SEGMENTS_PER_STREAM = 20;

  /** Calls of one kind and sender that may wait for their answer before no new one is opened. */
  static final int MAX_UNANSWERED = 4;

  private static final int WHOLE_LIFE = Integer.MAX_VALUE;
  private static final long TICK_MILLIS = 10;
  private static final long RETRY_NANOS = Duration.ofMillis(500).toNanos();

  /**
   * How much comes.
   *
   * @param messagesPerSecond of all senders and kinds together
   */
  public record Load(int agents, int envoys, double messagesPerSecond) {

    public Load {
      if (agents < 1 || envoys < 1 || !(messagesPerSecond > 0)) {
        throw new IllegalArgumentException(
            "at least one agent, one Envoy and some messages: "
                + agents
                + ", "
                + envoys
                + ", "
                + messagesPerSecond);
      }
    }
  }

  /**
   * {@code sent = answered + failed + still open}, in messages: a call that ends takes all its
   * messages with it.
   *
   * @param leftOut due, but the stream was not ready or too many calls were unanswered
   */
  public record Counts(long sent, long answered, long failed, long leftOut) {}

  private interface Encoder {
    byte[] encode(long number, boolean first);
  }

  private final InetSocketAddress target;
  private final Load load;
  private final Duration answerTimeout;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "traffic-source");
            thread.setDaemon(true);
            return thread;
          });
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final List<Reporter> reporters = new ArrayList<>();
  private final LongAdder sent = new LongAdder();
  private final LongAdder answered = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder leftOut = new LongAdder();
  private final CountDownLatch allEnded = new CountDownLatch(1);

  // Guarded by this.
  private boolean started;
  private boolean closed;

  // Owned by the thread.
  private boolean closing;
  private int openCalls;

  /**
   * @param answerTimeout how long {@link #close} waits for the answers
   */
  public TrafficSource(String host, int port, Load load, Duration answerTimeout) {
    this.target = new InetSocketAddress(host, port);
    this.load = load;
    this.answerTimeout = answerTimeout;
  }

  /** Begins to report; a receiver that is not there yet is tried again and again. */
  public synchronized TrafficSource start() {
    if (started || closed) {
      throw new IllegalStateException("starts once");
    }
    started = true;
    double perAgent = load.messagesPerSecond() / load.agents();
    for (int i = 1; i <= load.agents(); i++) {
      addAgent(new Sender("demo-shop-" + i, "agent-" + i + "@10.0.0." + i), perAgent);
    }
    double perEnvoy = load.messagesPerSecond() / load.envoys();
    for (int i = 1; i <= load.envoys(); i++) {
      addEnvoy(new Sender("demo-gateway", "envoy-" + i), perEnvoy);
    }
    spread();
    thread.scheduleAtFixedRate(this::tick, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
    return this;
  }

  /** The shares of agents and Envoys make one together. */
  private void addAgent(Sender agent, double rate) {
    MethodType stream = MethodType.CLIENT_STREAMING;
    ManagedChannel channel = connect();
    report(
        channel,
        Wire.method(SEGMENTS, stream),
        SEGMENTS_PER_STREAM,
        rate * 0.50,
        (number, first) -> TrafficMessages.segment(agent, number, now()));
    report(
        channel,
        Wire.method(METERS, stream),
        1,
        rate * 0.10,
        (number, first) -> TrafficMessages.meters(agent, number, now()));
    report(
        channel,
        Wire.method(LOGS, stream),
        5,
        rate * 0.06,
        (number, first) -> TrafficMessages.log(agent, number, now()));
    report(
        channel,
        Wire.method(JVM, MethodType.UNARY),
        1,
        rate * 0.02,
        (number, first) -> TrafficMessages.jvm(agent, number, now()));
    report(
        channel,
        Wire.method(KEEP_ALIVE, MethodType.UNARY),
        1,
        rate * 0.02,
        (number, first) -> TrafficMessages.keepAlive(agent));
  }

  private void addEnvoy(Sender envoy, double rate) {
    report(
        connect(),
        Wire.method(ACCESS_LOGS, MethodType.CLIENT_STREAMING),
        WHOLE_LIFE,
        rate * 0.30,
        (number, first) -> TrafficMessages.accessLogs(envoy, number, now(), first));
  }

  private ManagedChannel connect() {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(target).usePlaintext().executor(thread).build();
    channels.add(channel);
    return channel;
  }

  private void report(
      ManagedChannel channel,
      MethodDescriptor<byte[], byte[]> method,
      int messagesPerCall,
      double perSecond,
      Encoder encoder) {
    long gapNanos = Math.max(1, (long) (TimeUnit.SECONDS.toNanos(1) / perSecond));
    reporters.add(new Reporter(channel, method, messagesPerCall, gapNanos, encoder));
  }

  /** Lets the reporters begin one after the other, lest they all report in the same instant. */
  private void spread() {
    long now = System.nanoTime();
    for (int i = 0; i < reporters.size(); i++) {
      Reporter reporter = reporters.get(i);
      long within = Math.min(reporter.gapNanos, TimeUnit.SECONDS.toNanos(1));
      reporter.dueAt = now + within * i / reporters.size();
    }
  }

  private static long now() {
    return System.currentTimeMillis();
  }

  private void tick() {
    if (!closing) {
      long now = System.nanoTime();
      reporters.forEach(reporter -> reporter.catchUp(now));
    }
  }

  public Counts counts() {
    // Answers first: read the other way round, more could seem answered than sent.
    long ok = answered.sum();
    long lost = failed.sum();
    return new Counts(sent.sum(), ok, lost, leftOut.sum());
  }

  /** Half-closes all streams, waits for their answers, and gives up what is still open then. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      if (started) {
        thread.execute(this::finish);
        allEnded.await(answerTimeout.toNanos(), TimeUnit.NANOSECONDS);
        disconnect();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
      thread.shutdown();
    }
  }

  private void finish() {
    closing = true;
    reporters.forEach(Reporter::halfClose);
    checkAllEnded();
  }

  private void checkAllEnded() {
    if (closing && openCalls == 0) {
      allEnded.countDown();
    }
  }

  /** The calls that are left fail by it; the thread must live until they have said so. */
  private void disconnect() throws InterruptedException {
    for (ManagedChannel channel : channels) {
      channel.shutdownNow();
    }
    allEnded.await(1, TimeUnit.SECONDS);
    for (ManagedChannel channel : channels) {
      channel.awaitTermination(1, TimeUnit.SECONDS);
    }
  }

  /** One kind of report of one sender. */
  private final class Reporter {

    private final ManagedChannel channel;
    private final MethodDescriptor<byte[], byte[]> method;
    private final int messagesPerCall;
    private final long gapNanos;
    private final Encoder encoder;
    private long dueAt;
    private long number;
    private int unanswered;
    private Report current;

    Reporter(
        ManagedChannel channel,
        MethodDescriptor<byte[], byte[]> method,
        int messagesPerCall,
        long gapNanos,
        Encoder encoder) {
      this.channel = channel;
      this.method = method;
      this.messagesPerCall = messagesPerCall;
      this.gapNanos = gapNanos;
      this.encoder = encoder;
    }

    void catchUp(long now) {
      for (; dueAt - now <= 0; dueAt += gapNanos) {
        if (!send()) {
          long missed = (now - dueAt) / gapNanos;
          leftOut.add(1 + missed);
          dueAt += missed * gapNanos;
        }
      }
    }

    /** The first message of a call needs no readiness: calls are few, and it is what connects. */
    private boolean send() {
      if (current == null) {
        if (unanswered == MAX_UNANSWERED) {
          return false;
        }
        current = open();
      } else if (!current.call.isReady()) {
        return false;
      }
      current.call.sendMessage(encoder.encode(number++, current.messages == 0));
      sent.increment();
      if (++current.messages == messagesPerCall) {
        halfClose();
      }
      return true;
    }

    private Report open() {
      ClientCall<byte[], byte[]> call = channel.newCall(method, CallOptions.DEFAULT);
      Report report = new Report(this, call);
      call.start(report, new Metadata());
      call.request(2); // a second answer would be an error: let it show
      unanswered++;
      openCalls++;
      return report;
    }

    void halfClose() {
      if (current != null) {
        current.call.halfClose();
        current = null;
      }
    }

    void ended(Report report, Status status) {
      unanswered--;
      openCalls--;
      (status.isOk() ? answered : failed).add(report.messages);
      if (current == report) {
        current = null;
      }
      long retryAt = System.nanoTime() + RETRY_NANOS;
      if (!status.isOk() && dueAt - retryAt < 0) {
        dueAt = retryAt;
      }
      checkAllEnded();
    }
  }

  /** One call and what it carried; the channel's executor, our thread, tells it the end. */
  private static final class Report extends ClientCall.Listener<byte[]> {

    private final Reporter reporter;
    private final ClientCall<byte[], byte[]> call;
    private int messages;

    Report(Reporter reporter, ClientCall<byte[], byte[]> call) {
      this.reporter = reporter;
      this.call = call;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      reporter.ended(this, status);
    }
  }
}
