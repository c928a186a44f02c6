package satellite.pipes;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPRequestProperties;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.metrics.v3.StreamMetricsMessage;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.skywalking.apm.network.ebpf.accesslog.v3.EBPFAccessLogMessage;
import org.apache.skywalking.apm.network.ebpf.accesslog.v3.EBPFAccessLogNodeInfo;
import org.apache.skywalking.apm.network.ebpf.profiling.process.v3.EBPFProcessPingPkgList;
import org.apache.skywalking.apm.network.ebpf.profiling.v3.EBPFProfilingData;
import org.apache.skywalking.apm.network.ebpf.profiling.v3.EBPFProfilingTaskMetadata;
import org.apache.skywalking.apm.network.language.agent.v3.JVMMetric;
import org.apache.skywalking.apm.network.language.agent.v3.JVMMetricCollection;
import org.apache.skywalking.apm.network.language.agent.v3.MeterData;
import org.apache.skywalking.apm.network.language.agent.v3.MeterDataCollection;
import org.apache.skywalking.apm.network.language.agent.v3.MeterSingleValue;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentCollection;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.apache.skywalking.apm.network.logging.v3.LogData;
import org.apache.skywalking.apm.network.logging.v3.LogDataBody;
import org.apache.skywalking.apm.network.logging.v3.TextLog;
import org.apache.skywalking.apm.network.management.v3.InstancePingPkg;
import org.apache.skywalking.apm.network.servicemesh.v3.HTTPServiceMeshMetric;
import org.apache.skywalking.apm.network.servicemesh.v3.HTTPServiceMeshMetrics;
import org.apache.skywalking.apm.network.servicemesh.v3.ServiceMeshMetrics;
import satellite.pipes.protocol.Protocol;

/** Messages of agents and Envoys, and what a node can read out of them; methods by their id. */
public final class Samples {

  public static final String SEGMENTS = "/skywalking.v3.TraceSegmentReportService/collect";
  public static final String SEGMENTS_IN_SYNC =
      "/skywalking.v3.TraceSegmentReportService/collectInSync";
  public static final String LOGS = "/skywalking.v3.LogReportService/collect";
  public static final String METER = "/skywalking.v3.MeterReportService/collect";
  public static final String METERS = "/skywalking.v3.MeterReportService/collectBatch";
  public static final String EVENTS = "/skywalking.v3.EventService/collect";
  public static final String JVM = "/skywalking.v3.JVMMetricReportService/collect";
  public static final String KEEP_ALIVE = "/skywalking.v3.ManagementService/keepAlive";
  public static final String MESH = "/skywalking.v3.ServiceMeshMetricService/collect";
  public static final String ALS = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";
  public static final String SATELLITE_ALS =
      "/satellite.envoy.accesslog.v3.SatelliteAccessLogService/StreamAccessLogs";

  private Samples() {}

  public static byte[] segment(String id) {
    return segment(id, 0);
  }

  /**
   * @param padding bytes that it is longer
   */
  public static byte[] segment(String id, int padding) {
    return SegmentObject.newBuilder()
        .setTraceSegmentId(id)
        .setTraceId("x".repeat(padding))
        .setService("shop")
        .setServiceInstance("shop-1")
        .build()
        .toByteArray();
  }

  /** The ids in the SegmentCollections, in order. */
  public static List<String> segmentIds(List<byte[]> collections) {
    return collections.stream()
        .flatMap(bytes -> parse(SegmentCollection.parser(), bytes).getSegmentsList().stream())
        .map(SegmentObject::getTraceSegmentId)
        .toList();
  }

  public static byte[] log(String service, String text) {
    return LogData.newBuilder()
        .setTimestamp(1)
        .setService(service)
        .setBody(LogDataBody.newBuilder().setText(TextLog.newBuilder().setText(text)))
        .build()
        .toByteArray();
  }

  public static String logText(byte[] log) {
    return parse(LogData.parser(), log).getBody().getText().getText();
  }

