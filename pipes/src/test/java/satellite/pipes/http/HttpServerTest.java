package satellite.pipes.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.BROWSER;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.LOG;
import static satellite.pipes.protocol.ReceiverPlugin.MANAGEMENT;
import static satellite.pipes.protocol.ReceiverPlugin.OTLP_LOGS;
import static satellite.pipes.protocol.ReceiverPlugin.OTLP_METRICS;
import static satellite.pipes.protocol.ReceiverPlugin.OTLP_TRACES;
import static satellite.pipes.protocol.ReceiverPlugin.TRACING;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.pipes.Samples;
import satellite.pipes.transport.AccessToken;
import satellite.queue.PayloadMemory;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;
import satellite.standin.StandInOap;

/** The port for HTTP: whom it takes, what it refuses and how, and how it ends. */
class HttpServerTest extends HttpFixture {

  private static String logs(int count, int padding) {
    String log = "{\"service\":\"s\",\"endpoint\":\"" + "x".repeat(padding) + "\"}";
    return "[" + (log + ",").repeat(count - 1) + log + "]";
  }

  @Test
  void aPathThatNobodyTakesIsToldWithThosePossible() {
    node();
    startHttp(LOG);
    assertError(
        404,
        "nothing is taken at /graphql; possible: /api/v1/spans, /api/v2/spans, /v3/logs",
        post("/graphql", "{}"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "PUT", "DELETE"})
  void onlyPostIsTaken(String method) {
    node();
    startHttp(LOG);
    HttpResponse<byte[]> answer =
        send(request("/v3/logs").method(method, HttpRequest.BodyPublishers.noBody()));
    assertError(405, "/v3/logs takes POST, found " + method, answer);
    assertEquals("POST, OPTIONS", header(answer, "Allow"));
  }

  @Test
  void aBodyThatIsTooLargeIsRefusedAndNothingOfItTaken() {
    node();
    startHttp(LOG);
    assertError(
        413,
        "a request may have 65536 bytes at most (max_request_bytes)",
        post("/v3/logs", logs(1000, 100)));
    assertEquals(0, account().received());
    assertAccepted(post("/v3/logs", logs(10, 100)));
    awaitForwarded(10);
  }

  @Test
  void aReportThatNoMemoryIsFoundForClosesItsConnectionAndTakesNoSpace() {
    node();
    AtomicInteger left = new AtomicInteger(1);
    payload =
        length -> {
          if (left.getAndDecrement() <= 0) {
            throw new OutOfMemoryError("Cannot reserve 1 bytes of direct buffer memory");
          }
          return PayloadMemory.HEAP.allocate(length);
        };
    startHttp(LOG);
    assertThrows(UncheckedIOException.class, () -> post("/v3/logs", logs(3, 100)));
    awaitForwarded(1);
    assertEquals(0, pipes.get(0).queue().bytes());
    left.set(10);
    assertAccepted(post("/v3/logs", logs(10, 100)));
    awaitForwarded(11);
  }

  /** A connection closed with bytes unread is reset, and takes its answer with it. */
  @Test
  void aClientThatIsStillSendingSeesWhyItIsRefused() throws Exception {
    maxRequestBytes = 1000;
    node();
    startHttp(LOG);
    int length = 8 << 20;
    try (var sockets = new Sockets().open()) {
      sockets.write("POST /v3/logs HTTP/1.1\r\nHost: x\r\nContent-Length: " + length + "\r\n\r\n");
      for (int sent = 0; sent < length; sent += 64 << 10) {
        sockets.write("x".repeat(64 << 10));
      }
      String answer = read(sockets.last().getInputStream());
      assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
      assertTrue(answer.contains("connection: close"), answer);
    }
  }

  /** A small body that becomes a large one. */
  @Test
  void aBombIsRefused() {
    node();
    startHttp(LOG);
    byte[] bomb = gzip(logs(10_000, 1000).getBytes(StandardCharsets.UTF_8));
    assertTrue(bomb.length < maxRequestBytes, "" + bomb.length);
    HttpResponse<byte[]> answer =
        send(
            request("/v3/logs")
                .header("Content-Encoding", "gzip")
                .POST(HttpRequest.BodyPublishers.ofByteArray(bomb)));
    assertEquals(413, answer.statusCode(), () -> text(answer));
    assertEquals(0, account().received());
  }

  @Test
  void aBodyThatIsNotCompressedAsItSaysIsRefused() {
    node();
    startHttp(LOG);
    for (String encoding : List.of("gzip", "lzma")) {
      HttpResponse<byte[]> answer =
          send(
              request("/v3/logs")
                  .header("Content-Encoding", encoding)
                  .POST(HttpRequest.BodyPublishers.ofString("[{}]")));
      assertEquals(encoding.equals("gzip") ? 400 : 415, answer.statusCode(), () -> text(answer));
    }
  }

  @Test
  void aFullQueueIsToldAndNothingOfTheReportIsTaken() {
    queue = new QueueConfig(1, 5000, LONG, WhenFull.REFUSE);
    memoryBytes = 40_000;
    StandInOap oap = deadNode();
    startHttp(LOG);
    assertAccepted(post("/v3/logs", logs(100, 10)));
    HttpResponse<byte[]> answer = post("/v3/logs", logs(200, 10));
    assertError(503, "/v3/logs: the queue is full, try later", answer);
    assertEquals("1", header(answer, "Retry-After"));
    assertEquals(100, account().received());
    assertEquals(Map.of("queue_full", 200L), account().refusedByReason());
    assertAccepted(post("/v3/logs", logs(1, 10)));
    oap.start(oap.port());
    awaitForwarded(101);
  }

  /** Bodies on their way in are memory too. */
  @Test
  void tooManyBodiesAtATimeAreRefused() throws Exception {
    maxRequestBytes = 1000;
    node();
    startHttp(LOG);
    String head = "POST /v3/logs HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n";
    try (var half = new Sockets()) {
      // Nine bodies of 900 bytes are more than eight of 1000.
      for (int i = 0; i < 8; i++) {
        half.open().write(head + "x".repeat(900));
      }
      Socket ninth = half.open().write(head + "x".repeat(900)).last();
      String answer = read(ninth.getInputStream());
      assertTrue(answer.startsWith("HTTP/1.1 503 "), answer);
      assertTrue(answer.contains("retry-after: 1"), answer);
    }
    await("their bytes are given back", () -> http.connections() == 0);
    assertAccepted(post("/v3/logs", logs(1, 10)));
    awaitForwarded(1);
  }

  /** Sockets that speak HTTP by hand. */
  private final class Sockets implements AutoCloseable {
    private final List<Socket> open = new ArrayList<>();

    Sockets open() throws IOException {
      Socket socket = new Socket(InetAddress.getLoopbackAddress(), http.port());
      socket.setSoTimeout(10_000);
      open.add(socket);
      return this;
    }

    Sockets write(String text) throws IOException {
      last().getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
      return this;
    }

    Socket last() {
      return open.get(open.size() - 1);
    }

    @Override
    public void close() throws IOException {
      for (Socket socket : open) {
        socket.close();
      }
    }
  }

  private static String read(InputStream in) throws IOException {
    var all = new ByteArrayOutputStream();
    in.transferTo(all);
    return all.toString(StandardCharsets.UTF_8);
  }

  @Test
  void requestsOfAConnectionAreAnsweredInTheirOrder() throws Exception {
    node();
    startHttp(LOG);
    String request = "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n%s\r\n[]";
    try (var sockets = new Sockets().open()) {
      sockets.write(
          request.formatted("/v3/logs", "")
              + request.formatted("/nothing", "")
              + request.formatted("/v3/logs", "Connection: close\r\n"));
      String answers = read(sockets.last().getInputStream());
      assertEquals(
          List.of("200", "404", "200"),
          Pattern.compile("HTTP/1.1 (\\d+)")
              .matcher(answers)
              .results()
              .map(m -> m.group(1))
              .toList());
    }
  }

  @Test
  void whatIsNotHttpIsRefused() throws Exception {
    node();
    startHttp(LOG);
    try (var sockets = new Sockets().open().write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) {
      sockets.last().shutdownOutput();
      String answer = read(sockets.last().getInputStream());
      assertFalse(answer.contains(" 200 "), answer);
    }
    await("the connection is gone", () -> http.connections() == 0);
  }

  @Test
  void connectionsBeyondTheLimitAreClosed() throws Exception {
    maxConnections = 2;
    node();
    startHttp(LOG);
    try (var sockets = new Sockets().open().open()) {
      await("two are open", () -> http.connections() == 2);
      assertEquals(-1, sockets.open().last().getInputStream().read());
      assertEquals(2, http.connections());
    }
  }

  @Test
  void anIdleConnectionIsClosed() throws Exception {
    idleTimeout = Duration.ofMillis(50);
    node();
    startHttp(LOG);
    try (var sockets = new Sockets().open().write("POST /v3/logs HTTP/1.1\r\n")) {
      assertEquals(-1, sockets.last().getInputStream().read());
    }
  }

  private HttpResponse<byte[]> preflight(String path, String origin) {
    return send(
        request(path)
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "content-type")
            .method("OPTIONS", HttpRequest.BodyPublishers.noBody()));
  }

