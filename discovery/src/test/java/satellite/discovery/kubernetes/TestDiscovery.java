package satellite.discovery.kubernetes;

import static org.junit.jupiter.api.Assertions.fail;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import satellite.discovery.Node;
import satellite.discovery.SourceStatus;
import satellite.discovery.kubernetes.KubernetesConfig.BasicAuth;
import satellite.discovery.kubernetes.KubernetesConfig.Kind;
import satellite.discovery.kubernetes.KubernetesConfig.Selector;
import satellite.discovery.kubernetes.KubernetesConfig.Tls;

/** A discovery in a test: how it is configured, what it told. */
final class TestDiscovery implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  String apiServer;
  BasicAuth basicAuth = new BasicAuth("", "", null);
  String bearerToken = "";
  Path bearerTokenFile;
  String proxyUrl = "";
  Tls tls = new Tls(null, null, null, "", false);
  List<String> namespaces = List.of("observability");
  Kind kind = Kind.POD;
  List<Selector> selectors = List.of(new Selector("app=oap", ""));
  String port = "11800";
  boolean onlyReady = true;
  Map<String, String> environment = Map.of();
  Path account = Path.of("/nowhere");

  final List<Set<Node>> told = Collections.synchronizedList(new ArrayList<>());
  KubernetesDiscovery discovery;

  TestDiscovery(String apiServer) {
    this.apiServer = apiServer;
  }

  KubernetesConfig config() {
    return new KubernetesConfig(
        apiServer,
        basicAuth,
        bearerToken,
        bearerTokenFile,
        proxyUrl,
        tls,
        namespaces,
        kind,
        selectors,
        port,
        onlyReady);
  }

  TestDiscovery start() {
    discovery = new KubernetesDiscovery(config(), environment, account, Clock.systemUTC());
    discovery.start(told::add);
    return this;
  }

  Set<Node> last() {
    synchronized (told) {
      return told.isEmpty() ? null : told.get(told.size() - 1);
    }
  }

  /** In order; what they are apart from their addresses is not looked at. */
  void awaitNodes(String... addresses) {
    Set<String> expected = new TreeSet<>(List.of(addresses));
    await(
        () -> expected.equals(addresses()),
        () -> "told " + told + ", not " + expected + "; " + statuses());
  }

  private Set<String> addresses() {
    Set<Node> last = last();
    return last == null
        ? null
        : last.stream().map(Node::address).collect(Collectors.toCollection(TreeSet::new));
  }

  void awaitError(String words) {
    await(
        () -> error().contains(words), () -> "error is '" + error() + "', without '" + words + "'");
  }

  void awaitHealed() {
    await(
        () ->
            discovery.isWatching() && statuses().stream().allMatch(each -> each.error().isEmpty()),
        () -> "error stays: " + error());
  }

  String error() {
    return statuses().stream().map(SourceStatus::error).collect(Collectors.joining());
  }

  List<SourceStatus> statuses() {
    return discovery.statuses();
  }

  static void await(BooleanSupplier what, java.util.function.Supplier<String> otherwise) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!what.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        fail(otherwise.get());
      }
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Override
  public void close() {
    if (discovery != null) {
      discovery.close();
    }
  }
}
