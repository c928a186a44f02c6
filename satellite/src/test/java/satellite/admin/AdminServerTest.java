package satellite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The telemetry port over real HTTP. */
@Timeout(20)
class AdminServerTest {

  private final AdminServer admin =
      new AdminServer("127.0.0.1", 0, "/my/metrics", () -> "a_metric 1\n");

  @BeforeEach
  void start() throws IOException {
    admin.start();
  }

  @AfterEach
  void stop() {
    admin.close();
  }

  private HttpResponse<String> send(String method, String path) throws Exception {
    String address = admin.toString().replace("/my/metrics", "");
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://" + address + path))
                .method(method, BodyPublishers.noBody())
                .build(),
            BodyHandlers.ofString());
  }

  @Test
  void readinessIsWhatItWasToldLast() throws Exception {
    assertEquals(503, send("GET", "/ready").statusCode());
    admin.ready(true);
    assertEquals(200, send("GET", "/ready").statusCode());
    admin.ready(false);
    assertEquals(503, send("GET", "/ready").statusCode());
    assertEquals(200, send("GET", "/live").statusCode());
  }

  @Test
  void metricsAreServedAsPrometheusReadsThem() throws Exception {
    HttpResponse<String> answer = send("GET", "/my/metrics");
    assertEquals(200, answer.statusCode());
    assertEquals("a_metric 1\n", answer.body());
    assertEquals(
        "text/plain; version=0.0.4; charset=utf-8",
        answer.headers().firstValue("Content-Type").orElseThrow());
  }

  @Test
  void anotherPathSaysWhatThereIs() throws Exception {
    HttpResponse<String> answer = send("GET", "/metrics");
    assertEquals(404, answer.statusCode());
    assertTrue(answer.body().contains("/my/metrics"), answer.body());
  }

  @Test
  void headHasNoBody() throws Exception {
    HttpResponse<String> answer = send("HEAD", "/live");
    assertEquals(200, answer.statusCode());
    assertEquals("", answer.body());
  }

  @Test
  void closingWithoutStartIsFine() {
    new AdminServer("", 0, "/metrics", () -> "").close();
  }
}
