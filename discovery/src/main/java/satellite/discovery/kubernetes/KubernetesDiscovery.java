package satellite.discovery.kubernetes;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.okhttp.OkHttpClientFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;
import satellite.discovery.CompositeDiscovery;
import satellite.discovery.Discovery;
import satellite.discovery.Node;
import satellite.discovery.Source;
import satellite.discovery.SourceStatus;

/**
 * {@code finder_type: kubernetes}: lists and watches pods, services, endpoints or endpoint slices
 * by selectors, one {@link InformerDiscovery} for each namespace and selector, joined. It needs the
 * verbs list and watch on that kind, and nothing else.
 *
 * <p>Threads of its own, which end with {@link #close}: one that checks the watches, and may wait
 * for the API server; two of its client; two and one of the JDK's HTTP client.
 */
public final class KubernetesDiscovery implements Discovery {

  /** Where Kubernetes puts the account of a pod. */
  private static final Path ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

  private static final int CLIENT_THREADS = 2;
  private static final long PING_MILLIS = 10_000;

  private final KubernetesConfig config;
  private final Map<String, String> environment;
  private final Path account;
  private final Clock clock;

  /** Its memory where there can be no client: that of each watched list is its own. */
  private final Source source;

  private ScheduledThreadPoolExecutor timer;
  private ExecutorService clientPool;
  private ExecutorService httpPool;
  private KubernetesClient client;

  private final List<InformerDiscovery<?>> lists = new CopyOnWriteArrayList<>();

  /** All of them; null before the start, and where there can be no client. */
  private volatile Discovery joined;

  public KubernetesDiscovery(
      KubernetesConfig config, Map<String, String> environment, Clock clock) {
    this(config, environment, ACCOUNT, clock);
  }

  KubernetesDiscovery(
      KubernetesConfig config, Map<String, String> environment, Path account, Clock clock) {
    this.config = config;
    this.environment = environment;
    this.account = account;
    this.clock = clock;
    this.source = new Source("kubernetes", clock);
  }

  /** Why this configuration cannot work here, in words for people. Asks nobody. */
  public static Optional<String> problem(KubernetesConfig config, Map<String, String> environment) {
    return problem(config, environment, ACCOUNT);
  }

  private static Optional<String> problem(
      KubernetesConfig config, Map<String, String> environment, Path account) {
    if (!config.apiServer().isEmpty()) {
      return Optional.empty();
    }
    if (environment.getOrDefault("KUBERNETES_SERVICE_HOST", "").isEmpty()) {
      return Optional.of(
          "api_server (SATELLITE_GRPC_CLIENT_KUBERNETES_API_SERVER) is empty, and this is no pod"
              + " of a cluster: KUBERNETES_SERVICE_HOST is not set");
    }
    if (!Files.isReadable(account.resolve("token"))) {
      return Optional.of(
          "no service account: "
              + account.resolve("token")
              + " cannot be read; is automountServiceAccountToken off?");
    }
    return Optional.empty();
  }

  @Override
  public void start(Consumer<Set<Node>> listener) {
    timer = new ScheduledThreadPoolExecutor(1, named("kubernetes-timer"));
    clientPool = Executors.newFixedThreadPool(CLIENT_THREADS, named("kubernetes"));
    // Not the same: what the client does may wait for an answer, and nobody would be left to read
    // it. Each watch keeps one of them.
    httpPool = Executors.newCachedThreadPool(named("kubernetes-http"));
    try {
      problem(config, environment, account).ifPresent(KubernetesDiscovery::cannotBe);
      client = client();
    } catch (IllegalStateException e) {
      source.failed(e.getMessage());
      return;
    }
    for (String namespace : config.namespaces()) {
      for (KubernetesConfig.Selector selector : config.selectors()) {
        lists.add(informer(new WatchTarget(config.kind(), namespace, selector)));
      }
    }
    joined = new CompositeDiscovery(List.copyOf(lists), timer);
    joined.start(listener);
  }

  private static void cannotBe(String problem) {
    throw new IllegalStateException(problem);
  }

  private static ThreadFactory named(String name) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  private ApiServerTls apiServerTls() {
    Path mounted = account.resolve("ca.crt");
    boolean ofPod = config.apiServer().isEmpty() && Files.isReadable(mounted);
    try {
      return ApiServerTls.of(
          config.tls(), config.tls().ca() == null && ofPod ? mounted : config.tls().ca());
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException("tls_config cannot be used: " + e.getMessage(), e);
    }
  }

  private KubernetesClient client() {
    ApiServerTls tls = apiServerTls();
    return new KubernetesClientBuilder()
        .withConfig(clientConfig())
        .withTaskExecutor(clientPool)
        .withHttpClientFactory(
            new OkHttpClientFactory() {
              @Override
              protected Dispatcher initDispatcher() {
                Dispatcher dispatcher = new Dispatcher(httpPool);
                // A watch is a request that lasts: there are as many as lists.
                dispatcher.setMaxRequests(Integer.MAX_VALUE);
                dispatcher.setMaxRequestsPerHost(Integer.MAX_VALUE);
                return dispatcher;
              }

              /** After its own, which would trust the JDK's certificates as well. */
              @Override
              protected void additionalConfig(OkHttpClient.Builder http) {
                tls.applyTo(http);
              }
            })
        .build();
  }