  @Test
  void pagesOfAnyOriginMayReport() {
    node();
    startHttp(BROWSER);
    HttpResponse<byte[]> asked = preflight("/browser/perfData", "https://shop.example");
    assertEquals(200, asked.statusCode());
    assertEquals("https://shop.example", header(asked, "Access-Control-Allow-Origin"));
    // Without it browsers drop the beacons of a page that is left.
    assertEquals("true", header(asked, "Access-Control-Allow-Credentials"));
    assertEquals("POST", header(asked, "Access-Control-Allow-Methods"));
    assertTrue(header(asked, "Access-Control-Allow-Headers").contains("content-type"));
    HttpResponse<byte[]> answer =
        send(
            request("/browser/perfData")
                .header("Origin", "https://shop.example")
                .POST(HttpRequest.BodyPublishers.ofString("{\"service\":\"web\"}")));
    assertEquals(200, answer.statusCode());
    assertEquals("https://shop.example", header(answer, "Access-Control-Allow-Origin"));
    assertEquals("true", header(answer, "Access-Control-Allow-Credentials"));
    awaitForwarded(1);
  }

  @Test
  void pagesOfOtherOriginsMayNotReportWhereOriginsAreListed() {
    corsOrigins = List.of("https://shop.example");
    node();
    startHttp(BROWSER);
    HttpResponse<byte[]> ours = preflight("/browser/perfData", "https://shop.example");
    assertEquals("https://shop.example", header(ours, "Access-Control-Allow-Origin"));
    HttpResponse<byte[]> theirs = preflight("/browser/perfData", "https://other.example");
    assertEquals("", header(theirs, "Access-Control-Allow-Origin"));
    HttpResponse<byte[]> unasked =
        send(
            request("/browser/perfData")
                .header("Origin", "https://other.example")
                .POST(HttpRequest.BodyPublishers.ofString("{}")));
    assertEquals(403, unasked.statusCode());
    assertEquals(0, account().received());
  }

