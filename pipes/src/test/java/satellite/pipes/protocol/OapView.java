package satellite.pipes.protocol;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.metrics.v3.StreamMetricsMessage;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import java.util.ArrayList;
import java.util.List;
import org.apache.skywalking.apm.network.ebpf.accesslog.v3.AccessLogConnection;
import org.apache.skywalking.apm.network.ebpf.accesslog.v3.EBPFAccessLogMessage;
import org.apache.skywalking.apm.network.ebpf.accesslog.v3.EBPFAccessLogNodeInfo;
import org.apache.skywalking.apm.network.ebpf.profiling.process.v3.EBPFProcessPingPkgList;
import org.apache.skywalking.apm.network.ebpf.profiling.v3.EBPFProfilingData;
import org.apache.skywalking.apm.network.ebpf.profiling.v3.EBPFProfilingTaskMetadata;
import org.apache.skywalking.apm.network.language.agent.v3.CLRMetricCollection;
import org.apache.skywalking.apm.network.language.agent.v3.JVMMetricCollection;
import org.apache.skywalking.apm.network.language.agent.v3.MeterData;
import org.apache.skywalking.apm.network.language.agent.v3.MeterDataCollection;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentCollection;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.apache.skywalking.apm.network.logging.v3.LogData;
import org.apache.skywalking.apm.network.servicemesh.v3.ServiceMeshMetrics;

/**
 * What OAP's handlers make of the messages of one call, as facts that can be compared: each datum
 * with the source that it is attributed to, and without what only serves to say so.
 */
public final class OapView {

  private OapView() {}

  public static List<Object> facts(String method, List<byte[]> messages) {
    try {
      return read(method.replace("/skywalking.v3.", "/"), messages);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("OAP could not decode what it got on " + method, e);
    }
  }

  private static List<Object> read(String method, List<byte[]> messages)
      throws InvalidProtocolBufferException {
    return switch (method) {
      case "/TraceSegmentReportService/collect" -> segments(messages);
      case "/TraceSegmentReportService/collectInSync" -> collections(messages);
      case "/LogReportService/collect" -> logs(messages);
      case "/MeterReportService/collect" -> report(elements(messages));
      case "/MeterReportService/collectBatch" -> reports(messages);
      case "/JVMMetricReportService/collect" -> jvm(messages);
      case "/CLRMetricReportService/collect" -> clr(messages);
      case "/ServiceMeshMetricService/collect" -> mesh(messages);
      case "/EBPFProcessService/keepAlive" -> processes(messages);
      case "/EBPFProfilingService/collectProfilingData" -> profiling(messages);
      case "/EBPFAccessLogService/collect" -> ebpf(messages);
      case "/envoy.service.accesslog.v2.AccessLogService/StreamAccessLogs",
          "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs" ->
          accessLogs(messages, false);
      case "/satellite.envoy.accesslog.v3.SatelliteAccessLogService/StreamAccessLogs" ->
          accessLogs(messages, true);
      case "/envoy.service.metrics.v2.MetricsService/StreamMetrics",
          "/envoy.service.metrics.v3.MetricsService/StreamMetrics" ->
          envoyMetrics(messages);
      case "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" -> metrics(messages);
      case "/opentelemetry.proto.collector.logs.v1.LogsService/Export" -> otlpLogs(messages);
      case "/opentelemetry.proto.collector.trace.v1.TraceService/Export" -> spans(messages);
      default -> opaque(messages);
    };
  }

  private static List<Object> opaque(List<byte[]> messages) {
    List<Object> facts = new ArrayList<>();
    messages.forEach(message -> facts.add(ByteString.copyFrom(message)));
    return facts;
  }

