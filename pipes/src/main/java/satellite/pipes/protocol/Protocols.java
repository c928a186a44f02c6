package satellite.pipes.protocol;

import static satellite.pipes.protocol.Protocol.Gather.FOR_A_TIME;
import static satellite.pipes.protocol.Protocol.Gather.NO;
import static satellite.pipes.protocol.Protocol.Gather.WHOLE_STREAM;
import static satellite.pipes.protocol.Protocol.Kind.BIDI;
import static satellite.pipes.protocol.Protocol.Kind.CLIENT_STREAM;
import static satellite.pipes.protocol.Protocol.Kind.UNARY;
import static satellite.pipes.protocol.Protocol.Mode.ASYNCHRONOUS;
import static satellite.pipes.protocol.Protocol.Mode.CONVERSATION;
import static satellite.pipes.protocol.Protocol.Mode.SYNCHRONOUS;
import static satellite.pipes.protocol.Protocol.Shape.STREAM_EACH;
import static satellite.pipes.protocol.Protocol.Shape.STREAM_JOINED;
import static satellite.pipes.protocol.Protocol.Shape.UNARY_EACH;
import static satellite.pipes.protocol.Protocol.Shape.UNARY_JOINED;
import static satellite.pipes.protocol.ReceiverPlugin.ASYNC_PROFILER;
import static satellite.pipes.protocol.ReceiverPlugin.BROWSER;
import static satellite.pipes.protocol.ReceiverPlugin.CDS;
import static satellite.pipes.protocol.ReceiverPlugin.CLR;
import static satellite.pipes.protocol.ReceiverPlugin.EBPF_ACCESS_LOG;
import static satellite.pipes.protocol.ReceiverPlugin.EBPF_PROFILING;
import static satellite.pipes.protocol.ReceiverPlugin.ENVOY_ALS_V2;
import static satellite.pipes.protocol.ReceiverPlugin.ENVOY_ALS_V3;
import static satellite.pipes.protocol.ReceiverPlugin.ENVOY_METRICS_V2;
import static satellite.pipes.protocol.ReceiverPlugin.ENVOY_METRICS_V3;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.JVM;
import static satellite.pipes.protocol.ReceiverPlugin.LOG;
import static satellite.pipes.protocol.ReceiverPlugin.MANAGEMENT;
import static satellite.pipes.protocol.ReceiverPlugin.MESH;
import static satellite.pipes.protocol.ReceiverPlugin.METER;
import static satellite.pipes.protocol.ReceiverPlugin.OTLP_LOGS;
import static satellite.pipes.protocol.ReceiverPlugin.OTLP_METRICS;
import static satellite.pipes.protocol.ReceiverPlugin.OTLP_TRACES;
import static satellite.pipes.protocol.ReceiverPlugin.PPROF;
import static satellite.pipes.protocol.ReceiverPlugin.PROCESS;
import static satellite.pipes.protocol.ReceiverPlugin.PROFILE;
import static satellite.pipes.protocol.ReceiverPlugin.TRACING;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import satellite.pipes.protocol.Protocol.Forwarding;
import satellite.pipes.protocol.Protocol.Gather;
import satellite.pipes.protocol.Protocol.Kind;
import satellite.pipes.protocol.Protocol.Mode;
import satellite.pipes.protocol.Protocol.ReaderFactory;
import satellite.pipes.protocol.Protocol.Shape;
import satellite.pipes.protocol.Protocol.Topic;

/**
 * Every method that an OAP server takes from agents, probes and Envoys, a row each. A method that
 * is not here is passed through one to one.
 */
public final class Protocols {

  private Protocols() {}

  /** OAP node to node, on the same port as the receivers: not for those who come from outside. */
  public static final String OAP_INTERNAL = "/RemoteService/";

  private static final String V3 = "/skywalking.v3.";
  private static final String V10 = "/skywalking.v10.";
  private static final String SATELLITE_ALS =
      "/satellite.envoy.accesslog.v3.SatelliteAccessLogService/StreamAccessLogs";

  public static final List<Protocol> TABLE = table();

  private static final Map<String, Protocol> BY_METHOD =
      TABLE.stream().collect(Collectors.toUnmodifiableMap(Protocol::method, Function.identity()));

  /** The row of a full method name ({@code /package.Service/Method}), or null. */
  public static Protocol of(String method) {
    return BY_METHOD.get(method);
  }

