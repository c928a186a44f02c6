package satellite.pipes.http;

import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import satellite.routing.Connection;
import satellite.routing.Router;
import satellite.routing.Upstream;

/**
 * Spans in Zipkin's formats, handed to the Zipkin receiver of the next OAP node, whose answer goes
 * back. OAP has no other way in for them. A node that cannot be reached is passed over.
 */
final class ZipkinSpans<C extends Connection> implements RequestHandler {

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
  private static final String TYPE = "Content-Type";

  private final Router<C> router;
  private final Router<C>.Cursor cursor;
  private final int port;
  private final Duration timeout;
  private final Executor executor;

  /** Made for the first request: it has a thread of its own. */
  private HttpClient client;

  static <C extends Connection> ZipkinSpans<C> to(
      Router<C> router, int port, Duration timeout, Executor executor) {
    return new ZipkinSpans<>(router, port, timeout, executor);
  }

  /**
   * @param port of the nodes' Zipkin receivers
   * @param executor runs the answers
   */
  private ZipkinSpans(Router<C> router, int port, Duration timeout, Executor executor) {
    this.router = router;
    this.cursor = router.cursor();
    this.port = port;
    this.timeout = timeout;
    this.executor = executor;
  }

  @Override
  public void handle(FullHttpRequest request, Consumer<Answer> answer) {
    if (client == null) {
      client =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(CONNECT_TIMEOUT)
              .executor(executor)
              .build();
    }
    String path = new QueryStringDecoder(request.uri()).rawPath();
    String type = request.headers().get(HttpHeaderNames.CONTENT_TYPE, Answer.JSON);
    byte[] body = ByteBufUtil.getBytes(request.content());
    try {
      var spans = HttpRequest.newBuilder().header(TYPE, type).timeout(timeout);
      spans.POST(HttpRequest.BodyPublishers.ofByteArray(body));
      send(path, spans, router.used().size(), answer);
    } catch (IllegalArgumentException e) {
      answer.accept(Answer.error(HttpResponseStatus.BAD_REQUEST, path + ": " + e.getMessage()));
    }
  }

  private void send(String path, HttpRequest.Builder spans, int tries, Consumer<Answer> answer) {
    Upstream<C> upstream = tries > 0 ? cursor.nextNow() : null;
    if (upstream == null) {
      answer.accept(
          Answer.error(
              HttpResponseStatus.SERVICE_UNAVAILABLE,
              "no OAP node takes Zipkin spans on port " + port + "; is its receiver-zipkin on?"));
      return;
    }
    String host = upstream.node().host();
    String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    HttpRequest request;
    try {
      request = spans.uri(URI.create("http://" + name + ":" + port + path)).build();
    } catch (IllegalArgumentException e) {
      // DNS and gRPC take more names than a URI does: an underscore is enough.
      answer.accept(
          Answer.error(HttpResponseStatus.BAD_GATEWAY, "OAP node " + host + ": " + e.getMessage()));
      return;
    }
    client
        .sendAsync(request, HttpResponse.BodyHandlers.ofByteArray())
        .whenComplete(
            (response, failure) -> {
              if (failure == null) {
                answer.accept(answer(response));
              } else if (isConnecting(failure)) {
                send(path, spans, tries - 1, answer);
              } else {
                // It may have the spans: only the sender can decide to send them again.
                answer.accept(
                    Answer.error(
                        HttpResponseStatus.BAD_GATEWAY, "OAP node " + host + ": " + failure));
              }
            });
  }

  private static boolean isConnecting(Throwable failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    return cause instanceof java.net.ConnectException
        || cause instanceof java.net.http.HttpConnectTimeoutException;
  }

  private static Answer answer(HttpResponse<byte[]> response) {
    return Answer.of(
        HttpResponseStatus.valueOf(response.statusCode()),
        response.headers().firstValue(TYPE).orElse("text/plain"),
        response.body());
  }
}
