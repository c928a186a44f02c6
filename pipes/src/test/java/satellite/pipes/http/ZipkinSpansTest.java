package satellite.pipes.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import satellite.discovery.Node;
import satellite.pipes.UpConnection;
import satellite.routing.LoadBalancing;
import satellite.routing.Router;

/** Zipkin spans go to the Zipkin receiver of a node, and its answer comes back. */
class ZipkinSpansTest extends HttpFixture {

  private final List<String> taken = new CopyOnWriteArrayList<>();
  private HttpServer zipkin;

  /** The Zipkin receiver of the node at 127.0.0.1. */
  private void zipkin(int status) {
    try {
      zipkin = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    zipkin.createContext(
        "/",
        exchange -> {
          String type = exchange.getRequestHeaders().getFirst("Content-Type");
          byte[] body = exchange.getRequestBody().readAllBytes();
          taken.add(
              exchange.getRequestURI()
                  + " "
                  + type
                  + " "
                  + new String(body, StandardCharsets.UTF_8));
          byte[] answer = "from OAP".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    zipkin.start();
    zipkinPort = zipkin.getAddress().getPort();
  }

  @AfterEach
  void stopZipkin() {
    if (zipkin != null) {
      zipkin.stop(0);
    }
  }

  @Test
  void spansAndTheAnswerArePassedOn() {
    zipkin(202);
    node();
    startHttp();
    awaitUp(1);
    HttpResponse<byte[]> json = post("/api/v2/spans", "[{\"id\":\"1\"}]");
    assertEquals(202, json.statusCode());
    assertEquals("from OAP", text(json));
    assertEquals(202, post("/api/v1/spans", "application/x-thrift", new byte[] {65}).statusCode());
    assertEquals(
        List.of(
            "/api/v2/spans application/json [{\"id\":\"1\"}]",
            "/api/v1/spans application/x-thrift A"),
        taken);
  }

  @Test
  void aQueryThatIsNoUriHarmsNobody() {
    zipkin(202);
    node();
    startHttp();
    awaitUp(1);
    String answer =
        raw(
            "POST /api/v2/spans?a=|{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n[]");
    assertTrue(answer.startsWith("HTTP/1.1 202 "), answer);
    assertEquals(List.of("/api/v2/spans application/json []"), taken);
  }

  @Test
  void aRefusalIsPassedOn() {
    zipkin(400);
    node();
    startHttp();
    awaitUp(1);
    HttpResponse<byte[]> answer = post("/api/v2/spans", "x");
    assertEquals(400, answer.statusCode());
    assertEquals("from OAP", text(answer));
  }

  @Test
  void withoutAZipkinReceiverTheSenderIsToldToTryLater() {
    zipkin(202);
    zipkin.stop(0);
    node();
    startHttp();
    awaitUp(1);
    HttpResponse<byte[]> answer = post("/api/v2/spans", "[]");
    assertError(
        503,
        "no OAP node takes Zipkin spans on port " + zipkinPort + "; is its receiver-zipkin on?",
        answer);
    assertEquals("1", header(answer, "Retry-After"));
    assertTrue(taken.isEmpty());
  }

  @Test
  void withoutANodeTheSenderIsToldToTryLater() {
    deadNode();
    startHttp();
    assertEquals(503, post("/api/v2/spans", "[]").statusCode());
  }

  /** DNS and gRPC take more names than a URI does. */
  @Test
  void aNodeWhoseNameNoUriTakesIsNotTheSendersFault() {
    ScheduledExecutorService pool = Executors.newSingleThreadScheduledExecutor();
    try {
      var second = Duration.ofSeconds(1);
      Router<UpConnection> names =
          new Router<>(
              (node, changed) -> new UpConnection(),
              pool,
              System::nanoTime,
              second,
              second,
              LoadBalancing.ROUND_ROBIN);
      names.nodes(Set.of(new Node("oap_1", 11800)));
      List<Answer> answers = new ArrayList<>();
      FullHttpRequest request =
          new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/api/v2/spans");
      ZipkinSpans.to(names, 9411, second, pool).handle(request, answers::add);
      request.release();
      assertEquals(1, answers.size());
      assertEquals(HttpResponseStatus.BAD_GATEWAY, answers.get(0).status());
      String body = new String(answers.get(0).body(), StandardCharsets.UTF_8);
      assertTrue(body.contains("oap_1"), body);
    } finally {
      pool.shutdownNow();
    }
  }
}
