package satellite.pipes.protocol;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import satellite.bench.Messages;
import satellite.queue.Event;

/**
 * From a message's bytes to its event, as a receiver does it. Where a stream is one report, or a
 * call has one message, its reader is opened for each.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class KeyReadingBenchmark {

  private static final String ALS = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";

  static final ReaderOptions OPTIONS = new ReaderOptions(4 << 20, List.of(), false);

  /** Keeps the latest event. */
  static final class Latest implements StreamReader.Sink {
    private final String method;
    private Event event;

    Latest(String method) {
      this.method = method;
    }

    @Override
    public void event(String key, String group, byte[] context, byte[]... parts) {
      event = new Event(method, key, group, context, parts, 1, 0);
    }

    Event event() {
      return event;
    }

    @Override
    public void discarded(String reason) {
      throw new AssertionError(reason);
    }
  }

  /** A method, a message of it, and a stream that is open. */
  private static final class Stream {
    private final Protocol protocol;
    private final byte[] message;
    private final Latest found;
    private StreamReader reader;

    Stream(String method, byte[] message) {
      this.protocol = Protocols.of(method);
      this.message = message;
      this.found = new Latest(method);
      open();
    }

    Stream open() {
      reader = protocol.reading().open(OPTIONS);
      return this;
    }

    Event read() throws MalformedMessageException {
      reader.read(message, found);
      return found.event;
    }
  }

  private Stream log;
  private Stream meters;
  private Stream jvm;
  private Stream firstAccessLog;
  private Stream laterAccessLog;

  @Setup(Level.Trial)
  public void open() {
    log = new Stream("/skywalking.v3.LogReportService/collect", Messages.log());
    meters = new Stream("/skywalking.v3.MeterReportService/collectBatch", Messages.meters());
    jvm = new Stream("/skywalking.v3.JVMMetricReportService/collect", Messages.jvm());
    firstAccessLog = new Stream(ALS, Messages.accessLogWithIdentifier(1));
    laterAccessLog = new Stream(ALS, Messages.accessLog());
  }

  @Benchmark
  public Event log() throws MalformedMessageException {
    return log.read();
  }

  @Benchmark
  public Event meterCollection() throws MalformedMessageException {
    return meters.open().read();
  }

  @Benchmark
  public Event jvm() throws MalformedMessageException {
    return jvm.open().read();
  }

  @Benchmark
  public Event accessLogWithIdentifier() throws MalformedMessageException {
    return firstAccessLog.open().read();
  }

  @Benchmark
  public Event accessLog() throws MalformedMessageException {
    return laterAccessLog.read();
  }
}