  /** Nothing is read from the environment or from a kubeconfig that we do not name. */
  private Config clientConfig() {
    ConfigBuilder builder = new ConfigBuilder(Config.empty());
    // HTTP/1.1: a watch has a connection of its own, and its end is the end of that connection.
    builder.withHttp2Disable(true).withRequestRetryBackoffLimit(0);
    // Doubles five times: an API server that is away is asked every three seconds.
    builder.withWatchReconnectInterval(100);
    // What lies between may forget a quiet connection and tell nobody: noticed at the second ping.
    builder.withWebsocketPingInterval(PING_MILLIS);
    if (config.apiServer().isEmpty()) {
      String host = environment.getOrDefault("KUBERNETES_SERVICE_HOST", "localhost");
      String port = environment.getOrDefault("KUBERNETES_SERVICE_PORT", "443");
      String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
      builder.withMasterUrl("https://" + name + ":" + port);
      builder.withOauthTokenProvider(() -> token(account.resolve("token")));
    } else {
      builder.withMasterUrl(config.apiServer());
    }
    if (!config.proxyUrl().isEmpty()) {
      builder.withHttpProxy(config.proxyUrl()).withHttpsProxy(config.proxyUrl());
    }
    KubernetesConfig.BasicAuth basic = config.basicAuth();
    if (!basic.username().isEmpty()) {
      builder.withUsername(basic.username());
      builder.withPassword(
          basic.passwordFile() == null ? basic.password() : read(basic.passwordFile()));
    }
    if (config.bearerTokenFile() != null) {
      builder.withOauthTokenProvider(() -> token(config.bearerTokenFile()));
    } else if (!config.bearerToken().isEmpty()) {
      builder.withOauthToken(config.bearerToken());
    }
    return builder.build();
  }

  /** Without one the API server says what it thinks of that, and the file may come back. */
  private static String token(Path file) {
    try {
      return read(file);
    } catch (UncheckedIOException e) {
      return "";
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(file + " cannot be read", e);
    }
  }

  private InformerDiscovery<?> informer(WatchTarget target) {
    NodeExtractor extractor = new NodeExtractor(config.port(), config.onlyReady());
    return switch (target.kind()) {
      case POD -> informer(client.pods(), target, extractor::pod);
      case SERVICE -> informer(client.services(), target, extractor::service);
      case ENDPOINTS -> informer(client.endpoints(), target, extractor::endpoints);
      case ENDPOINTSLICE ->
          informer(client.discovery().v1().endpointSlices(), target, extractor::endpointSlice);
    };
  }

  private <T extends HasMetadata> InformerDiscovery<T> informer(
      MixedOperation<T, ?, ?> all, WatchTarget target, Function<T, ExtractedNodes> extract) {
    FilterWatchListDeletable<T, ?, ?> some =
        target.isInAllNamespaces() ? all.inAnyNamespace() : all.inNamespace(target.namespace());
    KubernetesConfig.Selector selector = target.selector();
    if (!selector.label().isEmpty()) {
      some = (FilterWatchListDeletable<T, ?, ?>) some.withLabelSelector(selector.label());
    }
    for (String term : selector.field().split(",")) {
      if (!term.isBlank()) {
        some = (FilterWatchListDeletable<T, ?, ?>) with(some, term.strip());
      }
    }
    return new InformerDiscovery<>(some, target, extract, clock, timer);
  }

  /** {@code key=value}, {@code key==value} or {@code key!=value}. */
  private static Object with(FilterWatchListDeletable<?, ?, ?> some, String term) {
    int equals = term.indexOf('=');
    if (equals < 0) {
      throw new IllegalArgumentException(term);
    }
    boolean not = equals > 0 && term.charAt(equals - 1) == '!';
    String key = term.substring(0, not ? equals - 1 : equals).strip();
    String value = term.substring(equals + 1).replaceFirst("^=", "").strip();
    return not ? some.withoutField(key, value) : some.withField(key, value);
  }

  /** Whether changes of all lists are told as they happen. */
  boolean isWatching() {
    return lists.stream().allMatch(InformerDiscovery::isWatching);
  }

  @Override
  public List<SourceStatus> statuses() {
    return joined != null ? joined.statuses() : List.of(source.status());
  }

  @Override
  public void close() {
    source.close();
    if (joined != null) {
      joined.close();
    }
    if (client != null) {
      client.close();
    }
    if (timer != null) {
      timer.shutdownNow();
      clientPool.shutdownNow();
      httpPool.shutdownNow();
    }
  }
}
