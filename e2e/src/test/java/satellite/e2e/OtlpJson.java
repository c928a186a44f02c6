package satellite.e2e;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.GZIPOutputStream;

/**
 * OTLP in JSON, as its specification shows it: ids in hex, 64-bit numbers as strings, enums as
 * numbers. The SDK for Java does not speak it.
 */
final class OtlpJson implements Telemetry {

  private final String address;
  private final String resource;
  private final List<String> traceIds = new ArrayList<>();
  private final List<String> spans = new ArrayList<>();
  private final List<String> logs = new ArrayList<>();
  private final List<String> metrics = new ArrayList<>();

  OtlpJson(String service, String address) {
    this.address = address;
    this.resource =
        object(
            "'attributes': ["
                + String.join(
                    ",", attribute("host.name", service), attribute("service.name", service))
                + "]");
  }

  private static String attribute(String key, String value) {
    return object("'key': '" + key + "', 'value': {'stringValue': '" + value + "'}");
  }

  @Override
  public void request(String name) {
    String trace = hex(32);
    String server = hex(16);
    traceIds.add(trace);
    long start = System.currentTimeMillis();
    spans.add(span(trace, server, "", name, 2, start, start + 5));
    spans.add(span(trace, hex(16), server, name + "/remote", 3, start + 1, start + 4));
  }

  private static String span(
      String trace, String id, String parent, String name, int kind, long start, long end) {
    return object(
        String.format(
            "'traceId': '%s', 'spanId': '%s', 'parentSpanId': '%s', 'name': '%s', 'kind': %d,"
                + " 'startTimeUnixNano': '%d000000', 'endTimeUnixNano': '%d000000'",
            trace, id, parent, name, kind, start, end));
  }

  @Override
  public void log(String text) {
    logs.add(
        object(
            String.format(
                "'timeUnixNano': '%s', 'severityNumber': 9, 'body': {'stringValue': '%s'}",
                now(), text)));
  }

  @Override
  public void gauge(String name, double value) {
    String point = object(String.format("'timeUnixNano': '%s', 'asDouble': %s", now(), value));
    metrics.add(object(String.format("'name': '%s', 'gauge': {'dataPoints': [%s]}", name, point)));
  }

  @Override
  public void level(String name, long value) {
    String point = object(String.format("'timeUnixNano': '%s', 'asInt': '%d'", now(), value));
    metrics.add(
        object(
            String.format(
                "'name': '%s', 'sum': {'aggregationTemporality': 2, 'dataPoints': [%s]}",
                name, point)));
  }

  /** Traces compressed, the others not. */
  @Override
  public void report() {
    post("/v1/traces", all("resourceSpans", "scopeSpans", "spans", spans), true);
    post("/v1/logs", all("resourceLogs", "scopeLogs", "logRecords", logs), false);
    post("/v1/metrics", all("resourceMetrics", "scopeMetrics", "metrics", metrics), false);
  }

  /** As they were sent. */
  List<String> traceIds() {
    return traceIds;
  }

  private String all(String resources, String scopes, String name, List<String> elements) {
    return object(
        String.format(
            "'%s': [{'resource': %s, '%s': [{'scope': {'name': 'e2e'}, '%s': [%s]}]}]",
            resources, resource, scopes, name, String.join(",", elements)));
  }

  private void post(String path, String json, boolean gzip) {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    try {
      HttpResponse<String> answer =
          gzip
              ? Http.postJson(address, path, gzip(body), "Content-Encoding", "gzip")
              : Http.postJson(address, path, body);
      if (answer.statusCode() != 200) {
        throw new AssertionError(path + " was answered with " + answer + " " + answer.body());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static byte[] gzip(byte[] body) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(body);
    }
    return bytes.toByteArray();
  }

  /** With single quotes, for the sake of the reader. */
  private static String object(String fields) {
    return "{" + fields.replace('\'', '"') + "}";
  }

  private static String hex(int digits) {
    return UUID.randomUUID().toString().replace("-", "").substring(0, digits);
  }

  private static String now() {
    return System.currentTimeMillis() + "000000";
  }
}
