package satellite.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.config.TelemetryConfig;
import satellite.pipes.transport.AccessToken;
import satellite.replicas.ReplicaStatus;

/** The telemetry port over real HTTP. */
@Timeout(120)
class AdminServerTest {

  private static final String TOKEN = "s3cret-of-the-operators";

  private AdminServer admin;
  private volatile boolean hasRoom = true;
  private volatile Error failure;

  private boolean hasRoom() {
    if (failure != null) {
      throw failure;
    }
    return hasRoom;
  }

  private void start(boolean open, AccessToken token, String endpoint) throws IOException {
    admin =
        new AdminServer(
            new TelemetryConfig(
                "c",
                "s",
                "i",
                true,
                "127.0.0.1",
                0,
                endpoint,
                new TelemetryConfig.Admin(open, token),
                null),
            () -> "a_metric 1\n",
            this::hasRoom,
            () -> new ReplicaStatus("id-1", 812, 0.25, true, 4321),
            StatusSamples::of,
            Thread::new);
    admin.start();
  }

  private void start() throws IOException {
    start(false, AccessToken.NONE, "/my/metrics");
  }

  @AfterEach
  void stop() {
    admin.close();
  }

  private String address() {
    return admin.toString().replaceFirst("/.*", "");
  }

  private HttpResponse<String> send(String method, String path, String... headers)
      throws Exception {
    var request =
        HttpRequest.newBuilder(URI.create("http://" + address() + path))
            .method(method, BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
  }

  private static String header(HttpResponse<?> answer, String name) {
    return answer.headers().firstValue(name).orElse("");
  }

  // ---- for machines

  @Test
  void readinessIsWhatItWasToldLast() throws Exception {
    start();
    assertEquals(503, send("GET", "/ready").statusCode());
    admin.ready(true);
    assertEquals(200, send("GET", "/ready").statusCode());
    admin.ready(false);
    assertEquals(503, send("GET", "/ready").statusCode());
    assertEquals(200, send("GET", "/live").statusCode());
  }

  @Test
  void metricsAreServedAsPrometheusReadsThem() throws Exception {
    start();
    HttpResponse<String> answer = send("GET", "/my/metrics");
    assertEquals(200, answer.statusCode());
    assertEquals("a_metric 1\n", answer.body());
    assertEquals("text/plain; version=0.0.4; charset=utf-8", header(answer, "Content-Type"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/metrics", "/status.html", "/status/", "/statuss", "/favicon.ico"})
  void anotherPathSaysWhatThereIs(String path) throws Exception {
    start();
    HttpResponse<String> answer = send("GET", path);
    assertEquals(404, answer.statusCode());
    assertTrue(answer.body().contains("/my/metrics"), answer.body());
    assertTrue(answer.body().contains("/status.json"), answer.body());
  }

  @Test
  void metricsMayHaveAnyPath() throws Exception {
    start(false, AccessToken.NONE, "/");
    assertEquals("a_metric 1\n", send("GET", "/").body());
    assertTrue(header(send("GET", "/status"), "Content-Type").startsWith("text/html"));
  }

  @Test
  void headHasNoBody() throws Exception {
    start();
    for (String path : List.of("/live", "/status", "/status.json")) {
      HttpResponse<String> answer = send("HEAD", path);
      assertEquals(200, answer.statusCode());
      assertEquals("", answer.body());
    }
  }

  @Test
  void metricsAndProbesAskNobodyForAToken() throws Exception {
    start(false, AccessToken.of(TOKEN), "/metrics");
    assertEquals(200, send("GET", "/metrics").statusCode());
    assertEquals(200, send("GET", "/live").statusCode());
    assertEquals(503, send("GET", "/ready").statusCode());
  }

  @Test
  void oneThatIsFullIsNotReadyAndSaysWhy() throws Exception {
    start();
    admin.ready(true);
    assertEquals(200, send("GET", "/ready").statusCode());
    hasRoom = false;
    assertEquals(503, send("GET", "/ready").statusCode());
    assertTrue(send("GET", "/ready").body().contains("accept_limit"));
    assertTrue(send("GET", "/status.json").body().contains("\"state\":\"full\""));
    assertEquals(200, send("GET", "/live").statusCode());
    hasRoom = true;
    assertEquals(200, send("GET", "/ready").statusCode());
  }

  @Test
  void otherReplicasAreToldHowItStands() throws Exception {
    start();
    assertEquals(
        "{\"id\":\"id-1\",\"connections\":812,\"share\":0.25,\"accepting\":true,\"phaseMillis\":4321}",
        send("GET", "/load").body());
  }

  @Test
  void whatKeepsOneFromAnAnswerIsLogged() throws Exception {
    start();
    admin.ready(true);
    Logger log = Logger.getLogger("admin");
    BlockingQueue<Throwable> logged = new LinkedBlockingQueue<>();
    log.setFilter(entry -> logged.add(entry.getThrown()));
    try {
      failure = new AssertionError("of a test");
      assertThrows(IOException.class, () -> send("GET", "/ready"));
      assertSame(failure, logged.poll(30, TimeUnit.SECONDS));
    } finally {
      log.setFilter(null);
    }
    failure = null;
    assertEquals(200, send("GET", "/ready").statusCode());
  }

  @Test
  void closingWithoutStartIsFine() {
    admin =
        new AdminServer(
            new TelemetryConfig(
                "c",
                "s",
                "i",
                true,
                "",
                0,
                "/m",
                new TelemetryConfig.Admin(false, AccessToken.NONE),
                null),
            () -> "",
            () -> true,
            () -> null,
            StatusSamples::of,
            Thread::new);
  }

  @Test
  void clientsThatStopInTheMiddleKeepNoProbeWaitingForLong() throws Exception {
    start();
    List<Socket> stuck = new ArrayList<>();
    try {
      for (int i = 0; i < 8; i++) {
        Socket socket = new Socket("127.0.0.1", Integer.parseInt(address().split(":")[1]));
        socket.getOutputStream().write("GET /status HT".getBytes(StandardCharsets.US_ASCII));
        stuck.add(socket);
      }
      assertEquals(200, send("GET", "/live").statusCode());
    } finally {
      for (Socket socket : stuck) {
        socket.close();
      }
    }
  }

  // ---- for people

  @Test
  void statusIsJson() throws Exception {
    start();
    admin.ready(true);
    HttpResponse<String> answer = send("GET", "/status.json");
    assertEquals(200, answer.statusCode());
    assertEquals("application/json", header(answer, "Content-Type"));
    assertEquals("no-store", header(answer, "Cache-Control"));
    JsonObject status = JsonParser.parseString(answer.body()).getAsJsonObject();
    assertEquals(
        List.of(
            "program",
            "account",
            "pipes",
            "nodes",
            "discovery",
            "replicas",
            "connections",
            "memory",
            "disk",
            "configuration"),
        List.copyOf(status.keySet()));
    assertEquals("ready", status.getAsJsonObject("program").get("state").getAsString());
    JsonObject account = status.getAsJsonObject("account");
    assertEquals(21, account.get("received").getAsLong());
    assertEquals(5, account.getAsJsonObject("dropped").get("queue_full").getAsLong());
    JsonObject pipe = status.getAsJsonArray("pipes").get(0).getAsJsonObject();
    assertEquals(12.5, pipe.get("receivedPerSecond").getAsDouble());
    JsonObject node = status.getAsJsonArray("nodes").get(0).getAsJsonObject();
    assertTrue(node.get("latencyMillis").isJsonNull(), "keys are there, whatever their values");
    assertTrue(status.get("disk").isJsonNull());
  }

  @Test
  void namesOfPipesAndNodesAreNoHtmlInJson() throws Exception {
    start();
    String body = send("GET", "/status.json").body();
    assertFalse(body.contains("<"), body);
    assertTrue(
        body.contains(StatusSamples.HOSTILE.replace("<", "\\u003c").replace(">", "\\u003e")));
  }

  @Test
  void pageIsOnePageThatAsksNobodyElse() throws Exception {
    start();
    for (String path : List.of("/", "/status")) {
      HttpResponse<String> answer = send("GET", path);
      assertEquals(200, answer.statusCode());
      assertEquals("text/html; charset=utf-8", header(answer, "Content-Type"));
      String policy = header(answer, "Content-Security-Policy");
      assertTrue(policy.startsWith("default-src 'none'; script-src 'sha256-"), policy);
      assertFalse(policy.contains("unsafe"), policy);
      assertTrue(policy.contains("connect-src 'self'"), policy);
      assertEquals("nosniff", header(answer, "X-Content-Type-Options"));
    }
  }

  @Test
  void itIsOnlyLookedAt() throws Exception {
    start();
    for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS")) {
      HttpResponse<String> answer = send(method, "/status.json");
      assertEquals(405, answer.statusCode());
      assertEquals("GET, HEAD", header(answer, "Allow"));
    }
  }

  @Test
  void whoIsBehindAProxyIsToldWhatWouldHelp() throws Exception {
    start();
    for (String path : List.of("/", "/status", "/status.json")) {
      HttpResponse<String> answer = send("GET", path, "X-Forwarded-For", "10.1.2.3");
      assertEquals(403, answer.statusCode());
      assertEquals(1, answer.body().lines().count());
      assertTrue(answer.body().contains("SATELLITE_ADMIN_TOKEN"), answer.body());
    }
  }

  @Test
  void aTokenOpensIt() throws Exception {
    start(false, AccessToken.of(TOKEN), "/metrics");
    String basic =
        Base64.getEncoder().encodeToString(("anybody:" + TOKEN).getBytes(StandardCharsets.UTF_8));
    for (String path : List.of("/", "/status", "/status.json")) {
      HttpResponse<String> answer = send("GET", path);
      assertEquals(401, answer.statusCode());
      assertTrue(header(answer, "WWW-Authenticate").startsWith("Basic realm="));
      assertFalse(answer.body().contains(TOKEN));
      assertEquals(401, send("GET", path, "Authorization", "Bearer x").statusCode());
      for (String credentials : List.of("Bearer " + TOKEN, "Basic " + basic)) {
        answer = send("GET", path, "Authorization", credentials);
        assertEquals(200, answer.statusCode());
        assertFalse(answer.body().contains(TOKEN));
        assertFalse(answer.headers().toString().contains(TOKEN));
      }
    }
  }
}
