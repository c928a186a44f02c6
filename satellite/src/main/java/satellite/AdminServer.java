package satellite;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/** The telemetry port: metrics, {@code /live} and {@code /ready}. */
final class AdminServer implements AutoCloseable {

  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String METRICS = "text/plain; version=0.0.4; charset=utf-8";

  private final String host;
  private final int port;
  private final String endpoint;
  private final Supplier<String> scrape;
  private final ExecutorService thread = Executors.newSingleThreadExecutor(Threads.named("admin"));
  private volatile boolean ready;
  private HttpServer http;

  AdminServer(String host, int port, String endpoint, Supplier<String> scrape) {
    this.host = host;
    this.port = port;
    this.endpoint = endpoint;
    this.scrape = scrape;
  }

  void start() throws IOException {
    InetSocketAddress address =
        host.isEmpty() ? new InetSocketAddress(port) : new InetSocketAddress(host, port);
    http = HttpServer.create(address, 0);
    http.setExecutor(thread);
    http.createContext("/", exchange -> answer(exchange, 404, TEXT, index()));
    http.createContext("/live", exchange -> answer(exchange, 200, TEXT, "alive\n"));
    http.createContext(
        "/ready",
        exchange -> answer(exchange, ready ? 200 : 503, TEXT, ready ? "ready\n" : "not ready\n"));
    http.createContext(endpoint, exchange -> answer(exchange, 200, METRICS, scrape.get()));
    http.start();
  }

  private String index() {
    return "Satellite answers " + endpoint + ", /live and /ready\n";
  }

  private static void answer(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, head ? -1 : body.length);
    if (!head) {
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }

  /** Whether Kubernetes should send connections here. */
  void ready(boolean ready) {
    this.ready = ready;
  }

  @Override
  public void close() {
    if (http != null) {
      http.stop(0);
    }
    thread.shutdownNow();
  }

  @Override
  public String toString() {
    return host + ":" + http.getAddress().getPort() + endpoint;
  }
}
