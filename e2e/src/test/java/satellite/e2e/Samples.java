package satellite.e2e;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.Struct;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogCommon;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPRequestProperties;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPResponseProperties;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.metrics.v3.StreamMetricsMessage;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.metrics.v1.Gauge;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.metrics.v1.ResourceMetrics;
import io.opentelemetry.proto.metrics.v1.ScopeMetrics;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.prometheus.client.Metrics;
import io.prometheus.client.Metrics.MetricFamily;
import io.prometheus.client.Metrics.MetricType;
import java.util.UUID;
import org.apache.skywalking.apm.network.common.v3.CPU;
import org.apache.skywalking.apm.network.common.v3.DetectPoint;
import org.apache.skywalking.apm.network.event.v3.Event;
import org.apache.skywalking.apm.network.event.v3.Source;
import org.apache.skywalking.apm.network.event.v3.Type;
import org.apache.skywalking.apm.network.language.agent.v3.BrowserErrorLog;
import org.apache.skywalking.apm.network.language.agent.v3.BrowserPerfData;
import org.apache.skywalking.apm.network.language.agent.v3.CLRMetric;
import org.apache.skywalking.apm.network.language.agent.v3.CLRMetricCollection;
import org.apache.skywalking.apm.network.language.agent.v3.Class;
import org.apache.skywalking.apm.network.language.agent.v3.ClrGC;
import org.apache.skywalking.apm.network.language.agent.v3.ClrThread;
import org.apache.skywalking.apm.network.language.agent.v3.ErrorCategory;
import org.apache.skywalking.apm.network.language.agent.v3.GC;
import org.apache.skywalking.apm.network.language.agent.v3.GCPhase;
import org.apache.skywalking.apm.network.language.agent.v3.JVMMetric;
import org.apache.skywalking.apm.network.language.agent.v3.JVMMetricCollection;
import org.apache.skywalking.apm.network.language.agent.v3.Memory;
import org.apache.skywalking.apm.network.language.agent.v3.MeterData;
import org.apache.skywalking.apm.network.language.agent.v3.MeterSingleValue;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.apache.skywalking.apm.network.language.agent.v3.SpanLayer;
import org.apache.skywalking.apm.network.language.agent.v3.SpanObject;
import org.apache.skywalking.apm.network.language.agent.v3.SpanType;
import org.apache.skywalking.apm.network.language.agent.v3.Thread;
import org.apache.skywalking.apm.network.language.profile.v3.ThreadSnapshot;
import org.apache.skywalking.apm.network.language.profile.v3.ThreadStack;
import org.apache.skywalking.apm.network.logging.v3.LogData;
import org.apache.skywalking.apm.network.logging.v3.LogDataBody;
import org.apache.skywalking.apm.network.logging.v3.TextLog;
import org.apache.skywalking.apm.network.servicemesh.v3.HTTPServiceMeshMetric;
import org.apache.skywalking.apm.network.servicemesh.v3.HTTPServiceMeshMetrics;
import org.apache.skywalking.apm.network.servicemesh.v3.Protocol;
import org.apache.skywalking.apm.network.servicemesh.v3.ServiceMeshMetrics;

/** One small, valid message of each protocol: what an OAP needs to store it, and no more. */
final class Samples {

  private Samples() {}

  private static long now() {
    return System.currentTimeMillis();
  }

  static String id() {
    return UUID.randomUUID().toString();
  }

  /** A trace of one segment with one entry span: one call of the service. */
  static SegmentObject segment(String service, String id) {
    return SegmentObject.newBuilder()
        .setTraceId("trace-" + id)
        .setTraceSegmentId(id)
        .setService(service)
        .setServiceInstance(service + "-1")
        .addSpans(
            SpanObject.newBuilder()
                .setSpanId(0)
                .setParentSpanId(-1)
                .setStartTime(now() - 25)
                .setEndTime(now())
                .setOperationName("/hello")
                .setSpanType(SpanType.Entry)
                .setSpanLayer(SpanLayer.Http)
                .setComponentId(1))
        .build();
  }

  static JVMMetricCollection jvm(String service, String instance, long heapUsed) {
    return JVMMetricCollection.newBuilder()
        .setService(service)
        .setServiceInstance(instance)
        .addMetrics(
            JVMMetric.newBuilder()
                .setTime(now())
                .setCpu(CPU.newBuilder().setUsagePercent(12.5))
                .addMemory(Memory.newBuilder().setIsHeap(true).setMax(1 << 30).setUsed(heapUsed))
                .addGc(GC.newBuilder().setPhase(GCPhase.NEW).setCount(2).setTime(7))
                .setThread(Thread.newBuilder().setLiveCount(21).setPeakCount(30))
                .setClazz(Class.newBuilder().setLoadedClassCount(4000)))
        .build();
  }