  @Test
  void theTokenIsAskedForOnEveryPath() {
    token = AccessToken.of("secret");
    StandInOap oap = node();
    startHttp(LOG, TRACING, EVENT, MANAGEMENT, BROWSER, OTLP_METRICS, OTLP_LOGS, OTLP_TRACES);
    String missing =
        "the token is missing or wrong; send it as Authentication or as Authorization: Bearer";
    List<String> paths = new ArrayList<>(Route.TABLE.stream().map(Route::path).toList());
    paths.addAll(List.of("/api/v1/spans", "/api/v2/spans"));
    for (String path : paths) {
      assertError(401, missing, post(path, "[]"));
      assertError(
          401,
          missing,
          send(
              request(path)
                  .header("Authentication", "Secret")
                  .POST(HttpRequest.BodyPublishers.ofString("[]"))));
    }
    // Browsers ask before they show a token.
    assertEquals(200, preflight("/browser/perfData", "https://shop.example").statusCode());
    for (String[] header :
        new String[][] {{"Authentication", "secret"}, {"Authorization", "Bearer secret"}}) {
      assertAccepted(
          send(
              request("/v3/logs")
                  .header(header[0], header[1])
                  .POST(HttpRequest.BodyPublishers.ofString(logs(1, 1)))));
    }
    await("two logs arrive", () -> messages(oap, Samples.LOGS).size() == 2);
  }

  /** As curl does before it sends a long one. */
  @Test
  void aClientMayAskWhetherItsBodyIsWanted() {
    node();
    startHttp(LOG);
    String head =
        "POST /v3/logs HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n";
    String wanted = raw(head + "Content-Length: 2\r\n\r\n[]");
    assertTrue(wanted.startsWith("HTTP/1.1 100 Continue"), wanted);
    assertTrue(wanted.contains("HTTP/1.1 200 OK"), wanted);
    String unwanted = raw(head + "Content-Length: 9999999\r\n\r\n");
    assertTrue(unwanted.startsWith("HTTP/1.1 413 "), unwanted);
    assertEquals(Map.of(200, 1L, 413, 1L), http.answers());
  }

  @Test
  void answersAreCountedByStatus() {
    node();
    startHttp(LOG);
    assertAccepted(post("/v3/logs", "[]"));
    post("/v3/logs", "[");
    post("/v3/logs", "[");
    assertEquals(Map.of(200, 1L, 400, 2L), http.answers());
  }

  @Test
  void whileItDrainsEverybodyIsTakenAndSentOn() throws Exception {
    node();
    startHttp(LOG);
    http.drain();
    try (var sockets = new Sockets().open()) {
      sockets.write("POST /v3/logs HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]");
      String answer = read(sockets.last().getInputStream());
      assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
      assertTrue(answer.contains("connection: close"), answer);
    }
    await("the connection is closed", () -> http.connections() == 0);
  }

  @Test
  void afterTheStopNobodyIsTaken() throws Exception {
    node();
    startHttp(LOG);
    try (var sockets = new Sockets().open()) {
      await("it is open", () -> http.connections() == 1);
      http.stop(1000);
      sockets.write("POST /v3/logs HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]");
      String answer = read(sockets.last().getInputStream());
      assertTrue(answer.startsWith("HTTP/1.1 503 "), answer);
      assertTrue(answer.contains("connection: close"), answer);
      assertThrows(IOException.class, () -> new Sockets().open());
    }
  }
}
