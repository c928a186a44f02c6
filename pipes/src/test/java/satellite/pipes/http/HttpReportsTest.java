package satellite.pipes.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.BROWSER;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.LOG;
import static satellite.pipes.protocol.ReceiverPlugin.MANAGEMENT;
import static satellite.pipes.protocol.ReceiverPlugin.OTLP_LOGS;
import static satellite.pipes.protocol.ReceiverPlugin.OTLP_METRICS;
import static satellite.pipes.protocol.ReceiverPlugin.OTLP_TRACES;
import static satellite.pipes.protocol.ReceiverPlugin.TRACING;

import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.apache.skywalking.apm.network.event.v3.Event;
import org.apache.skywalking.apm.network.event.v3.Type;
import org.apache.skywalking.apm.network.language.agent.v3.BrowserErrorLog;
import org.apache.skywalking.apm.network.language.agent.v3.BrowserPerfData;
import org.apache.skywalking.apm.network.language.agent.v3.ErrorCategory;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentCollection;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.apache.skywalking.apm.network.language.agent.v3.SpanType;
import org.apache.skywalking.apm.network.logging.v3.LogData;
import org.apache.skywalking.apm.network.management.v3.InstancePingPkg;
import org.apache.skywalking.apm.network.management.v3.InstanceProperties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import satellite.pipes.Samples;
import satellite.pipes.protocol.FieldCursor;
import satellite.pipes.protocol.Rounds;
import satellite.standin.StandInOap;

/** What comes as JSON reaches OAP as the message that it means. */
class HttpReportsTest extends HttpFixture {

  private static final String V3 = "/skywalking.v3.";
  private static final String BROWSERS = V3 + "BrowserPerfService/";
  private static final String OTLP = "/opentelemetry.proto.collector.";

  private static String segment(String id) {
    return """
        {"traceId": "t", "traceSegmentId": "%s", "service": "web", "serviceInstance": "v1",
         "isSizeLimited": false, "unknownToAll": [1, {}],
         "spans": [{"spanId": 0, "parentSpanId": -1, "startTime": 1700000000000, "endTime": "1700000000009",
                    "operationName": "/pay", "peer": "pay:80", "spanType": "Exit", "spanLayer": "Http",
                    "componentId": 10001, "isError": true,
                    "tags": [{"key": "http.method", "value": "GET"}]}]}
        """
        .formatted(id);
  }

  @Test
  void segmentsArriveOneByOneAndInArrays() {
    StandInOap oap = node();
    startHttp(TRACING);
    assertAccepted(post("/v3/segment", segment("a")));
    assertAccepted(post("/v3/segments", "[" + segment("b") + "," + segment("c") + "]"));
    assertAccepted(post("/v3/segments", " [ ] "));
    awaitForwarded(3);
    List<SegmentObject> segments =
        messages(oap, V3 + "TraceSegmentReportService/collectInSync").stream()
            .flatMap(m -> Samples.parse(SegmentCollection.parser(), m).getSegmentsList().stream())
            .toList();
    assertEquals(
        List.of("a", "b", "c"),
        segments.stream().map(SegmentObject::getTraceSegmentId).sorted().toList());
    var span = segments.get(0).getSpans(0);
    assertEquals(-1, span.getParentSpanId());
    assertEquals(1_700_000_000_000L, span.getStartTime());
    assertEquals(1_700_000_000_009L, span.getEndTime());
    assertEquals(SpanType.Exit, span.getSpanType());
    assertEquals("GET", span.getTags(0).getValue());
    assertTrue(span.getIsError());
  }

  /** Over gRPC a log inherits the service of its stream; a body is no stream. */
  @Test
  void aLogWithoutServiceIsDroppedAndDoesNotInherit() {
    StandInOap oap = node();
    startHttp(LOG);
    assertAccepted(
        post(
            "/v3/logs",
            """
            [{"service": "shop", "timestamp": 1, "body": {"type": "TEXT", "text": {"text": "one"}}},
             {"body": {"text": {"text": "nobody's"}}},
             {"service": "cart", "body": {"json": {"json": "{}"}}, "layer": "GENERAL",
              "tags": {"data": [{"key": "level", "value": "INFO"}]}}]
            """));
    awaitForwarded(2);
    awaitSettled();
    assertEquals(Map.of("no_service", 1L), account().droppedByReason());
    Map<String, LogData> logs =
        messages(oap, Samples.LOGS).stream()
            .map(m -> Samples.parse(LogData.parser(), m))
            .collect(Collectors.toMap(LogData::getService, log -> log));
    assertEquals("one", logs.get("shop").getBody().getText().getText());
    assertEquals("{}", logs.get("cart").getBody().getJson().getJson());
    assertEquals("level", logs.get("cart").getTags().getData(0).getKey());
  }