  /** One element of a report; the first one says who reports. */
  public static MeterData meter(String service, String instance, double value) {
    MeterData.Builder meter =
        MeterData.newBuilder()
            .setSingleValue(MeterSingleValue.newBuilder().setName("m").setValue(value));
    return service == null
        ? meter.build()
        : meter.setService(service).setServiceInstance(instance).setTimestamp(1).build();
  }

  public static byte[] meters(String instance, double value) {
    return MeterDataCollection.newBuilder()
        .addMeterData(meter("shop", instance, value))
        .build()
        .toByteArray();
  }

  public static String instance(byte[] meters) {
    return parse(MeterDataCollection.parser(), meters).getMeterData(0).getServiceInstance();
  }

  public static double value(byte[] meters) {
    return parse(MeterDataCollection.parser(), meters).getMeterData(0).getSingleValue().getValue();
  }

  /** Any node will do for it, and no byte is read. */
  public static byte[] event(String id) {
    return org.apache.skywalking.apm.network.event.v3.Event.newBuilder()
        .setUuid(id)
        .setLayer("GENERAL")
        .build()
        .toByteArray();
  }

  public static byte[] event(String id, int padding) {
    return org.apache.skywalking.apm.network.event.v3.Event.newBuilder()
        .setUuid(id)
        .setMessage("x".repeat(padding))
        .build()
        .toByteArray();
  }

  public static String eventId(byte[] event) {
    return parse(org.apache.skywalking.apm.network.event.v3.Event.parser(), event).getUuid();
  }

  public static List<String> eventIds(List<byte[]> events) {
    return events.stream().map(Samples::eventId).toList();
  }

  public static byte[] jvm(String instance, long time) {
    return JVMMetricCollection.newBuilder()
        .setService("shop")
        .setServiceInstance(instance)
        .addMetrics(JVMMetric.newBuilder().setTime(time))
        .build()
        .toByteArray();
  }

  public static byte[] keepAlive(String instance) {
    return InstancePingPkg.newBuilder()
        .setService("shop")
        .setServiceInstance(instance)
        .setLayer("GENERAL")
        .build()
        .toByteArray();
  }

  public static byte[] mesh(String source) {
    return ServiceMeshMetrics.newBuilder()
        .setHttpMetrics(
            HTTPServiceMeshMetrics.newBuilder()
                .addMetrics(HTTPServiceMeshMetric.newBuilder().setSourceServiceName(source)))
        .build()
        .toByteArray();
  }

  /**
   * @param envoy named by the first message of a stream only, else null
   */
  public static byte[] accessLog(String envoy, String path) {
    StreamAccessLogsMessage.Builder message = StreamAccessLogsMessage.newBuilder();
    if (envoy != null) {
      message.setIdentifier(
          StreamAccessLogsMessage.Identifier.newBuilder()
              .setNode(Node.newBuilder().setId(envoy))
              .setLogName("http"));
    }
    return message
        .setHttpLogs(
            StreamAccessLogsMessage.HTTPAccessLogEntries.newBuilder()
                .addLogEntry(
                    HTTPAccessLogEntry.newBuilder()
                        .setRequest(HTTPRequestProperties.newBuilder().setPath(path))))
        .build()
        .toByteArray();
  }

  public static String envoy(byte[] accessLog) {
    return parse(StreamAccessLogsMessage.parser(), accessLog).getIdentifier().getNode().getId();
  }

  public static List<String> paths(List<byte[]> accessLogs) {
    return accessLogs.stream()
        .flatMap(bytes -> accessLogs(bytes).getHttpLogs().getLogEntryList().stream())
        .map(entry -> entry.getRequest().getPath())
        .toList();
  }

  public static StreamAccessLogsMessage accessLogs(byte[] bytes) {
    return parse(StreamAccessLogsMessage.parser(), bytes);
  }