  static CLRMetricCollection clr(String service, String instance, long heapUsed) {
    return CLRMetricCollection.newBuilder()
        .setService(service)
        .setServiceInstance(instance)
        .addMetrics(
            CLRMetric.newBuilder()
                .setTime(now())
                .setCpu(CPU.newBuilder().setUsagePercent(12.5))
                .setGc(ClrGC.newBuilder().setGen0CollectCount(1).setHeapMemory(heapUsed))
                .setThread(ClrThread.newBuilder().setMaxWorkerThreads(8)))
        .build();
  }

  static ThreadSnapshot snapshot(String segmentId) {
    return ThreadSnapshot.newBuilder()
        .setTaskId("task-1")
        .setTraceSegmentId(segmentId)
        .setTime(now())
        .setStack(ThreadStack.newBuilder().addCodeSignatures("Shop.main:1"))
        .build();
  }

  /** A gauge that oap/config/meter-analyzer-config/satellite.yaml has a rule for. */
  static MeterData connections(int value) {
    return gauge("sw_stl_grpc_server_connection_count", value);
  }

  static MeterData cpu(int value) {
    return gauge("sw_stl_grpc_server_cpu_gauge", value);
  }

  private static MeterData gauge(String name, int value) {
    return MeterData.newBuilder()
        .setSingleValue(MeterSingleValue.newBuilder().setName(name).setValue(value))
        .build();
  }

  /** What the first of the elements that belong together has to say. */
  static MeterData from(String service, String instance, MeterData meter) {
    return meter.toBuilder()
        .setService(service)
        .setServiceInstance(instance)
        .setTimestamp(now())
        .build();
  }

  /** A log without its service, which only the first of a stream has to name. */
  static LogData log(String text) {
    return LogData.newBuilder()
        .setTimestamp(now())
        .setLayer("GENERAL")
        .setBody(LogDataBody.newBuilder().setText(TextLog.newBuilder().setText(text)))
        .build();
  }

  static Event event(String service, String id) {
    return Event.newBuilder()
        .setUuid(id)
        .setSource(Source.newBuilder().setService(service).setServiceInstance(service + "-1"))
        .setName("Deployed")
        .setType(Type.Normal)
        .setMessage("a new version")
        .setLayer("GENERAL")
        .setStartTime(now())
        .setEndTime(now() + 1000)
        .build();
  }

  static BrowserPerfData pageView(String service) {
    return BrowserPerfData.newBuilder()
        .setService(service)
        .setServiceVersion("v1")
        .setTime(now())
        .setPagePath("/index.html")
        .setLoadPageTime(100)
        .build();
  }

  static BrowserErrorLog pageError(String service, String message) {
    return BrowserErrorLog.newBuilder()
        .setUniqueId(id())
        .setService(service)
        .setServiceVersion("v1")
        .setTime(now())
        .setPagePath("/index.html")
        .setCategory(ErrorCategory.js)
        .setMessage(message)
        .setErrorUrl("/index.js")
        .build();
  }

  /** {@code calls} calls of the service, as a mesh probe beside it saw them. */
  static ServiceMeshMetrics mesh(String service, int calls) {
    HTTPServiceMeshMetrics.Builder metrics = HTTPServiceMeshMetrics.newBuilder();
    for (int i = 0; i < calls; i++) {
      metrics.addMetrics(
          HTTPServiceMeshMetric.newBuilder()
              .setStartTime(now() - 40)
              .setEndTime(now())
              .setLatency(40)
              .setSourceServiceName(service + "-caller")
              .setSourceServiceInstance("caller-1")
              .setDestServiceName(service)
              .setDestServiceInstance("server-1")
              .setEndpoint("GET:/hello")
              .setResponseCode(200)
              .setStatus(true)
              .setProtocol(Protocol.HTTP)
              .setDetectPoint(DetectPoint.server));
    }
    return ServiceMeshMetrics.newBuilder().setHttpMetrics(metrics).build();
  }

  /** Access log entries that all ended in 500, which OAP keeps as logs; one for each path. */
  static StreamAccessLogsMessage accessLogs(Iterable<String> paths) {
    var entries = StreamAccessLogsMessage.HTTPAccessLogEntries.newBuilder();
    paths.forEach(path -> entries.addLogEntry(accessLog(path)));
    return StreamAccessLogsMessage.newBuilder().setHttpLogs(entries).build();
  }

  /** What the first message of an Envoy's stream has to say; OAP's service is {@code app.shop}. */
  static StreamAccessLogsMessage from(String app, StreamAccessLogsMessage message) {
    return message.toBuilder()
        .setIdentifier(
            StreamAccessLogsMessage.Identifier.newBuilder().setLogName("e2e").setNode(node(app)))
        .build();
  }

