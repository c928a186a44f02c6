package satellite.pipes.protocol;

import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.metrics.v3.StreamMetricsMessage;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
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
import org.apache.skywalking.apm.network.logging.v3.LogData;
import org.apache.skywalking.apm.network.management.v3.InstancePingPkg;

/**
 * Random messages in the order in which agents, probes and Envoys send them: what is said once per
 * stream is said in its first message, and sometimes again. There are few different sources, so
 * that many streams are of the same one.
 */
public final class ClientTraffic {

  private static final List<String> SERVICES = List.of("a", "b", "größe", "a::b");
  private static final List<String> INSTANCES = List.of("1", "2", "1@10.0.0.1");

  private final Random random;
  private final RandomMessages messages;

  public ClientTraffic(Random random) {
    this.random = random;
    this.messages = new RandomMessages(random);
  }

  /** One client stream; of a unary method, one call after the other. */
  public List<Message> stream(String method) {
    Message prototype = Generated.request(method);
    String service = service();
    String instance = instance();
    Node envoy = envoy();
    List<Message> stream = new ArrayList<>();
    int count = 1 + random.nextInt(8);
    for (int i = 0; i < count; i++) {
      boolean says = i == 0 || random.nextInt(3) == 0;
      Message message = messages.like(prototype);
      stream.add(ofSource(message, service, instance, envoy, i == 0, says));
    }
    return stream;
  }

  private Message ofSource(
      Message message, String service, String instance, Node envoy, boolean first, boolean says) {
    if (message instanceof LogData log) {
      return log.toBuilder().setService(says ? service : "").build();
    }
    if (message instanceof MeterData element) {
      return element(element, service, instance, says);
    }
    if (message instanceof MeterDataCollection collection) {
      return collection(collection);
    }
    if (message instanceof JVMMetricCollection metrics) {
      return metrics.toBuilder().setService(service()).setServiceInstance(instance()).build();
    }
    if (message instanceof CLRMetricCollection metrics) {
      return metrics.toBuilder().setService(service()).setServiceInstance(instance()).build();
    }
    if (message instanceof InstancePingPkg ping) {
      String layer = random.nextBoolean() ? "GENERAL" : "";
      return ping.toBuilder()
          .setService(service())
          .setServiceInstance(instance())
          .setLayer(layer)
          .build();
    }
    if (message instanceof EBPFProcessPingPkgList list) {
      return list.toBuilder().setEbpfAgentID(instance()).build();
    }
    if (message instanceof EBPFProfilingData data) {
      var task = messages.like(EBPFProfilingTaskMetadata.getDefaultInstance());
      return says ? data.toBuilder().setTask(task).build() : data.toBuilder().clearTask().build();
    }
    if (message instanceof EBPFAccessLogMessage log) {
      return accessLog(log, instance, first);
    }
    if (message instanceof StreamAccessLogsMessage logs) {
      return says ? logs : logs.toBuilder().clearIdentifier().build();
    }
    if (message instanceof StreamMetricsMessage metrics) {
      var identifier = StreamMetricsMessage.Identifier.newBuilder().setNode(envoy);
      return says
          ? metrics.toBuilder().setIdentifier(identifier).build()
          : metrics.toBuilder().clearIdentifier().build();
    }
    if (message instanceof ExportMetricsServiceRequest request) {
      return request(request);
    }
    if (message instanceof ExportLogsServiceRequest request) {
      return request(request);
    }
    return message;
  }

  public MeterData element(MeterData element, String service, String instance, boolean says) {
    return says
        ? element.toBuilder()
            .setService(service)
            .setServiceInstance(instance)
            .setTimestamp(1 + random.nextInt(1000))
            .build()
        : element.toBuilder().clearService().clearServiceInstance().clearTimestamp().build();
  }

  private MeterDataCollection collection(MeterDataCollection collection) {
    MeterDataCollection.Builder report = MeterDataCollection.newBuilder();
    String service = service();
    String instance = instance();
    report.addMeterData(element(MeterData.getDefaultInstance(), service, instance, true));
    for (MeterData element : collection.getMeterDataList()) {
      report.addMeterData(element(element, service, instance, random.nextBoolean()));
    }
    return report.build();
  }

  private EBPFAccessLogMessage accessLog(EBPFAccessLogMessage log, String name, boolean first) {
    EBPFAccessLogMessage.Builder builder = log.toBuilder().clearNode().clearConnection();
    if (first || random.nextInt(5) == 0) {
      builder.setNode(
          messages.like(EBPFAccessLogNodeInfo.getDefaultInstance()).toBuilder().setName(name));
    }
    if (random.nextInt(3) == 0) {
      builder.setConnection(messages.like(AccessLogConnection.getDefaultInstance()));
    }
    return builder.build();
  }

  private ExportMetricsServiceRequest request(ExportMetricsServiceRequest random) {
    ExportMetricsServiceRequest.Builder request = random.toBuilder();
    request.getResourceMetricsBuilderList().forEach(metrics -> metrics.setResource(resource()));
    return request.build();
  }

  private ExportLogsServiceRequest request(ExportLogsServiceRequest random) {
    ExportLogsServiceRequest.Builder request = random.toBuilder();
    request.getResourceLogsBuilderList().forEach(logs -> logs.setResource(resource()));
    return request.build();
  }

  /** With some, all or none of the attributes that routing knows. */
  private Resource resource() {
    Resource.Builder resource = Resource.newBuilder();
    for (String key : List.of("telemetry.sdk", "service.name", "host.name")) {
      if (random.nextBoolean()) {
        AnyValue.Builder value =
            random.nextInt(8) == 0
                ? AnyValue.newBuilder().setIntValue(7)
                : AnyValue.newBuilder().setStringValue(service());
        resource.addAttributes(KeyValue.newBuilder().setKey(key).setValue(value));
      }
    }
    return resource.build();
  }

  /** Replicas of one bootstrap file have id and cluster in common, and some have neither. */
  private Node envoy() {
    return messages.like(Node.getDefaultInstance()).toBuilder()
        .setId(random.nextBoolean() ? instance() : "")
        .setCluster(random.nextBoolean() ? service() : "")
        .build();
  }

  private String service() {
    return SERVICES.get(random.nextInt(SERVICES.size()));
  }

  private String instance() {
    return INSTANCES.get(random.nextInt(INSTANCES.size()));
  }
}