  /** A message that a method of the table takes for good. */
  public static byte[] good(Protocol protocol) {
    return switch (protocol.receiver()) {
      case LOG -> log("shop", "hello");
      case METER ->
          protocol.method().endsWith("collectBatch")
              ? meters("shop-1", 1)
              : meter("shop", "shop-1", 1).toByteArray();
      case TRACING ->
          protocol.method().endsWith("collectInSync")
              ? SegmentCollection.newBuilder()
                  .addSegments(SegmentObject.newBuilder().setTraceSegmentId("s"))
                  .build()
                  .toByteArray()
              : segment("s");
      case ENVOY_ALS_V2, ENVOY_ALS_V3 -> accessLog("envoy-1", "/");
      case ENVOY_METRICS_V2, ENVOY_METRICS_V3 -> envoyMetrics("envoy-1");
      case MESH -> mesh("shop");
      case JVM, CLR -> jvm("shop-1", 1);
      case PROCESS ->
          EBPFProcessPingPkgList.newBuilder().setEbpfAgentID("rover").build().toByteArray();
      case EBPF_PROFILING ->
          EBPFProfilingData.newBuilder()
              .setTask(EBPFProfilingTaskMetadata.newBuilder().setTaskId("t"))
              .build()
              .toByteArray();
      case EBPF_ACCESS_LOG ->
          EBPFAccessLogMessage.newBuilder()
              .setNode(EBPFAccessLogNodeInfo.newBuilder().setName("node"))
              .build()
              .toByteArray();
      case OTLP_METRICS ->
          ExportMetricsServiceRequest.newBuilder()
              .addResourceMetrics(
                  io.opentelemetry.proto.metrics.v1.ResourceMetrics.newBuilder()
                      .setResource(resource()))
              .build()
              .toByteArray();
      case OTLP_LOGS ->
          ExportLogsServiceRequest.newBuilder()
              .addResourceLogs(
                  io.opentelemetry.proto.logs.v1.ResourceLogs.newBuilder().setResource(resource()))
              .build()
              .toByteArray();
      case OTLP_TRACES ->
          ExportTraceServiceRequest.newBuilder()
              .addResourceSpans(
                  io.opentelemetry.proto.trace.v1.ResourceSpans.newBuilder()
                      .setResource(resource()))
              .build()
              .toByteArray();
      default -> keepAlive("shop-1");
    };
  }

  private static Resource resource() {
    return Resource.newBuilder()
        .addAttributes(
            KeyValue.newBuilder()
                .setKey("service.name")
                .setValue(AnyValue.newBuilder().setStringValue("shop")))
        .build();
  }

  public static byte[] envoyMetrics(String envoy) {
    return StreamMetricsMessage.newBuilder()
        .setIdentifier(
            StreamMetricsMessage.Identifier.newBuilder().setNode(Node.newBuilder().setId(envoy)))
        .addEnvoyMetrics(io.prometheus.client.Metrics.MetricFamily.newBuilder().setName("m"))
        .build()
        .toByteArray();
  }

  /** A request of so many resources, by service.name. */
  public static byte[] otlpMetrics(String... services) {
    ExportMetricsServiceRequest.Builder request = ExportMetricsServiceRequest.newBuilder();
    for (String service : services) {
      var attribute = KeyValue.newBuilder().setKey("service.name");
      attribute.getValueBuilder().setStringValue(service);
      request.addResourceMetricsBuilder().getResourceBuilder().addAttributes(attribute);
    }
    return request.build().toByteArray();
  }

  public static List<String> otlpServices(byte[] request) {
    return parse(ExportMetricsServiceRequest.parser(), request).getResourceMetricsList().stream()
        .map(metrics -> metrics.getResource().getAttributes(0).getValue().getStringValue())
        .toList();
  }

  /**
   * @param node named by the first message of a stream only, else null
   */
  public static byte[] ebpfAccessLog(String node) {
    EBPFAccessLogMessage.Builder log = EBPFAccessLogMessage.newBuilder();
    if (node != null) {
      log.getNodeBuilder().setName(node);
    }
    log.addKernelLogsBuilder();
    return log.build().toByteArray();
  }

  public static String ebpfNode(byte[] accessLog) {
    return parse(EBPFAccessLogMessage.parser(), accessLog).getNode().getName();
  }

  public static boolean contains(byte[] message, String text) {
    return ByteString.copyFrom(message).toString(StandardCharsets.ISO_8859_1).contains(text);
  }

  public static <M extends MessageLite> M parse(Parser<M> parser, byte[] bytes) {
    try {
      return parser.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("a message that cannot be read", e);
    }
  }
}
