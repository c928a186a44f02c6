package satellite.pipes.protocol;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServiceDescriptor;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.apache.skywalking.apm.network.ebpf.accesslog.v3.EBPFAccessLogServiceGrpc;
import org.apache.skywalking.apm.network.ebpf.profiling.process.v3.EBPFProcessServiceGrpc;
import org.apache.skywalking.apm.network.ebpf.profiling.v3.ContinuousProfilingServiceGrpc;
import org.apache.skywalking.apm.network.ebpf.profiling.v3.EBPFProfilingServiceGrpc;
import org.apache.skywalking.apm.network.event.v3.EventServiceGrpc;
import org.apache.skywalking.apm.network.language.agent.v3.BrowserPerfData;
import org.apache.skywalking.apm.network.language.agent.v3.BrowserPerfServiceGrpc;
import org.apache.skywalking.apm.network.language.agent.v3.CLRMetricReportServiceGrpc;
import org.apache.skywalking.apm.network.language.agent.v3.ConfigurationDiscoveryServiceGrpc;
import org.apache.skywalking.apm.network.language.agent.v3.JVMMetricReportServiceGrpc;
import org.apache.skywalking.apm.network.language.agent.v3.MeterReportServiceGrpc;
import org.apache.skywalking.apm.network.language.agent.v3.SpanAttachedEventReportServiceGrpc;
import org.apache.skywalking.apm.network.language.agent.v3.TraceSegmentReportServiceGrpc;
import org.apache.skywalking.apm.network.language.profile.v3.ProfileTaskGrpc;
import org.apache.skywalking.apm.network.logging.v3.LogReportServiceGrpc;
import org.apache.skywalking.apm.network.management.v3.ManagementServiceGrpc;
import org.apache.skywalking.apm.network.servicemesh.v3.ServiceMeshMetricServiceGrpc;

/** The methods of OAP 10.1 as its generated classes declare them. */
public final class Generated {

  private Generated() {}

  /** Says of each generated class of 10.1, once, that it is old: it is what OAP 10.1 runs. */
  private static final Logger GENCODE_WARNINGS =
      Logger.getLogger("com.google.protobuf.GeneratedMessage");

  static {
    hushWarnings();
  }

  public static void hushWarnings() {
    GENCODE_WARNINGS.setLevel(Level.OFF);
  }

  private static final List<ServiceDescriptor> SERVICES =
      List.of(
          TraceSegmentReportServiceGrpc.getServiceDescriptor(),
          SpanAttachedEventReportServiceGrpc.getServiceDescriptor(),
          LogReportServiceGrpc.getServiceDescriptor(),
          MeterReportServiceGrpc.getServiceDescriptor(),
          JVMMetricReportServiceGrpc.getServiceDescriptor(),
          CLRMetricReportServiceGrpc.getServiceDescriptor(),
          ManagementServiceGrpc.getServiceDescriptor(),
          ConfigurationDiscoveryServiceGrpc.getServiceDescriptor(),
          EventServiceGrpc.getServiceDescriptor(),
          ProfileTaskGrpc.getServiceDescriptor(),
          BrowserPerfServiceGrpc.getServiceDescriptor(),
          ServiceMeshMetricServiceGrpc.getServiceDescriptor(),
          EBPFProcessServiceGrpc.getServiceDescriptor(),
          EBPFProfilingServiceGrpc.getServiceDescriptor(),
          ContinuousProfilingServiceGrpc.getServiceDescriptor(),
          EBPFAccessLogServiceGrpc.getServiceDescriptor(),
          io.envoyproxy.envoy.service.accesslog.v2.AccessLogServiceGrpc.getServiceDescriptor(),
          io.envoyproxy.envoy.service.accesslog.v3.AccessLogServiceGrpc.getServiceDescriptor(),
          io.envoyproxy.envoy.service.metrics.v2.MetricsServiceGrpc.getServiceDescriptor(),
          io.envoyproxy.envoy.service.metrics.v3.MetricsServiceGrpc.getServiceDescriptor(),
          org.apache.skywalking.satellite.envoy.accesslog.v3.SatelliteAccessLogServiceGrpc
              .getServiceDescriptor(),
          io.opentelemetry.proto.collector.metrics.v1.MetricsServiceGrpc.getServiceDescriptor(),
          io.opentelemetry.proto.collector.logs.v1.LogsServiceGrpc.getServiceDescriptor(),
          io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc.getServiceDescriptor(),
          org.apache.skywalking.apm.network.language.agent.v3.compat.TraceSegmentReportServiceGrpc
              .getServiceDescriptor(),
          org.apache.skywalking.apm.network.language.agent.v3.compat.JVMMetricReportServiceGrpc
              .getServiceDescriptor(),
          org.apache.skywalking.apm.network.language.agent.v3.compat.CLRMetricReportServiceGrpc
              .getServiceDescriptor(),
          org.apache.skywalking.apm.network.language.agent.v3.compat.MeterReportServiceGrpc
              .getServiceDescriptor(),
          org.apache.skywalking.apm.network.language.agent.v3.compat.BrowserPerfServiceGrpc
              .getServiceDescriptor(),
          org.apache.skywalking.apm.network.management.v3.compat.ManagementServiceGrpc
              .getServiceDescriptor(),
          org.apache.skywalking.apm.network.language.profile.v3.compat.ProfileTaskGrpc
              .getServiceDescriptor());

  /** By full method name, with the slash in front. */
  public static final Map<String, MethodDescriptor<?, ?>> METHODS =
      SERVICES.stream()
          .flatMap(service -> service.getMethods().stream())
          .collect(
              Collectors.toUnmodifiableMap(
                  method -> "/" + method.getFullMethodName(), Function.identity()));

  /** An empty request; for what came after 10.1 and is opaque to Satellite, one that stands in. */
  public static Message request(String method) {
    MethodDescriptor<?, ?> descriptor = METHODS.get(method);
    return descriptor == null
        ? BrowserPerfData.getDefaultInstance()
        : (Message)
            ((PrototypeMarshaller<?>) descriptor.getRequestMarshaller()).getMessagePrototype();
  }
}