  /** The memory of an Envoy, as it reports its metrics. */
  static StreamMetricsMessage envoyMemory(String app, long bytes) {
    return StreamMetricsMessage.newBuilder()
        .setIdentifier(StreamMetricsMessage.Identifier.newBuilder().setNode(node(app)))
        .addEnvoyMetrics(
            MetricFamily.newBuilder()
                .setName("server.memory_allocated")
                .setType(MetricType.GAUGE)
                .addMetric(
                    Metrics.Metric.newBuilder()
                        .setGauge(Metrics.Gauge.newBuilder().setValue(bytes))
                        .setTimestampMs(now())))
        .build();
  }

  private static Node.Builder node(String app) {
    Struct labels = Struct.newBuilder().putFields("app", text(app)).build();
    Struct metadata =
        Struct.newBuilder()
            .putFields("NAME", text(app + "-pod-1"))
            .putFields("NAMESPACE", text("shop"))
            .putFields("LABELS", Value.newBuilder().setStructValue(labels).build())
            .build();
    String id = "router~127.0.0.1~" + app + "-pod-1.shop~shop.svc.cluster.local";
    return Node.newBuilder().setId(id).setCluster(app).setMetadata(metadata);
  }

  private static HTTPAccessLogEntry accessLog(String path) {
    Timestamp start =
        Timestamp.newBuilder()
            .setSeconds(now() / 1000)
            .setNanos((int) (now() % 1000) * 1_000_000)
            .build();
    return HTTPAccessLogEntry.newBuilder()
        .setCommonProperties(
            AccessLogCommon.newBuilder()
                .setStartTime(start)
                .setTimeToLastDownstreamTxByte(Duration.newBuilder().setNanos(33_000_000))
                // Without any filter state OAP makes no metric of it.
                .putFilterStateObjects("any.key", Any.getDefaultInstance()))
        .setRequest(HTTPRequestProperties.newBuilder().setRequestMethodValue(1).setPath(path))
        .setResponse(HTTPResponseProperties.newBuilder().setResponseCode(UInt32Value.of(500)))
        .build();
  }

  /** By oap/config/otel-rules/vm.yaml, meter_vm_cpu_load1 of the host is 100 times the load. */
  static ExportMetricsServiceRequest hostLoad(String host, double load) {
    Metric.Builder metric =
        Metric.newBuilder()
            .setName("node_load1")
            .setGauge(
                Gauge.newBuilder()
                    .addDataPoints(
                        NumberDataPoint.newBuilder()
                            .setTimeUnixNano(now() * 1_000_000L)
                            .setAsDouble(load)));
    return ExportMetricsServiceRequest.newBuilder()
        .addResourceMetrics(
            ResourceMetrics.newBuilder()
                .setResource(Resource.newBuilder().addAttributes(attribute("host.name", host)))
                .addScopeMetrics(ScopeMetrics.newBuilder().addMetrics(metric)))
        .build();
  }

  /** One resource only: OAP 10.1 loses all but the first two of a request. */
  static ExportLogsServiceRequest otlpLog(String service, String text) {
    LogRecord.Builder log =
        LogRecord.newBuilder()
            .setTimeUnixNano(now() * 1_000_000L)
            .setBody(AnyValue.newBuilder().setStringValue(text));
    return ExportLogsServiceRequest.newBuilder()
        .addResourceLogs(
            ResourceLogs.newBuilder()
                .setResource(
                    Resource.newBuilder().addAttributes(attribute("service.name", service)))
                .addScopeLogs(ScopeLogs.newBuilder().addLogRecords(log)))
        .build();
  }

  /**
   * @param id eight characters
   */
  static ExportTraceServiceRequest otlpSpan(String service, String id, long nanos) {
    long start = now() * 1_000_000L;
    Span.Builder span =
        Span.newBuilder()
            .setTraceId(ByteString.copyFromUtf8("of span " + id))
            .setSpanId(ByteString.copyFromUtf8(id))
            .setName("GET /items")
            .setKind(Span.SpanKind.SPAN_KIND_SERVER)
            .setStartTimeUnixNano(start)
            .setEndTimeUnixNano(start + nanos);
    return ExportTraceServiceRequest.newBuilder()
        .addResourceSpans(
            ResourceSpans.newBuilder()
                .setResource(
                    Resource.newBuilder().addAttributes(attribute("service.name", service)))
                .addScopeSpans(ScopeSpans.newBuilder().addSpans(span)))
        .build();
  }

  private static KeyValue attribute(String key, String value) {
    return KeyValue.newBuilder()
        .setKey(key)
        .setValue(AnyValue.newBuilder().setStringValue(value))
        .build();
  }

  private static Value text(String text) {
    return Value.newBuilder().setStringValue(text).build();
  }
}
