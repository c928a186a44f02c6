package satellite.discovery.kubernetes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubernetes.api.model.EndpointsBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import satellite.discovery.Node;
import satellite.discovery.SourceStatus;
import satellite.discovery.kubernetes.KubernetesConfig.Kind;
import satellite.discovery.kubernetes.KubernetesConfig.Selector;

/** Against fabric8's API server, which keeps objects and tells those who watch. */
@Timeout(120)
class KubernetesDiscoveryTest {

  private final KubernetesMockServer server = server();
  private final KubernetesClient client = server.createClient();

  private final List<Set<Node>> told = new CopyOnWriteArrayList<>();
  private KubernetesDiscovery discovery;

  /** Never ended: it would wait for watches that it believes in. Its threads go with the JVM. */
  static KubernetesMockServer server() {
    var server =
        new KubernetesMockServer(
            new Context(),
            new MockWebServer(),
            new HashMap<>(),
            new KubernetesCrudDispatcher(List.of()),
            false);
    server.init();
    return server;
  }

  private KubernetesConfig config(
      Kind kind, String port, boolean onlyReady, List<String> namespaces, Selector... selectors) {
    return new KubernetesConfig(
        server.url("/").replaceFirst("/$", ""),
        new KubernetesConfig.BasicAuth("", "", null),
        "",
        null,
        "",
        new KubernetesConfig.Tls(null, null, null, "", false),
        namespaces,
        kind,
        List.of(selectors),
        port,
        onlyReady);
  }

  private void start(KubernetesConfig config) {
    discovery = new KubernetesDiscovery(config, Map.of(), Path.of("none"), Clock.systemUTC());
    discovery.start(told::add);
    // This API server tells those who watch, and does not know from when on they want to be told.
    await("it watches", discovery::isWatching);
  }

  private void start(Kind kind) {
    start(config(kind, "11800", true, List.of("ns"), new Selector("app=oap", "")));
  }

  @AfterEach
  void endsItsThreads() {
    if (discovery == null) {
      return;
    }
    discovery.close();
    await(
        "its threads end",
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(KubernetesDiscoveryTest::isOurs));
    for (int i = 1; i < told.size(); i++) {
      assertFalse(told.get(i).equals(told.get(i - 1)), "told twice: " + told);
    }
  }

  static boolean isOurs(Thread thread) {
    return thread.isAlive() && thread.getName().startsWith("kubernetes-");
  }