  private static List<Object> segments(List<byte[]> messages)
      throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    for (byte[] message : messages) {
      facts.add(SegmentObject.parseFrom(message));
    }
    return facts;
  }

  private static List<Object> collections(List<byte[]> messages)
      throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    for (byte[] message : messages) {
      facts.addAll(SegmentCollection.parseFrom(message).getSegmentsList());
    }
    return facts;
  }

  /** The first service of a stream is written onto every later message. */
  private static List<Object> logs(List<byte[]> messages) throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    String service = "";
    for (byte[] message : messages) {
      LogData log = LogData.parseFrom(message);
      if (service.isEmpty()) {
        service = log.getService();
      }
      if (!service.isEmpty()) {
        facts.add(log.toBuilder().setService(service).build());
      }
    }
    return facts;
  }

  private static List<MeterData> elements(List<byte[]> messages)
      throws InvalidProtocolBufferException {
    List<MeterData> elements = new ArrayList<>();
    for (byte[] message : messages) {
      elements.add(MeterData.parseFrom(message));
    }
    return elements;
  }

  /** One evaluation: the last that is said of the source holds for all elements. */
  public static List<Object> report(List<MeterData> elements) {
    String service = "";
    String instance = "";
    long timestamp = 0;
    List<MeterData> values = new ArrayList<>();
    for (MeterData element : elements) {
      service = element.getService().isEmpty() ? service : element.getService();
      instance = element.getServiceInstance().isEmpty() ? instance : element.getServiceInstance();
      timestamp = element.getTimestamp() == 0 ? timestamp : element.getTimestamp();
      values.add(
          element.toBuilder().clearService().clearServiceInstance().clearTimestamp().build());
    }
    boolean complete = !service.isEmpty() && !instance.isEmpty() && timestamp != 0;
    return complete ? List.of(List.of(service, instance, timestamp, values)) : List.of();
  }

  private static List<Object> reports(List<byte[]> messages) throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    for (byte[] message : messages) {
      facts.addAll(report(MeterDataCollection.parseFrom(message).getMeterDataList()));
    }
    return facts;
  }

  private static List<Object> jvm(List<byte[]> messages) throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    for (byte[] message : messages) {
      JVMMetricCollection of = JVMMetricCollection.parseFrom(message);
      of.getMetricsList()
          .forEach(m -> facts.add(List.of(of.getService(), of.getServiceInstance(), m)));
    }
    return facts;
  }

  private static List<Object> clr(List<byte[]> messages) throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    for (byte[] message : messages) {
      CLRMetricCollection of = CLRMetricCollection.parseFrom(message);
      of.getMetricsList()
          .forEach(m -> facts.add(List.of(of.getService(), of.getServiceInstance(), m)));
    }
    return facts;
  }

  private static List<Object> mesh(List<byte[]> messages) throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    for (byte[] message : messages) {
      ServiceMeshMetrics metrics = ServiceMeshMetrics.parseFrom(message);
      facts.addAll(metrics.getHttpMetrics().getMetricsList());
      facts.addAll(metrics.getTcpMetrics().getMetricsList());
    }
    return facts;
  }

  private static List<Object> processes(List<byte[]> messages)
      throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    for (byte[] message : messages) {
      EBPFProcessPingPkgList of = EBPFProcessPingPkgList.parseFrom(message);
      of.getProcessesList().forEach(p -> facts.add(List.of(of.getEbpfAgentID(), p)));
    }
    return facts;
  }

  private static List<Object> profiling(List<byte[]> messages)
      throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    EBPFProfilingTaskMetadata task = null;
    for (byte[] message : messages) {
      EBPFProfilingData data = EBPFProfilingData.parseFrom(message);
      task = data.hasTask() ? data.getTask() : task;
      if (task == null) {
        throw new AssertionError("OAP would have ended the stream: no task");
      }
      facts.add(List.of(task, data.toBuilder().clearTask().build()));
    }
    return facts;
  }

  /** Node and connection hold until they are replaced. */
  private static List<Object> ebpf(List<byte[]> messages) throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    EBPFAccessLogNodeInfo node = EBPFAccessLogNodeInfo.getDefaultInstance();
    AccessLogConnection connection = AccessLogConnection.getDefaultInstance();
    for (byte[] message : messages) {
      EBPFAccessLogMessage log = EBPFAccessLogMessage.parseFrom(message);
      node = log.hasNode() ? log.getNode() : node;
      connection = log.hasConnection() ? log.getConnection() : connection;
      facts.add(List.of(node, connection, log.toBuilder().clearNode().clearConnection().build()));
    }
    return facts;
  }

  private static List<Object> accessLogs(List<byte[]> messages, boolean everyIdentifierCounts)
      throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    Message identifier = null;
    for (byte[] message : messages) {
      StreamAccessLogsMessage logs = StreamAccessLogsMessage.parseFrom(message);
      if (identifier == null || (everyIdentifierCounts && logs.hasIdentifier())) {
        StreamAccessLogsMessage.Identifier whole = logs.getIdentifier();
        identifier =
            whole.hasNode() ? whole.toBuilder().setNode(analysed(whole.getNode())).build() : whole;
      }
      for (Message entry : logs.getHttpLogs().getLogEntryList()) {
        facts.add(List.of(identifier, entry));
      }
      for (Message entry : logs.getTcpLogs().getLogEntryList()) {
        facts.add(List.of(identifier, entry));
      }
    }
    return facts;
  }

  /** What its analysers look at. */
  private static Node analysed(Node node) {
    Node.Builder analysed = Node.newBuilder().setId(node.getId()).setCluster(node.getCluster());
    if (node.hasMetadata()) {
      analysed.setMetadata(node.getMetadata());
    }
    return node.hasLocality() ? analysed.setLocality(node.getLocality()).build() : analysed.build();
  }

  /** Only the first message of a stream says whose it is; each is one scrape. */
  private static List<Object> envoyMetrics(List<byte[]> messages)
      throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    Message identifier = null;
    for (byte[] message : messages) {
      StreamMetricsMessage metrics = StreamMetricsMessage.parseFrom(message);
      identifier = identifier == null ? analysed(metrics.getIdentifier().getNode()) : identifier;
      if (metrics.getEnvoyMetricsCount() > 0) {
        facts.add(List.of(identifier, metrics.getEnvoyMetricsList()));
      }
    }
    return facts;
  }

  private static List<Object> metrics(List<byte[]> messages) throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    for (byte[] message : messages) {
      facts.addAll(ExportMetricsServiceRequest.parseFrom(message).getResourceMetricsList());
    }
    return facts;
  }

  private static List<Object> otlpLogs(List<byte[]> messages)
      throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    for (byte[] message : messages) {
      for (ResourceLogs logs : ExportLogsServiceRequest.parseFrom(message).getResourceLogsList()) {
        if (hasServiceName(logs)) {
          facts.add(logs);
        }
      }
    }
    return facts;
  }

  public static boolean hasServiceName(ResourceLogs logs) {
    return logs.getResource().getAttributesList().stream()
        .anyMatch(
            a -> a.getKey().equals("service.name") && !a.getValue().getStringValue().isEmpty());
  }

  private static List<Object> spans(List<byte[]> messages) throws InvalidProtocolBufferException {
    List<Object> facts = new ArrayList<>();
    for (byte[] message : messages) {
      facts.addAll(ExportTraceServiceRequest.parseFrom(message).getResourceSpansList());
    }
    return facts;
  }
}
