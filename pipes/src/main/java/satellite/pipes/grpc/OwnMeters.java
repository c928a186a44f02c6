package satellite.pipes.grpc;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import com.google.protobuf.CodedOutputStream;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.RawBytes;
import satellite.routing.Router;
import satellite.routing.StickyRouting;
import satellite.routing.Upstream;

/**
 * Reports Satellite's own figures to OAP, as meters of a service and an instance: one {@code
 * MeterDataCollection} each time. Counters are totals, so a report that is lost is made good by the
 * next one; it is counted, not sent again. Always to the same node, as long as that is there: OAP
 * computes what a counter grew by in the memory of one node. Any thread.
 */
public final class OwnMeters {

  private static final System.Logger LOG = System.getLogger("own-meters");

  private static final MethodDescriptor<byte[], byte[]> REPORT =
      RawBytes.method(
          "/skywalking.v3.MeterReportService/collectBatch", MethodType.CLIENT_STREAMING);

  /** One figure at the moment of a report. */
  public record Sample(String name, Map<String, String> labels, double value) {}

  private final ClientConfig client;
  private final String service;
  private final String instance;
  private final String prefix;
  private final Supplier<List<Sample>> samples;
  private final StickyRouting<GrpcConnection> routing;
  private final LongAdder delivered = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private volatile boolean failing;

  /**
   * @param prefix what every meter's name begins with
   */
  public OwnMeters(
      Router<GrpcConnection> router,
      ClientConfig client,
      String service,
      String instance,
      String prefix,
      Supplier<List<Sample>> samples) {
    this.client = client;
    this.service = service;
    this.instance = instance;
    this.prefix = prefix;
    this.samples = samples;
    this.routing = new StickyRouting<>(router, 1, Duration.ofDays(1), System::nanoTime);
  }

  /** Reports that a node has answered for. */
  public long delivered() {
    return delivered.sum();
  }

  public long failed() {
    return failed.sum();
  }

  /**
   * Sends the figures of now; does not wait for the answer.
   *
   * @param timeMillis the time that the report bears
   */
  public void report(long timeMillis) {
    Upstream<GrpcConnection> node = routing.pick(service + Protocol.IDENTITY_SEPARATOR + instance);
    if (node == null) {
      ended(Status.UNAVAILABLE.withDescription("no node is up"));
      return;
    }
    byte[] report = encoded(timeMillis);
    Metadata headers = new Metadata();
    GrpcConnection.authenticate(headers, client.authentication());
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(
            client.unaryTimeout().toNanos(), TimeUnit.NANOSECONDS);
    ClientCall<byte[], byte[]> call = node.connection().channel().newCall(REPORT, options);
    node.passThroughStarted();
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            node.passThroughEnded();
            ended(status);
          }
        },
        headers);
    call.request(1);
    call.sendMessage(report);
    call.halfClose();
  }

  private void ended(Status status) {
    (status.isOk() ? delivered : failed).increment();
    if (failing == status.isOk()) {
      failing = !failing;
      if (failing) {
        LOG.log(
            WARNING,
            "OAP does not take Satellite''s own meters: {0}: {1}",
            status.getCode(),
            GrpcConnection.reason(status));
      } else {
        LOG.log(INFO, "OAP takes Satellite's own meters again");
      }
    }
  }

  /**
   * MeterDataCollection { meterData [1] { singleValue [1] { name [1], labels [2] { name [1], value
   * [2] }, value [3] }, service [3], instance [4], timestamp [5] } }: who reports stands in the
   * first element.
   */
  private byte[] encoded(long timeMillis) {
    boolean[] first = {true};
    return message(
        collection -> {
          for (Sample sample : samples.get()) {
            collection.writeByteArray(1, meter(sample, timeMillis, first[0]));
            first[0] = false;
          }
        });
  }

  private byte[] meter(Sample sample, long timeMillis, boolean first) {
    return message(
        meter -> {
          meter.writeByteArray(1, singleValue(sample));
          if (first) {
            meter.writeString(3, service);
            meter.writeString(4, instance);
          }
          meter.writeInt64(5, timeMillis);
        });
  }

  private byte[] singleValue(Sample sample) {
    return message(
        single -> {
          single.writeString(1, prefix + sample.name());
          for (Map.Entry<String, String> label : sample.labels().entrySet()) {
            single.writeByteArray(
                2,
                message(
                    pair -> {
                      pair.writeString(1, label.getKey());
                      pair.writeString(2, label.getValue());
                    }));
          }
          single.writeDouble(3, sample.value());
        });
  }

  private interface Writing {
    void to(CodedOutputStream out) throws IOException;
  }

  private static byte[] message(Writing fields) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      fields.to(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("an array took no more bytes", e);
    }
    return bytes.toByteArray();
  }
}
