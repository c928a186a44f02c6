package satellite.pipes.protocol;

import io.grpc.Drainable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
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
import satellite.pipes.pipe.Batching;
import satellite.queue.Event;

/**
 * From a batch of events to the bytes of its upstream messages, as the forwarder and gRPC do it:
 * the events are sorted into calls and merged, and the pieces written where a transport would copy
 * them into its buffer.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class MergeBenchmark {

  private static final String SEGMENTS = "/skywalking.v3.TraceSegmentReportService/collect";
  private static final String ALS = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";
  static final int SEGMENT_COUNT = 200;
  static final int ENVOYS = 4;
  static final int GATHERED = 50;

  /** Copies like a transport, into one buffer again and again, and counts. */
  private static final class Counting extends OutputStream {
    private final byte[] buffer = new byte[1 << 16];
    private long bytes;

    @Override
    public void write(int one) {
      buffer[0] = (byte) one;
      bytes++;
    }

    @Override
    public void write(byte[] source, int offset, int count) {
      for (int at = 0; at < count; at += buffer.length) {
        System.arraycopy(source, offset + at, buffer, 0, Math.min(buffer.length, count - at));
      }
      bytes += count;
    }
  }

  private final Counting transport = new Counting();
  private final List<Event> segments = new ArrayList<>();
  private final List<Event> accessLogs = new ArrayList<>();

  @Setup(Level.Trial)
  public void read() throws MalformedMessageException {
    StreamReader reader = Protocols.of(SEGMENTS).reading().open(KeyReadingBenchmark.OPTIONS);
    for (int i = 0; i < SEGMENT_COUNT; i++) {
      segments.add(read(reader, SEGMENTS, Messages.segment()));
    }
    for (int envoy = 0; envoy < ENVOYS; envoy++) {
      accessLogs.add(gathered(envoy));
    }
  }

  /** As the gatherer joins the messages of a stream: the identifier once, the entries behind it. */
  private static Event gathered(int envoy) throws MalformedMessageException {
    StreamReader reader = Protocols.of(ALS).reading().open(KeyReadingBenchmark.OPTIONS);
    Event first = read(reader, ALS, Messages.accessLogWithIdentifier(envoy));
    List<byte[]> parts = new ArrayList<>(Arrays.asList(first.parts().toArrays()));
    for (int i = 1; i < GATHERED; i++) {
      parts.addAll(Arrays.asList(read(reader, ALS, Messages.accessLog()).parts().toArrays()));
    }
    byte[][] all = parts.toArray(byte[][]::new);
    return new Event(ALS, null, first.group(), first.context(), all, GATHERED, 0);
  }

  private static Event read(StreamReader reader, String method, byte[] message)
      throws MalformedMessageException {
    KeyReadingBenchmark.Latest found = new KeyReadingBenchmark.Latest(method);
    reader.read(message, found);
    return found.event();
  }

  @Benchmark
  public long segments() throws IOException {
    return send(segments);
  }

  @Benchmark
  public long accessLogs() throws IOException {
    return send(accessLogs);
  }

  /** The bytes that were written. */
  private long send(List<Event> events) throws IOException {
    long before = transport.bytes;
    for (List<Event> call : Batching.calls(events, Merging::call, event -> null).values()) {
      Protocol.Forwarding how = Protocols.of(call.get(0).method()).forwarding();
      for (Payload message : Merging.messages(how.shape(), call)) {
        InputStream stream = Payload.MARSHALLER.stream(message);
        ((Drainable) stream).drainTo(transport);
      }
    }
    return transport.bytes - before;
  }
}
