package satellite.pipes.protocol;

import java.util.Arrays;
import java.util.Optional;

/**
 * The receivers of the configuration, by {@code plugin_name}; each stands for the methods of {@link
 * Protocols} that name it.
 */
public enum ReceiverPlugin {
  LOG("grpc-native-log-receiver", "Logging"),
  MANAGEMENT("grpc-native-management-receiver", "ManagementType"),
  TRACING("grpc-native-tracing-receiver", "TracingType"),
  PROFILE("grpc-native-profile-receiver", "ProfileType"),
  ASYNC_PROFILER("grpc-native-async-profiler-receiver", "AsyncProfilerType"),
  PPROF("grpc-native-pprof-receiver", "PprofType"),
  CDS("grpc-native-cds-receiver", "ConfigurationDiscoveryServiceType"),
  EVENT("grpc-native-event-receiver", "EventType"),
  JVM("grpc-native-jvm-receiver", "JVMMetricType"),
  CLR("grpc-native-clr-receiver", "CLRMetricType"),
  METER("grpc-native-meter-receiver", "MeterType"),
  BROWSER("grpc-native-browser-receiver", "BrowserType"),
  MESH("grpc-native-mesh-receiver", "MeshType"),
  ENVOY_ALS_V2("grpc-envoy-als-v2-receiver", "EnvoyALSV2Type"),
  ENVOY_ALS_V3("grpc-envoy-als-v3-receiver", "EnvoyALSV3Type"),
  ENVOY_METRICS_V2("grpc-envoy-metrics-v2-receiver", "EnvoyMetricsV2Type"),
  ENVOY_METRICS_V3("grpc-envoy-metrics-v3-receiver", "EnvoyMetricsV3Type"),
  PROCESS("grpc-native-process-receiver", "EBPFProcessType"),
  EBPF_PROFILING("grpc-native-ebpf-profiling-receiver", "EBPFProfilingType"),
  EBPF_ACCESS_LOG("grpc-native-ebpf-accesslog-receiver", "EBPFAccessLogType"),
  // The spelling is that of the Go Satellite: dashboards select by it.
  OTLP_METRICS("grpc-otlp-metrics-v1-receiver", "OpenTelementryMetricsV1Type"),
  OTLP_LOGS("grpc-otlp-logs-v1-receiver", "OpenTelemetryLogsV1Type"),
  OTLP_TRACES("grpc-otlp-traces-v1-receiver", "OpenTelemetryTracesV1Type");

  private final String pluginName;
  private final String metricType;

  ReceiverPlugin(String pluginName, String metricType) {
    this.pluginName = pluginName;
    this.metricType = metricType;
  }

  public String pluginName() {
    return pluginName;
  }

  /** Label {@code type} of {@code sender_output_count}. */
  public String metricType() {
    return metricType;
  }

  public static Optional<ReceiverPlugin> of(String pluginName) {
    return Arrays.stream(values()).filter(r -> r.pluginName.equals(pluginName)).findFirst();
  }
}
