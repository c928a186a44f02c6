package satellite.admin;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import satellite.discovery.Node;
import satellite.replicas.ReplicaStatus;

/**
 * Asks replicas over HTTP, on the port where they tell of their metrics: {@code GET /load}. Who
 * answers there may be somebody else: nothing of it is believed, or waited for, without measure.
 */
public final class ReplicaStatusClient {

  public static final String PATH = "/load";

  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  /** In bytes; an answer has some 120, and says beforehand how many. */
  private static final long LONGEST = 4096;

  private final Executor executor;
  private final Gson gson = new Gson();
  private final HttpClient http;

  /**
   * @param executor waits for DNS where replicas have names
   */
  public ReplicaStatusClient(Executor executor) {
    this.executor = executor;
    this.http =
        HttpClient.newBuilder()
            .executor(executor)
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();
  }

  /**
   * Fails where its name is not known, where there is no answer within a second, or it is none of a
   * replica.
   */
  public CompletionStage<ReplicaStatus> fetch(Node node) {
    return CompletableFuture.supplyAsync(() -> address(node), executor).thenCompose(this::get);
  }

  /** By its number: an underscore is well in a name, and not in a URI. */
  private static URI address(Node node) {
    try {
      String host = InetAddress.getByName(node.host()).getHostAddress();
      return URI.create("http://" + new Node(host, node.port()).address() + PATH);
    } catch (UnknownHostException e) {
      throw new CompletionException(e);
    }
  }

  private CompletionStage<ReplicaStatus> get(URI address) {
    var request = HttpRequest.newBuilder(address).timeout(TIMEOUT).build();
    CompletableFuture<HttpResponse<String>> answer =
        http.sendAsync(request, ReplicaStatusClient::body);
    // The client's own timeout ends where a body begins.
    return answer
        .thenApply(this::parse)
        .orTimeout(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
        .whenComplete((status, failure) -> answer.cancel(true));
  }

  private static BodySubscriber<String> body(ResponseInfo head) {
    long length = head.headers().firstValueAsLong("Content-Length").orElse(Long.MAX_VALUE);
    return length <= LONGEST
        ? BodySubscribers.ofString(StandardCharsets.UTF_8)
        : BodySubscribers.mapping(BodySubscribers.ofInputStream(), ReplicaStatusClient::unread);
  }

  /** Ends the connection as well. */
  private static String unread(InputStream body) {
    try {
      body.close();
    } catch (IOException e) {
      // It has ended already.
    }
    return "";
  }

  private ReplicaStatus parse(HttpResponse<String> answer) {
    try {
      ReplicaStatus status =
          answer.statusCode() == 200 ? gson.fromJson(answer.body(), ReplicaStatus.class) : null;
      if (status != null && status.isValid()) {
        return status;
      }
    } catch (JsonParseException e) {
      // Said below.
    }
    throw new CompletionException(new IOException("not the answer of a replica"));
  }
}
