package satellite.admin;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import satellite.config.TelemetryConfig;
import satellite.replicas.ReplicaStatus;

/**
 * The telemetry port: metrics, {@code /live}, {@code /ready} and {@code /load} for everybody; the
 * status page and {@code /status.json} for whom {@link Access} admits. A few threads of its own, so
 * that one who reads slowly keeps no probe waiting.
 */
public final class AdminServer implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger("admin");
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String METRICS = "text/plain; version=0.0.4; charset=utf-8";
  private static final String HTML = "text/html; charset=utf-8";
  private static final String JSON = "application/json";
  private static final Set<String> METHODS = Set.of("GET", "HEAD");
  private static final int THREADS = 4;

  static {
    // Seconds after which the JDK's server gives up a request that does not end, or is not read.
    giveUpAfter("sun.net.httpserver.maxReqTime", 5);
    giveUpAfter("sun.net.httpserver.maxRspTime", 30);
  }

  private static void giveUpAfter(String property, int seconds) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, Integer.toString(seconds));
    }
  }

  private final TelemetryConfig config;
  private final Supplier<String> scrape;
  private final BooleanSupplier hasRoom;
  private final Supplier<ReplicaStatus> ownStatus;
  private final Function<State, Status> status;
  private final Access access;
  private final StatusPage page = new StatusPage();
  private final Gson gson = new GsonBuilder().serializeNulls().create();
  private final ExecutorService threads;
  private volatile State state = State.STARTING;
  private HttpServer http;

  /** What probes are told, and people. */
  enum State {
    STARTING,
    READY,
    FULL,
    DRAINING
  }

  /**
   * @param hasRoom whether new connections should be sent here
   * @param ownStatus what other replicas are told
   */
  public AdminServer(
      TelemetryConfig config,
      Supplier<String> scrape,
      BooleanSupplier hasRoom,
      Supplier<ReplicaStatus> ownStatus,
      StatusCollector collector,
      ThreadFactory threads) {
    this(config, scrape, hasRoom, ownStatus, collector::snapshot, threads);
  }

  AdminServer(
      TelemetryConfig config,
      Supplier<String> scrape,
      BooleanSupplier hasRoom,
      Supplier<ReplicaStatus> ownStatus,
      Function<State, Status> status,
      ThreadFactory threads) {
    this.config = config;
    this.scrape = scrape;
    this.hasRoom = hasRoom;
    this.ownStatus = ownStatus;
    this.status = status;
    this.access = new Access(config.admin());
    this.threads = Executors.newFixedThreadPool(THREADS, threads);
  }

  public void start() throws IOException {
    InetSocketAddress address =
        config.host().isEmpty()
            ? new InetSocketAddress(config.port())
            : new InetSocketAddress(config.host(), config.port());
    http = HttpServer.create(address, 0);
    http.setExecutor(threads);
    http.createContext("/", this::answerOrLog);
    http.start();
  }

  /** The JDK's server would say nothing, and after an Error leave the connection open as well. */
  private void answerOrLog(HttpExchange exchange) throws IOException {
    try {
      answer(exchange);
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.ERROR, exchange.getRequestURI().getPath() + ": " + e, e);
      exchange.close();
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    if (path.equals(config.endpoint())) {
      answer(exchange, 200, METRICS, scrape.get());
      return;
    }
    switch (path) {
      case "/live" -> answer(exchange, 200, TEXT, "alive\n");
      case "/ready" -> answerReady(exchange);
      case ReplicaStatusClient.PATH -> answer(exchange, 200, JSON, gson.toJson(ownStatus.get()));
      case "/", "/status" -> answerAdmitted(exchange, HTML, page::html);
      case "/status.json" ->
          answerAdmitted(exchange, JSON, () -> gson.toJson(status.apply(state())));
      default -> answer(exchange, 404, TEXT, index());
    }
  }

  private void answerReady(HttpExchange exchange) throws IOException {
    switch (state()) {
      case READY -> answer(exchange, 200, TEXT, "ready\n");
      case FULL -> answer(exchange, 503, TEXT, "not ready: it is full (accept_limit)\n");
      default -> answer(exchange, 503, TEXT, "not ready\n");
    }
  }

  private State state() {
    return state == State.READY && !hasRoom.getAsBoolean() ? State.FULL : state;
  }

  private String index() {
    return "Satellite answers "
        + config.endpoint()
        + ", /live, /ready, for other replicas /load, and for people /status, for scripts /status.json\n";
  }

  private void answerAdmitted(HttpExchange exchange, String type, Supplier<String> text)
      throws IOException {
    var headers = exchange.getResponseHeaders();
    headers.set("Cache-Control", "no-store");
    headers.set("Content-Security-Policy", page.policy());
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    Access.Refusal refusal =
        access.refusal(exchange.getRemoteAddress().getAddress(), exchange.getRequestHeaders());
    if (refusal != null) {
      if (refusal.status() == 401) {
        headers.set("WWW-Authenticate", Access.CHALLENGE);
      }
      answer(exchange, refusal.status(), TEXT, refusal.why());
    } else if (!METHODS.contains(exchange.getRequestMethod())) {
      headers.set("Allow", "GET, HEAD");
      answer(exchange, 405, TEXT, "the status page is only looked at: GET or HEAD\n");
    } else {
      answer(exchange, 200, type, text.get());
    }
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
  public void ready(boolean ready) {
    if (ready) {
      state = State.READY;
    } else if (state == State.READY) {
      state = State.DRAINING;
    }
  }

  @Override
  public void close() {
    if (http != null) {
      http.stop(0);
    }
    threads.shutdownNow();
  }

  @Override
  public String toString() {
    return config.host() + ":" + http.getAddress().getPort() + config.endpoint();
  }
}
