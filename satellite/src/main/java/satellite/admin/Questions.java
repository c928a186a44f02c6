package satellite.admin;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import satellite.discovery.Node;
import satellite.replicas.Standing;

/** Asks replicas over HTTP, on the port where they tell of their metrics: {@code GET /load}. */
public final class Questions {

  public static final String PATH = "/load";

  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  private final Gson gson = new Gson();
  private final HttpClient http;

  public Questions(Executor executor) {
    this.http =
        HttpClient.newBuilder()
            .executor(executor)
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();
  }

  /** Fails where there is no answer within a second, or it is none of a replica. */
  public CompletionStage<Standing> ask(Node node) {
    String host = node.host().indexOf(':') >= 0 ? "[" + node.host() + "]" : node.host();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + host + ":" + node.port() + PATH))
            .timeout(TIMEOUT)
            .build();
    return http.sendAsync(request, BodyHandlers.ofString()).thenApply(this::standing);
  }

  private Standing standing(HttpResponse<String> answer) {
    try {
      Standing standing =
          answer.statusCode() == 200 ? gson.fromJson(answer.body(), Standing.class) : null;
      if (standing != null && standing.id() != null && standing.connections() >= 0) {
        return standing;
      }
    } catch (JsonParseException e) {
      // Said below.
    }
    throw new CompletionException(new IOException("not the answer of a replica"));
  }
}