  @Test
  void logsOfABodyStayInOrder() {
    StandInOap oap = node();
    startHttp(LOG);
    StringBuilder logs = new StringBuilder("[");
    for (int i = 0; i < 300; i++) {
      logs.append(i == 0 ? "" : ",");
      logs.append("{\"service\":\"s\",\"body\":{\"text\":{\"text\":\"").append(i).append("\"}}}");
    }
    assertAccepted(post("/v3/logs", logs.append("]").toString()));
    awaitForwarded(300);
    List<String> texts = messages(oap, Samples.LOGS).stream().map(Samples::logText).toList();
    for (int i = 0; i < 300; i++) {
      assertEquals("" + i, texts.get(i));
    }
  }

  @Test
  void eventsArrive() {
    StandInOap oap = node();
    startHttp(EVENT);
    assertAccepted(
        post(
            "/v3/events",
            """
            [{"uuid": "u", "source": {"service": "shop", "serviceInstance": "i"}, "name": "Start",
              "type": "Error", "message": "m", "parameters": {"a": "b"}, "startTime": 1, "layer": "GENERAL"}]
            """));
    awaitForwarded(1);
    Event event = Samples.parse(Event.parser(), messages(oap, V3 + "EventService/collect").get(0));
    assertEquals(Type.Error, event.getType());
    assertEquals("shop", event.getSource().getService());
    assertEquals(Map.of("a", "b"), event.getParametersMap());
    assertEquals("GENERAL", event.getLayer());
  }

  @Test
  void managementArrives() {
    StandInOap oap = node();
    startHttp(MANAGEMENT);
    assertAccepted(
        post(
            "/v3/management/reportProperties",
            """
            {"service": "s", "serviceInstance": "i", "properties": [{"key": "language", "value": "Lua"}]}
            """));
    String keepAlive = "{\"service\": \"s\", \"serviceInstance\": \"i\", \"layer\": \"GENERAL\"}";
    assertAccepted(post("/v3/management/keepAlive", keepAlive));
    awaitForwarded(2);
    String service = V3 + "ManagementService/";
    assertEquals(
        "Lua",
        Samples.parse(
                InstanceProperties.parser(),
                messages(oap, service + "reportInstanceProperties").get(0))
            .getProperties(0)
            .getValue());
    assertEquals(
        "GENERAL",
        Samples.parse(InstancePingPkg.parser(), messages(oap, service + "keepAlive").get(0))
            .getLayer());
  }

  @Test
  void whatBrowsersSendArrives() {
    StandInOap oap = node();
    startHttp(BROWSER);
    assertAccepted(
        post(
            "/browser/perfData",
            "{\"service\":\"web\",\"serviceVersion\":\"v1\",\"pagePath\":\"/\",\"dnsTime\":3,"
                + "\"useFmp\":true}"));
    String error =
        "{\"uniqueId\":\"%s\",\"service\":\"web\",\"category\":\"promise\",\"line\":1,"
            + "\"firstReportedError\":true}";
    assertAccepted(post("/browser/errorLog", error.formatted("a")));
    assertAccepted(
        post("/browser/errorLogs", "[" + error.formatted("b") + "," + error.formatted("c") + "]"));
    awaitForwarded(4);
    BrowserPerfData perf =
        Samples.parse(BrowserPerfData.parser(), messages(oap, BROWSERS + "collectPerfData").get(0));
    assertEquals(3, perf.getDnsTime());
    List<BrowserErrorLog> errors =
        messages(oap, BROWSERS + "collectErrorLogs").stream()
            .map(m -> Samples.parse(BrowserErrorLog.parser(), m))
            .toList();
    assertEquals(
        List.of("a", "b", "c"),
        errors.stream().map(BrowserErrorLog::getUniqueId).sorted().toList());
    assertEquals(ErrorCategory.promise, errors.get(0).getCategory());
  }

