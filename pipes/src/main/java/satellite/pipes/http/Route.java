package satellite.pipes.http;

import java.util.List;
import java.util.function.UnaryOperator;
import satellite.pipes.json.JsonMessages;

/**
 * One path, and the gRPC method whose messages its bodies are: a row of {@link #TABLE}.
 *
 * @param path of POST requests
 * @param body what a body looks like
 * @param type full name of one message
 * @param method whose pipe takes the messages, as {@code /package.Service/Method}
 * @param mustBePositive fields without which a message tells nothing, as OAP's own route holds it
 */
public record Route(
    String path, Body body, String type, String method, List<String> mustBePositive) {

  /** The shape of a body. */
  public enum Body {
    /** A JSON object: one message. */
    OBJECT,
    /** A JSON array of messages. */
    ARRAY,
    /** An OTLP export request: protobuf, or OTLP's JSON. */
    OTLP
  }

  /** What OAP takes over REST, and OTLP over HTTP. Zipkin spans go another way. */
  public static final List<Route> TABLE = table();

  private static List<Route> table() {
    String v3 = "/skywalking.v3.";
    String otlp = "/opentelemetry.proto.collector.";
    String segments = v3 + "TraceSegmentReportService/collect";
    String browser = v3 + "BrowserPerfService/";
    return List.of(
        row("/v3/segment", Body.OBJECT, "SegmentObject", segments),
        row("/v3/segments", Body.ARRAY, "SegmentObject", segments),
        row("/v3/logs", Body.ARRAY, "LogData", v3 + "LogReportService/collect"),
        row("/v3/events", Body.ARRAY, "Event", v3 + "EventService/collect"),
        row(
            "/v3/management/reportProperties",
            Body.OBJECT,
            "InstanceProperties",
            v3 + "ManagementService/reportInstanceProperties"),
        row(
            "/v3/management/keepAlive",
            Body.OBJECT,
            "InstancePingPkg",
            v3 + "ManagementService/keepAlive"),
        row("/browser/perfData", Body.OBJECT, "BrowserPerfData", browser + "collectPerfData"),
        row(
            "/browser/perfData/webVitals",
            Body.OBJECT,
            "BrowserWebVitalsPerfData",
            browser + "collectWebVitalsPerfData"),
        new Route(
            "/browser/perfData/resources",
            Body.ARRAY,
            "skywalking.v3.BrowserResourcePerfData",
            browser + "collectResourcePerfData",
            List.of("duration", "size")),
        row(
            "/browser/perfData/webInteractions",
            Body.ARRAY,
            "BrowserWebInteractionsPerfData",
            browser + "collectWebInteractionsPerfData"),
        row("/browser/errorLog", Body.OBJECT, "BrowserErrorLog", browser + "collectErrorLogs"),
        row("/browser/errorLogs", Body.ARRAY, "BrowserErrorLog", browser + "collectErrorLogs"),
        otlp("/v1/metrics", "metrics.v1.ExportMetrics", otlp + "metrics.v1.MetricsService/Export"),
        otlp("/v1/logs", "logs.v1.ExportLogs", otlp + "logs.v1.LogsService/Export"),
        otlp("/v1/traces", "trace.v1.ExportTrace", otlp + "trace.v1.TraceService/Export"));
  }

  private static Route row(String path, Body body, String type, String method) {
    return new Route(path, body, "skywalking.v3." + type, method, List.of());
  }

  private static Route otlp(String path, String export, String method) {
    String type = "opentelemetry.proto.collector." + export + "ServiceRequest";
    return new Route(path, Body.OTLP, type, method, List.of());
  }

  /** How the bodies of this route are read. */
  JsonMessages json() {
    return new JsonMessages(
        type, body == Body.OTLP ? OtlpJson::idsToBase64 : UnaryOperator.identity());
  }
}
