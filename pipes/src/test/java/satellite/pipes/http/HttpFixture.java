package satellite.pipes.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import satellite.pipes.FlowFixture;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.pipes.tls.ServerTls;
import satellite.pipes.transport.AccessToken;

/** The same as {@link FlowFixture}, with the port for HTTP. */
public abstract class HttpFixture extends FlowFixture {

  public static final String JSON = "application/json";
  public static final String PROTOBUF = "application/x-protobuf";

  // ---- settings, until startHttp()

  public int maxRequestBytes = 64 << 10;
  public int maxConnections = 100;
  public Duration idleTimeout = LONG;
  public List<String> corsOrigins = List.of("*");
  public int zipkinPort = 9411;
  public AccessToken token = AccessToken.NONE;
  public ServerTls tls;

  public HttpServer http;
  private final HttpClient browser =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  public void startHttp(ReceiverPlugin... receivers) {
    start(receivers);
    http =
        new HttpServer(
            new HttpConfig(
                "127.0.0.1",
                0,
                token,
                true,
                maxRequestBytes,
                maxConnections,
                idleTimeout,
                corsOrigins,
                zipkinPort),
            tls,
            pipes,
            router,
            transport,
            client.unaryTimeout(),
            Runnable::run);
    try {
      http.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterEach
  public void stopHttp() throws InterruptedException {
    if (http != null) {
      http.stop(1000);
    }
  }

  public HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + path))
        .timeout(LONG);
  }

  public HttpResponse<byte[]> post(String path, String type, byte[] body) {
    return send(
        request(path)
            .header("Content-Type", type)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
  }

  public HttpResponse<byte[]> post(String path, String json) {
    return post(path, JSON, json.getBytes(StandardCharsets.UTF_8));
  }

  public HttpResponse<byte[]> send(HttpRequest.Builder request) {
    try {
      return browser.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** What comes back to what no client would write, until the connection is closed. */
  public String raw(String request) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), http.port())) {
      socket.setSoTimeout((int) LONG.toMillis());
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  public static String header(HttpResponse<byte[]> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  public static void assertAccepted(HttpResponse<byte[]> response) {
    assertEquals(200, response.statusCode(), () -> text(response));
    assertEquals("{}", text(response));
    assertEquals(JSON, header(response, "Content-Type"));
  }

  public static void assertError(int status, String message, HttpResponse<byte[]> response) {
    assertEquals(status, response.statusCode(), () -> text(response));
    assertEquals("{\"message\":\"" + message.replace("\"", "\\\"") + "\"}", text(response));
  }

  public static byte[] gzip(byte[] bytes) {
    var zipped = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(zipped)) {
      out.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return zipped.toByteArray();
  }
}
