package satellite.e2e;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Plain HTTP to a loopback port. */
final class Http {

  private static final HttpClient CLIENT =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  private Http() {}

  static HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
    return CLIENT.send(
        request("127.0.0.1:" + port, path).build(), HttpResponse.BodyHandlers.ofString());
  }

  static HttpResponse<String> postJson(int port, String path, String body)
      throws IOException, InterruptedException {
    return postJson("127.0.0.1:" + port, path, body.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * @param headers more of them, names and values in turn
   */
  static HttpResponse<String> postJson(String address, String path, byte[] body, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder post =
        request(address, path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    if (headers.length > 0) {
      post.headers(headers);
    }
    return CLIENT.send(post.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpRequest.Builder request(String address, String path) {
    return HttpRequest.newBuilder(URI.create("http://" + address + path))
        .timeout(Duration.ofSeconds(20));
  }
}