  /** The topics that the methods of a receiver go to when its pipe's forwarder is a Kafka one. */
  public static Set<String> topics(ReceiverPlugin receiver) {
    return TABLE.stream()
        .filter(row -> row.receiver() == receiver && row.kafka() != null)
        .map(row -> row.kafka().name())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Whether a receiver takes messages that mean nothing when they come late. */
  public static boolean anyExpires(String receiver) {
    return TABLE.stream()
        .filter(row -> row.receiver().pluginName().equals(receiver) && row.forwarding() != null)
        .anyMatch(row -> row.forwarding().expires());
  }

  private static List<Protocol> table() {
    Table t = new Table();
    // Traces. A segment is complete in itself; many are one SegmentCollection { segments [1] }.
    String segments = V3 + "TraceSegmentReportService/collectInSync";
    t.legacy(V3 + "TraceSegmentReportService/collect", CLIENT_STREAM, TRACING, Readers.elementOf(1))
        .service(4)
        .to(segments, UNARY_JOINED)
        .kafka("skywalking-segments", KafkaRecords.segments());
    t.legacy(segments, UNARY, TRACING, Readers.checked())
        .service(1, 4)
        .to(segments, UNARY_JOINED)
        .kafka("skywalking-segments", KafkaRecords.segments());
    t.row(V3 + "SpanAttachedEventReportService/collect", CLIENT_STREAM, TRACING, Readers.whole())
        .as(STREAM_EACH);
    // Logs.
    t.row(V3 + "LogReportService/collect", CLIENT_STREAM, LOG, Readers.log())
        .service(2)
        .per("service")
        .as(STREAM_EACH)
        .kafka("skywalking-logs", KafkaRecords.logs());
    // Meters: rates are windows in the memory of one node.
    String reports = V3 + "MeterReportService/collectBatch";
    t.legacy(V3 + "MeterReportService/collect", CLIENT_STREAM, METER, Readers.meterElement())
        .service(3)
        .gather(WHOLE_STREAM)
        .per("instance")
        .sticky("service and instance")
        .to(reports, STREAM_EACH)
        .kafka("skywalking-meters", KafkaRecords.meters());
    t.row(reports, CLIENT_STREAM, METER, Readers.meterCollection())
        .service(1, 3)
        .sticky("service and instance")
        .as(STREAM_EACH)
        .kafka("skywalking-meters", KafkaRecords.meters());
    // Runtimes: service [2], instance [3].
    t.legacy(V3 + "JVMMetricReportService/collect", UNARY, JVM, Readers.groupedBy(2, 3))
        .service(2)
        .per("service and instance")
        .as(UNARY_JOINED)
        .kafka("skywalking-metrics", KafkaRecords.keyedBy("", 3));
    t.legacy(V3 + "CLRMetricReportService/collect", UNARY, CLR, Readers.groupedBy(2, 3))
        .service(2)
        .per("service and instance")
        .as(UNARY_JOINED);
    // Management. Joined properties would double; a keepalive is its service, instance and layer.
    t.legacy(V3 + "ManagementService/reportInstanceProperties", UNARY, MANAGEMENT, Readers.whole())
        .service(1)
        .expires()
        .as(UNARY_EACH)
        .kafka("skywalking-managements", KafkaRecords.keyedBy("register-", 2));
    t.legacy(V3 + "ManagementService/keepAlive", UNARY, MANAGEMENT, Readers.groupedBy(1, 2, 3))
        .service(1)
        .per("service, instance and layer")
        .expires()
        .as(UNARY_EACH)
        .kafka("skywalking-managements", KafkaRecords.keyedBy("", 2));
    t.pass(V3 + "ConfigurationDiscoveryService/fetchConfigurations", UNARY, SYNCHRONOUS, CDS);
    t.row(V3 + "EventService/collect", CLIENT_STREAM, EVENT, Readers.whole())
        .service(2, 1)
        .as(STREAM_EACH);
    // Profiling. What is asked for is passed through, snapshots are queued.
    t.legacyPass(V3 + "ProfileTask/getProfileTaskCommands", UNARY, PROFILE);
    t.legacy(V3 + "ProfileTask/collectSnapshot", CLIENT_STREAM, PROFILE, Readers.whole())
        .as(STREAM_EACH)
        .kafka("skywalking-profilings", KafkaRecords.snapshots());
    t.pass(V3 + "ProfileTask/goProfileReport", CLIENT_STREAM, CONVERSATION, PROFILE).since("10.3");
    t.legacyPass(V3 + "ProfileTask/reportTaskFinish", UNARY, PROFILE);
    t.pass(V10 + "AsyncProfilerTask/collect", BIDI, CONVERSATION, ASYNC_PROFILER).since("10.2");
    t.pass(
            V10 + "AsyncProfilerTask/getAsyncProfilerTaskCommands",
            UNARY,
            SYNCHRONOUS,
            ASYNC_PROFILER)
        .since("10.2");
    t.pass(V10 + "PprofTask/collect", BIDI, CONVERSATION, PPROF).since("10.3");
    t.pass(V10 + "PprofTask/getPprofTaskCommands", UNARY, SYNCHRONOUS, PPROF).since("10.3");
    // Browsers.
    t.legacy(V3 + "BrowserPerfService/collectPerfData", UNARY, BROWSER, Readers.whole())
        .service(1)
        .expires()
        .as(UNARY_EACH);
    t.row(V3 + "BrowserPerfService/collectWebVitalsPerfData", UNARY, BROWSER, Readers.whole())
        .service(1)
        .expires()
        .as(UNARY_EACH)
        .since("10.2");
    t.row(V3 + "BrowserPerfService/collectResourcePerfData", UNARY, BROWSER, Readers.whole())
        .service(1)
        .expires()
        .as(UNARY_EACH)
        .since("10.2");
    t.row(V3 + "BrowserPerfService/collectWebInteractionsPerfData", UNARY, BROWSER, Readers.whole())
        .service(1)
        .expires()
        .as(UNARY_EACH)
        .since("10.2");
    t.legacy(V3 + "BrowserPerfService/collectErrorLogs", CLIENT_STREAM, BROWSER, Readers.whole())
        .service(2)
        .expires()
        .as(STREAM_EACH);
    t.row(V3 + "ServiceMeshMetricService/collect", CLIENT_STREAM, MESH, Readers.groupedByCase())
        .per("kind, HTTP or TCP")
        .as(STREAM_JOINED);
    // eBPF. A ping list is joined for one rover: ebpfAgentID [2].
    t.pass(V3 + "EBPFProcessService/reportProcesses", UNARY, SYNCHRONOUS, PROCESS);
    t.row(V3 + "EBPFProcessService/keepAlive", UNARY, PROCESS, Readers.groupedBy(2))
        .per("eBPF agent")
        .expires()
        .as(UNARY_JOINED);
    t.pass(V3 + "EBPFProfilingService/queryTasks", UNARY, SYNCHRONOUS, EBPF_PROFILING);
    t.row(
            V3 + "EBPFProfilingService/collectProfilingData",
            CLIENT_STREAM,
            EBPF_PROFILING,
            Readers.ebpfProfiling())
        .as(STREAM_EACH);
    t.pass(V3 + "ContinuousProfilingService/queryPolicies", UNARY, SYNCHRONOUS, EBPF_PROFILING);
    t.pass(
        V3 + "ContinuousProfilingService/reportProfilingTask", UNARY, SYNCHRONOUS, EBPF_PROFILING);
    t.row(
            V3 + "EBPFAccessLogService/collect",
            CLIENT_STREAM,
            EBPF_ACCESS_LOG,
            Readers.ebpfAccessLog())
        .per("client stream")
        .sticky("node name")
        .as(STREAM_EACH);
    // Envoy, whose service is its node's cluster. OAP reads v2 with the classes of v3, so the bytes
    // go as they are.
    t.row(
            "/envoy.service.accesslog.v2.AccessLogService/StreamAccessLogs",
            CLIENT_STREAM,
            ENVOY_ALS_V2,
            Readers.accessLog(false))
        .service(1, 1, 2)
        .gather(FOR_A_TIME)
        .per("Envoy and kind, HTTP or TCP")
        .to(SATELLITE_ALS, STREAM_JOINED);
    t.row(
            "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs",
            CLIENT_STREAM,
            ENVOY_ALS_V3,
            Readers.accessLog(false))
        .service(1, 1, 2)
        .gather(FOR_A_TIME)
        .per("Envoy and kind, HTTP or TCP")
        .to(SATELLITE_ALS, STREAM_JOINED);
    t.row(SATELLITE_ALS, CLIENT_STREAM, ENVOY_ALS_V3, Readers.accessLog(true))
        .service(1, 1, 2)
        .gather(FOR_A_TIME)
        .per("Envoy and kind, HTTP or TCP")
        .to(SATELLITE_ALS, STREAM_JOINED);
    t.row(
            "/envoy.service.metrics.v2.MetricsService/StreamMetrics",
            CLIENT_STREAM,
            ENVOY_METRICS_V2,
            Readers.envoyMetrics())
        .service(1, 1, 2)
        .per("client stream")
        .sticky("cluster and node id")
        .as(STREAM_EACH);
    t.row(
            "/envoy.service.metrics.v3.MetricsService/StreamMetrics",
            CLIENT_STREAM,
            ENVOY_METRICS_V3,
            Readers.envoyMetrics())
        .service(1, 1, 2)
        .per("client stream")
        .sticky("cluster and node id")
        .as(STREAM_EACH);
    // OpenTelemetry.
    String otlp = "/opentelemetry.proto.collector.";
    t.row(otlp + "metrics.v1.MetricsService/Export", UNARY, OTLP_METRICS, Readers.otlpMetrics())
        .sticky("resource attributes (`routing_label_keys`)")
        .as(UNARY_JOINED);
    t.row(otlp + "logs.v1.LogsService/Export", UNARY, OTLP_LOGS, Readers.otlpLogs())
        .per("resource, unless `join` is set")
        .as(UNARY_JOINED);
    t.row(otlp + "trace.v1.TraceService/Export", UNARY, OTLP_TRACES, Readers.checked())
        .as(UNARY_JOINED);
    return t.build();
  }

  /** Spares the rows above the repetition. */
  private static final class Table {
    private final List<Row> rows = new ArrayList<>();

    Row row(String method, Kind kind, ReceiverPlugin receiver, ReaderFactory reading) {
      Row row = new Row(method, kind, ASYNCHRONOUS, receiver, reading, false);
      rows.add(row);
      return row;
    }

    /** Also without its package, as agents built before December 2020 call it. */
    Row legacy(String method, Kind kind, ReceiverPlugin receiver, ReaderFactory reading) {
      Row row = new Row(method, kind, ASYNCHRONOUS, receiver, reading, true);
      rows.add(row);
      return row;
    }

    Row pass(String method, Kind kind, Mode mode, ReceiverPlugin receiver) {
      Row row = new Row(method, kind, mode, receiver, null, false);
      rows.add(row);
      return row;
    }

    void legacyPass(String method, Kind kind, ReceiverPlugin receiver) {
      rows.add(new Row(method, kind, SYNCHRONOUS, receiver, null, true));
    }

    List<Protocol> build() {
      List<Protocol> table = new ArrayList<>();
      for (Row row : rows) {
        table.add(row.as(row.method, row.since));
        if (row.legacy) {
          table.add(row.as("/" + row.method.substring(V3.length()), row.since));
        }
      }
      return List.copyOf(table);
    }
  }

  private static final class Row {
    private final String method;
    private final Kind kind;
    private final Mode mode;
    private final ReceiverPlugin receiver;
    private final ReaderFactory reading;
    private final boolean legacy;
    private String target;
    private Shape shape;
    private Topic kafka;
    private Gather gather = NO;
    private String per;
    private String key;
    private boolean expires;
    private List<Integer> service = List.of();
    private String since = "10.1";

    Row(
        String method,
        Kind kind,
        Mode mode,
        ReceiverPlugin receiver,
        ReaderFactory reading,
        boolean legacy) {
      this.method = method;
      this.kind = kind;
      this.mode = mode;
      this.receiver = receiver;
      this.reading = reading;
      this.legacy = legacy;
    }

    Row gather(Gather gather) {
      this.gather = gather;
      return this;
    }

    /** Stays on its node, by this key. */
    Row sticky(String key) {
      this.key = key;
      return this;
    }

    /** OAP stamps it with its own clock: late, it means nothing, or the wrong thing. */
    Row expires() {
      this.expires = true;
      return this;
    }

    /** Shares upstream messages and streams with others of this group only. */
    Row per(String group) {
      this.per = group;
      return this;
    }

    /** The field that names the service: a number for each message on the way to it. */
    Row service(Integer... path) {
      this.service = List.of(path);
      return this;
    }

    /** Upstream as the same method. */
    Row as(Shape shape) {
      return to(method, shape);
    }

    Row to(String target, Shape shape) {
      this.target = target;
      this.shape = shape;
      return this;
    }

    Row kafka(String topic, KafkaRecords records) {
      this.kafka = new Topic(topic, records);
      return this;
    }

    void since(String since) {
      this.since = since;
    }

    Protocol as(String method, String since) {
      Forwarding forwarding =
          shape == null ? null : new Forwarding(target, shape, gather, per, key, expires);
      return new Protocol(method, kind, mode, receiver, reading, forwarding, kafka, service, since);
    }
  }
}