  /** Their messages came after the generated classes: numbers as published for OAP 10.2. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/browser/perfData/webVitals | collectWebVitalsPerfData"
            + " | {\"service\":\"w\",\"fmpTime\":1,\"clsTime\":2,\"lcpTime\":3} | 0a0177280130023803",
        "/browser/perfData/webInteractions | collectWebInteractionsPerfData"
            + " | [{\"serviceVersion\":\"v\",\"pagePath\":\"p\",\"inpTime\":4}] | 1201762201702804",
        "/browser/perfData/resources | collectResourcePerfData"
            + " | [{\"name\":\"n\",\"duration\":1,\"size\":2,\"resourceType\":\"img\",\"protocol\":\"h2\"}]"
            + " | 2a016e300138024203696d674a026832",
      })
  void webPerformanceArrives(String path, String method, String json, String hex) {
    StandInOap oap = node();
    startHttp(BROWSER);
    assertAccepted(post(path, json));
    awaitForwarded(1);
    assertEquals(hex, HexFormat.of().formatHex(messages(oap, BROWSERS + method).get(0)), "bytes");
  }

  @Test
  void aResourceThatTookNoTimeOrHasNoSizeIsDroppedAsOapDoes() {
    node();
    startHttp(BROWSER);
    assertAccepted(
        post(
            "/browser/perfData/resources",
            "[{\"duration\":0,\"size\":2},{\"duration\":1,\"size\":-1},{\"duration\":1,\"size\":1}]"));
    awaitForwarded(1);
    assertEquals(Map.of("no_duration_or_size", 2L), account().droppedByReason());
    assertEquals(3, account().received());
  }

  private static ExportTraceServiceRequest trace() {
    var request = ExportTraceServiceRequest.newBuilder();
    var spans = request.addResourceSpansBuilder();
    spans
        .getResourceBuilder()
        .addAttributesBuilder()
        .setKey("service.name")
        .getValueBuilder()
        .setStringValue("otel");
    spans
        .addScopeSpansBuilder()
        .addSpansBuilder()
        .setTraceId(bytes("5b8efff798038103d269b633813fc60c"))
        .setSpanId(bytes("eee19b7ec3c1b174"))
        .setParentSpanId(bytes("eee19b7ec3c1b173"))
        .setName("traceId")
        .setKind(Span.SpanKind.SPAN_KIND_SERVER)
        .setStartTimeUnixNano(1_544_712_660_000_000_000L);
    return request.build();
  }

  private static com.google.protobuf.ByteString bytes(String hex) {
    return com.google.protobuf.ByteString.copyFrom(HexFormat.of().parseHex(hex));
  }

  private static final String TRACE_JSON =
      """
      {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "otel"}}]},
        "scopeSpans": [{"spans": [{"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "eee19b7ec3c1b174",
          "parentSpanId": "eee19b7ec3c1b173", "name": "traceId", "kind": 2,
          "startTimeUnixNano": "1544712660000000000"}]}]}]}
      """;

  @Test
  void otlpArrivesAsProtobufAndAsJson() {
    StandInOap oap = node();
    startHttp(OTLP_TRACES);
    HttpResponse<byte[]> binary = post("/v1/traces", PROTOBUF, trace().toByteArray());
    assertEquals(200, binary.statusCode());
    assertEquals(PROTOBUF, header(binary, "Content-Type"));
    assertEquals(0, binary.body().length);
    awaitForwarded(1);
    assertAccepted(post("/v1/traces", JSON + "; charset=utf-8", TRACE_JSON.getBytes()));
    awaitForwarded(2);
    for (byte[] arrived : messages(oap, OTLP + "trace.v1.TraceService/Export")) {
      assertEquals(trace(), Samples.parse(ExportTraceServiceRequest.parser(), arrived));
    }
  }

  @Test
  void otlpMetricsAndLogsArriveAsJson() {
    StandInOap oap = node();
    startHttp(OTLP_METRICS, OTLP_LOGS);
    String resource =
        "\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"o\"}}]}";
    assertAccepted(
        post(
            "/v1/metrics",
            "{\"resourceMetrics\":[{"
                + resource
                + ",\"scopeMetrics\":[{\"metrics\":[{\"name\":\"cpu\","
                + "\"gauge\":{\"dataPoints\":[{\"asDouble\":0.5,\"timeUnixNano\":\"5\"}]}}]}]}]}"));
    assertAccepted(
        post(
            "/v1/logs",
            "{\"resourceLogs\":[{"
                + resource
                + ",\"scopeLogs\":[{\"logRecords\":[{\"body\":{\"stringValue\":\"hi\"},"
                + "\"spanId\":\"eee19b7ec3c1b174\"}]}]}]}"));
    awaitSettled();
    var metrics =
        Samples.parse(
            ExportMetricsServiceRequest.parser(),
            messages(oap, OTLP + "metrics.v1.MetricsService/Export").get(0));
    var metric = metrics.getResourceMetrics(0).getScopeMetrics(0).getMetrics(0);
    assertEquals(0.5, metric.getGauge().getDataPoints(0).getAsDouble());
    var logs =
        Samples.parse(
            ExportLogsServiceRequest.parser(),
            messages(oap, OTLP + "logs.v1.LogsService/Export").get(0));
    var log = logs.getResourceLogs(0).getScopeLogs(0).getLogRecords(0);
    assertEquals("hi", log.getBody().getStringValue());
    assertEquals(bytes("eee19b7ec3c1b174"), log.getSpanId());
  }

  @Test
  void compressedBodiesAreTaken() {
    StandInOap oap = node();
    startHttp(OTLP_TRACES);
    HttpResponse<byte[]> answer =
        send(
            request("/v1/traces")
                .header("Content-Type", PROTOBUF)
                .header("Content-Encoding", "gzip")
                .POST(HttpRequest.BodyPublishers.ofByteArray(gzip(trace().toByteArray()))));
    assertEquals(200, answer.statusCode(), () -> text(answer));
    awaitForwarded(1);
    assertArrayEquals(
        trace().toByteArray(), messages(oap, OTLP + "trace.v1.TraceService/Export").get(0));
  }

  /** As the OTLP specification wants it: a google.rpc.Status, with the message as field 2. */
  @Test
  void otlpErrorsComeInTheEncodingOfTheRequest() throws Exception {
    node();
    startHttp(OTLP_TRACES);
    HttpResponse<byte[]> binary = post("/v1/traces", PROTOBUF, new byte[] {0x0a, 0x7f});
    assertEquals(400, binary.statusCode());
    assertEquals(PROTOBUF, header(binary, "Content-Type"));
    FieldCursor status = new FieldCursor(binary.body());
    assertTrue(status.next() && status.is(2));
    assertTrue(status.string().startsWith("/v1/traces: not a protobuf message"), status.string());
    assertError(
        415,
        "/v1/traces: Content-Type must be application/x-protobuf or application/json, found text/plain",
        post("/v1/traces", "text/plain", new byte[0]));
    assertEquals(Map.of("malformed", 1L), account().refusedByReason());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/v3/segments | [{}, | line 1, column 5, $[1]: not JSON",
        "/v3/segments | {} | $: expected an array, found an object",
        "/v3/segment | [] | $: expected an object, found an array",
        "/v3/segment | {} x | line 1, column 5, $: not JSON",
        "/v3/segment | {} {} | line 1, column 5, $: not JSON",
        "/v3/segment | {a: 1} | line 1, column 3, $.: not JSON",
        "/v3/segment | `` | line 1, column 1, $: not JSON",
        "/v3/segments | [{}, 7] | $[1]: expected an object, found a number",
        "/v3/segments | [{}, {\"spans\": [{}, {\"startTime\": \"x\"}]}]"
            + " | $[1].spans[1].startTime: Not an int64 value: \"x\"",
        "/v3/segments | [{\"spans\": 5}] | $[0].spans: Expected an array for spans but found 5",
        "/browser/errorLogs | [{\"line\": 1.5}] | $[0].line: Not an int32 value: 1.5",
        "/v3/logs | [{\"body\": {\"text\": 7}}] | $[0].body.text: Expect message object but got: 7",
        "/v1/traces | {\"resourceSpans\": [{\"scopeSpans\": [{\"spans\": [{\"traceId\": \"xyz\"}]}]}]}"
            + " | $.resourceSpans[0].scopeSpans[0].spans[0].traceId: Illegal base64 character 20",
      })
  void badJsonIsToldWhere(String path, String json, String where) {
    node();
    startHttp(TRACING, LOG, BROWSER, OTLP_TRACES);
    assertError(400, path + ": " + where, post(path, json));
    assertEquals(
        1,
        pipes.stream()
            .mapToLong(p -> p.account().refusedByReason().get("malformed") == null ? 0 : 1)
            .sum());
    assertEquals(0, pipes.stream().mapToLong(pipe -> pipe.account().received()).sum());
  }