  static void await(String what, BooleanSupplier fact) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    while (!fact.getAsBoolean()) {
      assertTrue(System.nanoTime() - deadline < 0, "not in time: " + what);
      LockSupport.parkNanos(1_000_000);
    }
  }

  private void awaitNodes(String... addresses) {
    await(
        Set.of(addresses) + ", last told " + told,
        () -> !told.isEmpty() && addresses(told.get(told.size() - 1)).equals(Set.of(addresses)));
  }

  private static Set<String> addresses(Set<Node> nodes) {
    return nodes.stream().map(Node::address).collect(Collectors.toSet());
  }

  static PodBuilder pod(String name, String address, int port, boolean ready) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace("ns")
        .addToLabels("app", "oap")
        .endMetadata()
        .withNewSpec()
        .addNewContainer()
        .withName("oap")
        .addNewPort()
        .withName("grpc")
        .withContainerPort(port)
        .endPort()
        .endContainer()
        .endSpec()
        .withNewStatus()
        .withPodIP(address)
        .withPhase("Running")
        .addNewCondition()
        .withType("Ready")
        .withStatus(ready ? "True" : "False")
        .endCondition()
        .endStatus();
  }

  private void create(PodBuilder pod) {
    Pod built = pod.build();
    client.pods().inNamespace(built.getMetadata().getNamespace()).resource(built).create();
  }

  private void update(PodBuilder pod) {
    Pod built = pod.build();
    client.pods().inNamespace(built.getMetadata().getNamespace()).resource(built).update();
  }

  private void delete(String name) {
    client.pods().inNamespace("ns").withName(name).withGracePeriod(0).delete();
  }

  private SourceStatus status() {
    return discovery.statuses().get(0);
  }

  @Test
  void readyPodsAreNodesAndAreFollowedAtOnce() {
    create(pod("a", "10.0.0.1", 11800, true));
    create(pod("b", "10.0.0.2", 11800, false));
    start(Kind.POD);
    awaitNodes("10.0.0.1:11800");
    update(pod("b", "10.0.0.2", 11800, true));
    awaitNodes("10.0.0.1:11800", "10.0.0.2:11800");
    update(pod("a", "10.0.0.1", 11800, false));
    awaitNodes("10.0.0.2:11800");
    create(pod("c", "10.0.0.3", 11800, true));
    awaitNodes("10.0.0.2:11800", "10.0.0.3:11800");
  }

  @Test
  void whenTheLastPodGoesTheSetIsEmpty() {
    create(pod("a", "10.0.0.1", 11800, true));
    start(Kind.POD);
    awaitNodes("10.0.0.1:11800");
    delete("a");
    awaitNodes();
    create(pod("a", "10.0.0.9", 11800, true));
    awaitNodes("10.0.0.9:11800");
  }

  @Test
  void noPodAtAllIsAnAnswer() {
    start(Kind.POD);
    awaitNodes();
    assertEquals("", status().error());
  }

  /** Without the server, which does not keep such a pod. */
  @Test
  void aPodThatTerminatesIsLeftOutWhetherReadyOrNot() {
    Pod terminating =
        pod("b", "10.0.0.2", 11800, true)
            .editMetadata()
            .withDeletionTimestamp("2026-11-25T10:00:00Z")
            .endMetadata()
            .build();
    assertEquals(
        ExtractedNodes.leftOut("pod b is terminating"),
        new NodeExtractor("11800", false).pod(terminating));
  }

  @Test
  void podsThatAreNotReadyCountIfTheySay() {
    create(pod("a", "10.0.0.1", 11800, false));
    start(config(Kind.POD, "11800", false, List.of("ns"), new Selector("app=oap", "")));
    awaitNodes("10.0.0.1:11800");
  }

  @Test
  void podsOfOtherLabelsAndWithoutThePortAreLeftOutAndTheLatterAreNamed() {
    create(pod("a", "10.0.0.1", 11800, true));
    create(pod("job", "10.0.0.2", 12800, true));
    create(
        pod("ui", "10.0.0.3", 11800, true).editMetadata().addToLabels("app", "ui").endMetadata());
    start(Kind.POD);
    awaitNodes("10.0.0.1:11800");
    assertEquals("left out: pod job declares no container port 11800", status().remark());
    assertEquals("kubernetes pods in ns, app=oap", status().source());
  }

  @Test
  void aNamedPortMayDifferFromPodToPodAndZonesAreRead() {
    create(
        pod("a", "10.0.0.1", 11800, true)
            .editMetadata()
            .addToLabels("topology.kubernetes.io/zone", "z1")
            .endMetadata());
    create(pod("b", "10.0.0.2", 11900, true));
    start(config(Kind.POD, "grpc", true, List.of("ns"), new Selector("app=oap", "")));
    awaitNodes("10.0.0.1:11800", "10.0.0.2:11900");
    assertTrue(told.get(told.size() - 1).contains(new Node("10.0.0.1", 11800).withZone("z1")));
  }

  @Test
  void severalNamespacesAndSelectorsAreJoined() {
    create(pod("a", "10.0.0.1", 11800, true));
    create(
        pod("b", "10.0.0.2", 11800, true)
            .editMetadata()
            .addToLabels("app", "canary")
            .endMetadata());
    create(pod("c", "10.0.0.3", 11800, true).editMetadata().withNamespace("other").endMetadata());
    create(pod("d", "10.0.0.4", 11800, true).editMetadata().withNamespace("third").endMetadata());
    start(
        config(
            Kind.POD,
            "11800",
            true,
            List.of("ns", "other"),
            new Selector("app=oap", ""),
            new Selector("app=canary", "")));
    awaitNodes("10.0.0.1:11800", "10.0.0.2:11800", "10.0.0.3:11800");
    assertEquals(1, told.size(), "the first set is whole");
    assertEquals(4, discovery.statuses().size());
  }

  @Test
  void allNamespaces() {
    create(pod("a", "10.0.0.1", 11800, true));
    create(pod("b", "10.0.0.2", 11800, true).editMetadata().withNamespace("other").endMetadata());
    start(config(Kind.POD, "11800", true, List.of("*"), new Selector("app=oap", "")));
    awaitNodes("10.0.0.1:11800", "10.0.0.2:11800");
  }

  @Test
  void fieldSelectorsGoToTheServer() {
    create(pod("a", "10.0.0.1", 11800, true));
    create(pod("b", "10.0.0.2", 11800, true));
    Selector selector = new Selector("app=oap", "metadata.name!=b");
    start(config(Kind.POD, "11800", true, List.of("ns"), selector));
    awaitNodes("10.0.0.1:11800");
  }

  @Test
  void servicesAreNodesByTheirNames() {
    client
        .services()
        .resource(
            new ServiceBuilder()
                .withNewMetadata()
                .withName("oap")
                .withNamespace("ns")
                .addToLabels("app", "oap")
                .endMetadata()
                .withNewSpec()
                .addNewPort()
                .withPort(11800)
                .endPort()
                .endSpec()
                .build())
        .create();
    start(Kind.SERVICE);
    awaitNodes("oap.ns.svc:11800");
  }

  @Test
  void readyAddressesOfEndpointsAreNodes() {
    client
        .endpoints()
        .resource(
            new EndpointsBuilder()
                .withNewMetadata()
                .withName("oap")
                .withNamespace("ns")
                .addToLabels("app", "oap")
                .endMetadata()
                .addNewSubset()
                .addNewAddress()
                .withIp("10.0.0.1")
                .endAddress()
                .addNewNotReadyAddress()
                .withIp("10.0.0.2")
                .endNotReadyAddress()
                .addNewPort()
                .withName("grpc")
                .withPort(11800)
                .endPort()
                .endSubset()
                .build())
        .create();
    start(Kind.ENDPOINTS);
    awaitNodes("10.0.0.1:11800");
  }

  @Test
  void readyEndpointsOfSlicesAreNodesWithTheirZones() {
    client
        .discovery()
        .v1()
        .endpointSlices()
        .resource(
            new EndpointSliceBuilder()
                .withNewMetadata()
                .withName("oap-1")
                .withNamespace("ns")
                .addToLabels("app", "oap")
                .endMetadata()
                .withAddressType("IPv4")
                .addNewEndpoint()
                .withAddresses("10.0.0.1")
                .withZone("z1")
                .withNewConditions()
                .withReady(true)
                .endConditions()
                .endEndpoint()
                .addNewEndpoint()
                .withAddresses("10.0.0.2")
                .withNewConditions()
                .withReady(false)
                .endConditions()
                .endEndpoint()
                .addNewEndpoint()
                .withAddresses("10.0.0.3")
                .withNewConditions()
                .withReady(true)
                .withTerminating(true)
                .endConditions()
                .endEndpoint()
                .addNewPort()
                .withName("grpc")
                .withPort(11800)
                .endPort()
                .build())
        .create();
    start(Kind.ENDPOINTSLICE);
    awaitNodes("10.0.0.1:11800");
    assertEquals(Set.of(new Node("10.0.0.1", 11800).withZone("z1")), told.get(0));
  }

  static KubernetesConfig at(String url, KubernetesConfig config) {
    return new KubernetesConfig(
        url,
        config.basicAuth(),
        config.bearerToken(),
        config.bearerTokenFile(),
        config.proxyUrl(),
        config.tls(),
        config.namespaces(),
        config.kind(),
        config.selectors(),
        config.port(),
        config.onlyReady());
  }

  @Test
  void outsideOfAClusterItSaysWhatIsMissing() {
    KubernetesConfig here =
        at("", config(Kind.POD, "11800", true, List.of("ns"), new Selector("", "")));
    String problem = KubernetesDiscovery.problem(here, Map.of()).orElseThrow();
    assertTrue(problem.contains("KUBERNETES_SERVICE_HOST is not set"), problem);
    start(here);
    await("it is said", () -> !status().error().isEmpty());
  }
}
