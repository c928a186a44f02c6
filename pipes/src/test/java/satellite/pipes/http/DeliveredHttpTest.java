package satellite.pipes.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.BROWSER;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.LOG;
import static satellite.pipes.protocol.ReceiverPlugin.OTLP_METRICS;
import static satellite.pipes.protocol.ReceiverPlugin.TRACING;

import io.grpc.Status;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import satellite.pipes.ByHand;
import satellite.pipes.Samples;
import satellite.pipes.pipe.Pipe;
import satellite.queue.Acknowledgement;
import satellite.standin.StandInOap;

/** The same as {@code DeliveredTest} over HTTP: a report is answered when all of it is. */
class DeliveredHttpTest extends HttpFixture {

  private static final String BAD = "poisoned";

  @BeforeEach
  void delivered() {
    queue = answering(Acknowledgement.DELIVERED);
  }

  private static String segments(String... ids) {
    return "[{\"traceSegmentId\": \"" + String.join("\"}, {\"traceSegmentId\": \"", ids) + "\"}]";
  }

  private CompletableFuture<HttpResponse<byte[]>> posting(String path, String type, byte[] body) {
    return CompletableFuture.supplyAsync(() -> post(path, type, body));
  }

  private CompletableFuture<HttpResponse<byte[]>> posting(String path, String json) {
    return posting(path, JSON, json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aReportIsAnsweredWhenTheNodeHasAnswered() {
    StandInOap oap = node();
    oap.hold();
    startHttp(TRACING, OTLP_METRICS);
    var json = posting("/v3/segments", segments("a", "b", "c"));
    var otlp = posting("/v1/metrics", PROTOBUF, Samples.otlpMetrics("shop"));
    await("the node has both", () -> oap.held() == 2);
    assertFalse(json.isDone() || otlp.isDone());
    oap.release();
    assertAccepted(json.join());
    assertEquals(200, otlp.join().statusCode());
    assertEquals(0, otlp.join().body().length);
  }

  @Test
  void aReportOfNothingIsAnsweredAtOnce() {
    deadNode();
    startHttp(TRACING, LOG);
    assertAccepted(post("/v3/segments", "[]"));
    assertAccepted(post("/v3/logs", "[{\"body\": {\"text\": {\"text\": \"nobody's\"}}}]"));
    assertEquals(Map.of("no_service", 1L), pipe(LOG).account().droppedByReason());
  }

  /** What no sender should send again, as OpenTelemetry's do after 502, 503 and 504. */
  @ParameterizedTest
  @CsvSource({
    "INVALID_ARGUMENT, 400, invalid_argument",
    "UNKNOWN, 500, unknown",
    "UNIMPLEMENTED, 501, unimplemented",
    "RESOURCE_EXHAUSTED, 413, too_large"
  })
  void whatTheNodeRefusesIsRefusedInItsWords(Status.Code code, int status, String reason) {
    StandInOap oap = node();
    String words = "gRPC message exceeds maximum size";
    oap.endWhen(
        (method, message, index) -> Samples.contains(message, BAD) ? status(code, words) : null);
    startHttp(TRACING, OTLP_METRICS);
    String answer = reason + ": node " + address(oap) + " answered: " + words;
    assertError(status, "/v3/segments: " + answer, post("/v3/segments", segments("a", BAD, "c")));
    var otlp = post("/v1/metrics", PROTOBUF, Samples.otlpMetrics(BAD));
    assertEquals(status, otlp.statusCode());
    assertEquals(PROTOBUF, header(otlp, "Content-Type"));
    assertEquals("/v1/metrics: " + answer, ByHand.text(otlp.body(), 2));
    boolean whole = code == Status.Code.UNIMPLEMENTED;
    assertEquals(Map.of(reason, whole ? 3L : 1L), account().droppedByReason());
  }

  @Test
  void whatIsGivenUpMayBeSentAgain() {
    deadNode();
    startHttp(EVENT, BROWSER);
    var event = posting("/v3/events", "[{\"uuid\": \"u\", \"layer\": \"GENERAL\"}]");
    // One of them is of no use to OAP, and is counted as such.
    var browser =
        posting(
            "/browser/perfData/resources",
            "[{\"duration\": 1, \"size\": 1}, {\"duration\": 0, \"size\": 0}]");
    await("they wait", () -> pipes.stream().allMatch(p -> p.account().received() == 1));
    pipes.forEach(Pipe::persist);
    assertError(503, "/v3/events: shutdown: Satellite is stopping", event.join());
    assertEquals("1", header(event.join(), "Retry-After"));
    assertEquals(503, browser.join().statusCode());
    assertEquals(
        Map.of("shutdown", 1L, "no_duration_or_size", 1L),
        pipe(BROWSER).account().droppedByReason());
  }

  @Test
  void aSenderThatGoesAwayTakesNothingWithIt() {
    StandInOap oap = node();
    oap.hold();
    idleTimeout = java.time.Duration.ofMillis(200);
    startHttp(TRACING);
    String body = segments("a");
    String request =
        "POST /v3/segments HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    assertEquals("", raw(request), "its connection is closed when nothing has come for too long");
    await("no connection is open", () -> http.connections() == 0);
    await("the node has it", () -> oap.held() == 1);
    oap.release();
    awaitForwarded(1);
    assertTrue(http.answers().size() <= 1);
  }
}