  @Test
  void textThatIsNotUtf8IsRefused() {
    node();
    startHttp(LOG);
    byte[] latin = {'[', '{', '"', 's', 'e', 'r', 'v', 'i', 'c', 'e', '"', ':', '"', (byte) 0xe4};
    assertError(400, "/v3/logs: $[0].service: not UTF-8", post("/v3/logs", JSON, latin));
  }

  @Test
  void deepNestingIsRefused() {
    node();
    startHttp(TRACING);
    HttpResponse<byte[]> answer =
        post("/v3/segments", "[{\"x\":" + "[".repeat(20_000) + "]".repeat(20_000) + "}]");
    assertEquals(400, answer.statusCode());
  }

  /** Whatever comes is answered, and costs the others nothing. */
  @Test
  void randomBodiesAreAnsweredWithoutFailing() {
    node();
    startHttp(TRACING, LOG, EVENT, MANAGEMENT, BROWSER, OTLP_METRICS, OTLP_LOGS, OTLP_TRACES);
    for (int seed = 0; seed < 5 * Rounds.COUNT; seed++) {
      Random random = new Random(seed);
      Route route = Route.TABLE.get(random.nextInt(Route.TABLE.size()));
      byte[] body = ("[" + segment("x") + "]").getBytes();
      for (int i = random.nextInt(4); i >= 0; i--) {
        body[random.nextInt(body.length)] = (byte) random.nextInt();
      }
      String type = random.nextBoolean() ? JSON : PROTOBUF;
      int status = post(route.path(), type, body).statusCode();
      assertTrue(
          status == 200 || status == 400,
          "seed " + seed + ": " + route.path() + " answered " + status);
    }
    awaitSettled();
  }
}
