package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Nodes found by a real API server of Kubernetes. Each test has a namespace and a Satellite of its
 * own; the nodes are stand-ins on addresses of loopback, all on one port as pods are.
 */
@Order(12)
@ResourceLock(KubeApiServer.LOCK)
class KubernetesTest {

  /** What the SkyWalking operator for Kubernetes selects, and the rule that it writes. */
  private static final String OAP =
      "{app: oap, operator.skywalking.apache.org/oap-server-name: demo}";

  private static final String SELECTOR =
      "app=oap,operator.skywalking.apache.org/oap-server-name=demo";
  private static final String PODS = rule("''", "pods");

  private static final String ACCOUNT = "satellite";
  private static final int PORT = ChildProcess.freePort();
  private static final int OTHER_PORT = ChildProcess.freePort();

  private static KubeApiServer kubernetes;

  private final RefusingNode one = new RefusingNode("127.0.0.2", PORT);
  private final RefusingNode two = new RefusingNode("127.0.0.3", PORT);
  private final RefusingNode three = new RefusingNode("127.0.0.4", PORT);

  @BeforeAll
  static void start() throws IOException {
    kubernetes = KubeApiServer.start();
  }

  @AfterAll
  static void stop() {
    if (kubernetes != null) {
      kubernetes.close();
    }
  }

  @AfterEach
  void closeNodes() {
    Stream.of(one, two, three).forEach(RefusingNode::close);
  }

  /** With what the operator sets, and the one rule that it gives. */
  @Test
  void findsAllPodsThatAreReadyAndForwardsToEach() throws Exception {
    KubeNamespace namespace = namespace("ready");
    run(namespace, one, two, three);
    namespace.pod("oap-starting", OAP, "127.0.0.5", PORT);
    namespace.ready("oap-starting", "127.0.0.5", false);
    namespace.pod("of-another-app", "{app: oap}", "127.0.0.6", PORT);
    try (var satellite = satellite(namespace, Map.of());
        SampleSender feed = new SampleSender(satellite.address())) {
      nodes(satellite, one, two, three);
      List<String> sent = feed.segments("found", 300);
      exactly(sent, "segments", () -> taken(one, two, three));
      for (RefusingNode node : List.of(one, two, three)) {
        assertFalse(node.taken().isEmpty(), node.address() + " took nothing");
      }
      assertEquals(0, satellite.stop());
      assertTrue(
          Account.ofLastLine(satellite.output()).closedWith(sent.size()),
          satellite.output().toString());
    }
  }

  @Test
  void whoIsNotReadyOrTerminatingGetsNothingMoreAndNothingIsLost() throws Exception {
    KubeNamespace namespace = namespace("leaving");
    run(namespace, one, two, three);
    try (var satellite = satellite(namespace, Map.of());
        var feed = new SteadySender(satellite.address(), "leaving")) {
      nodes(satellite, one, two, three);
      takesMore(three);

      namespace.ready(pod(three), "127.0.0.4", false);
      nodes(satellite, one, two);
      takesNothingMore(three, satellite, feed);

      takesMore(two);
      namespace.delete(pod(two));
      nodes(satellite, one);
      takesNothingMore(two, satellite, feed);

      namespace.end(pod(two));
      namespace.ready(pod(three), "127.0.0.4", true);
      nodes(satellite, one, three);
      takesMore(three);

      List<String> sent = feed.end();
      exactly(sent, "segments", () -> taken(one, two, three));
      assertEquals(0, satellite.stop());
      assertTrue(
          Account.ofLastLine(satellite.output()).closedWith(sent.size()),
          satellite.output().toString());
    }
  }

  @Test
  void eventsWaitWhenTheLastPodGoesAndArriveWhenOneComesBack() throws Exception {
    KubeNamespace namespace = namespace("empty");
    run(namespace, one);
    try (var satellite = satellite(namespace, Map.of());
        var feed = new SteadySender(satellite.address(), "waiting")) {
      nodes(satellite, one);
      takesMore(one);
      namespace.end(pod(one));
      nodes(satellite);
      takesNothingMore(one, satellite, feed);

      run(namespace, two);
      nodes(satellite, two);
      List<String> sent = feed.end();
      exactly(sent, "segments", () -> taken(one, two));
      assertEquals(0, satellite.metrics().sum("satellite_dropped_messages"));
    }
  }

  /** What a Role must have, and the node that is found with it. */
  private enum Kind {
    SERVICE("''", "services") {
      @Override
      String make(KubeNamespace in) throws Exception {
        in.service("oap", OAP, PORT);
        return "oap." + in.name() + ".svc:" + PORT;
      }
    },
    ENDPOINTS("''", "endpoints") {
      @Override
      String make(KubeNamespace in) throws Exception {
        // An address for documents, which is nobody's.
        in.endpoints("oap", OAP, "203.0.113.1", PORT);
        return "203.0.113.1:" + PORT;
      }
    },
    ENDPOINTSLICE("discovery.k8s.io", "endpointslices") {
      @Override
      String make(KubeNamespace in) throws Exception {
        in.endpointSlice("oap-x7k2p", OAP, "127.0.0.2", PORT);
        return "127.0.0.2:" + PORT;
      }
    };

    final String group;
    final String resource;

    Kind(String group, String resource) {
      this.group = group;
      this.resource = resource;
    }

    /** Returns the address of the node that it stands for. */
    abstract String make(KubeNamespace in) throws Exception;

    String setting() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @ParameterizedTest
  @EnumSource
  void namesTheMissingRuleOnceAndHealsWhenTheRoleHasIt(Kind kind) throws Exception {
    KubeNamespace namespace = namespace("missing-" + kind.setting());
    String node = kind.make(namespace);
    try (var satellite =
        satellite(namespace, Map.of("SATELLITE_GRPC_CLIENT_KUBERNETES_KIND", kind.setting()))) {
      equal(1, "complaints", () -> complaints(satellite, kind).size());
      equal(0L, "nodes", () -> satellite.metrics().sum("satellite_nodes"));

      namespace.allow(user(namespace), PODS, rule(kind.group, kind.resource));
      equal(1L, "nodes", () -> satellite.metrics().sum("satellite_nodes"));
      equal(Set.of(node), "nodes", () -> satellite.metrics().values("satellite_node_up", "node"));
      assertEquals(1, complaints(satellite, kind).size(), satellite.output().toString());
    }
  }

  private static List<String> complaints(SatelliteProcess satellite, Kind kind) {
    return satellite.output().stream()
        .filter(line -> line.contains("forbidden"))
        .filter(line -> line.contains(kind.resource) && line.contains("list, watch"))
        .toList();
  }

  @Test
  void keepsTheNodesWhileTheApiServerIsAwayAndFollowsItAfterwards() throws Exception {
    KubeNamespace namespace = namespace("away");
    run(namespace, one, two);
    try (var satellite = satellite(namespace, Map.of());
        var feed = new SteadySender(satellite.address(), "away")) {
      nodes(satellite, one, two);
      kubernetes.kill();
      Eventually.until(
          "it is said, with the nodes that stay",
          () -> warnings(satellite),
          lines -> lines.stream().anyMatch(line -> line.contains(two.address())));
      assertEquals(2, satellite.metrics().sum("satellite_nodes"));
      takesMore(one);
      takesMore(two);

      kubernetes.startAgain();
      run(namespace, three);
      namespace.end(pod(one));
      nodes(satellite, two, three);
      // Not only a list that was asked for again: it watches.
      namespace.ready(pod(two), "127.0.0.3", false);
      nodes(satellite, three);
      takesMore(three);
      // Once, and not with each try of the client.
      assertEquals(
          List.of(), satellite.output().stream().filter(line -> line.contains("fabric8")).toList());

      List<String> sent = feed.end();
      exactly(sent, "segments", () -> taken(one, two, three));
    }
  }

  /** As when it was away for so long that its token has expired meanwhile. */
  @Test
  void takesTheNewTokenFromItsFileWhenTheOldOneIsVoid() throws Exception {
    KubeNamespace namespace = namespace("rotation");
    run(namespace, one);
    try (var satellite = satellite(namespace, Map.of())) {
      nodes(satellite, one);
      namespace.deleteAccount(ACCOUNT);
      namespace.account(ACCOUNT);
      kubernetes.kill();
      kubernetes.startAgain();
      Eventually.until(
          "it is told that the token is void",
          () -> warnings(satellite),
          lines -> lines.stream().anyMatch(line -> line.contains("401")));
      run(namespace, two);
      assertEquals(1, satellite.metrics().sum("satellite_nodes"));

      writeToken(namespace);
      nodes(satellite, one, two);
      namespace.end(pod(one));
      nodes(satellite, two);
    }
  }

  /** Each pod says what number the port of that name has. */
  @Test
  void joinsSeveralNamespacesAndReadsThePortFromItsName() throws Exception {
    KubeNamespace here = namespace("here");
    KubeNamespace there = kubernetes.namespace("there");
    run(here, one);
    try (RefusingNode other = new RefusingNode("127.0.0.3", OTHER_PORT);
        var satellite =
            satellite(
                here,
                Map.of(
                    "SATELLITE_GRPC_CLIENT_KUBERNETES_NAMESPACE", "here,there",
                    "SATELLITE_GRPC_CLIENT_KUBERNETES_EXTRA_PORT", "grpc"));
        SampleSender feed = new SampleSender(satellite.address())) {
      there.pod("oap", OAP, "127.0.0.3", OTHER_PORT);
      nodes(satellite, one);
      Eventually.until(
          "the namespace without the rule is named",
          () -> warnings(satellite),
          lines -> lines.stream().anyMatch(line -> line.contains("namespace there")));

      there.allow(user(here), PODS);
      nodes(satellite, one, other);
      List<String> sent = feed.segments("joined", 100);
      exactly(sent, "segments", () -> taken(one, other));
      assertTrue(!other.taken().isEmpty(), "it is new, and takes a part");
    }
  }

  /** The dry run, with the same settings. */
  @Test
  void checkNamesThePodsThatAreNodesAndThoseThatAreNotAndTheRuleThatIsMissing() throws Exception {
    KubeNamespace namespace = namespace("checked");
    run(namespace, one, two);
    namespace.pod("oap-starting", OAP, "127.0.0.5", PORT);
    namespace.ready("oap-starting", "127.0.0.5", false);
    try (ChildProcess check =
        SatelliteProcess.command("check-well", settings(namespace, Map.of()), "check")) {
      assertEquals(0, check.awaitEnd(Duration.ofSeconds(30)), check.output().toString());
      String said = String.join("\n", check.output());
      assertTrue(said.contains("2 nodes: " + one.address() + ", " + two.address()), said);
      assertTrue(said.contains("left out: pod oap-starting is not Ready"), said);
      assertTrue(said.contains("node " + one.address() + ": answers"), said);
    }
    Map<String, String> slices =
        settings(namespace, Map.of("SATELLITE_GRPC_CLIENT_KUBERNETES_KIND", "endpointslice"));
    try (ChildProcess check = SatelliteProcess.command("check-forbidden", slices, "check")) {
      assertEquals(1, check.awaitEnd(Duration.ofSeconds(30)), check.output().toString());
      String said = String.join("\n", check.output());
      assertTrue(said.contains("resources [endpointslices], verbs [list, watch]"), said);
    }
  }

  @Test
  void selectsByFieldsToo() throws Exception {
    KubeNamespace namespace = namespace("fields");
    run(namespace, one, two);
    try (var satellite =
        satellite(
            namespace,
            Map.of(
                "SATELLITE_GRPC_CLIENT_KUBERNETES_SELECTOR_FIELD",
                "status.phase=Running,metadata.name!=" + pod(one)))) {
      nodes(satellite, two);
      run(namespace, three);
      nodes(satellite, two, three);
    }
  }

  /** With an account that may read pods, whose token lies in its file. */
  private static KubeNamespace namespace(String name) throws Exception {
    KubeNamespace namespace = kubernetes.namespace(name);
    namespace.allow(namespace.account(ACCOUNT), PODS);
    writeToken(namespace);
    return namespace;
  }

  private static String rule(String group, String resource) {
    return "{apiGroups: [" + group + "], resources: [" + resource + "], verbs: [list, watch]}";
  }

  private static String user(KubeNamespace namespace) throws Exception {
    return namespace.account(ACCOUNT);
  }

  private static Path tokenFile(KubeNamespace namespace) {
    return ChildProcess.TARGET.resolve("kubernetes").resolve("token-of-" + namespace.name());
  }

  /** As a whole, so that nobody reads half of it. */
  private static void writeToken(KubeNamespace namespace) throws Exception {
    Path file = tokenFile(namespace);
    Path whole = file.resolveSibling("new");
    Files.writeString(whole, namespace.token(ACCOUNT));
    Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static SatelliteProcess satellite(KubeNamespace namespace, Map<String, String> more) {
    return SatelliteProcess.configuredBy(
        "satellite-" + namespace.name(), List.of(), settings(namespace, more), null);
  }

  private static Map<String, String> settings(KubeNamespace namespace, Map<String, String> more) {
    String kubernetesConfig = "SATELLITE_GRPC_CLIENT_KUBERNETES_";
    Map<String, String> settings = new HashMap<>();
    settings.put("SATELLITE_GRPC_CLIENT_FINDER", "kubernetes");
    settings.put(kubernetesConfig + "API_SERVER", kubernetes.url());
    settings.put(kubernetesConfig + "TLS_CONFIG_CA_FILE", kubernetes.ca().toString());
    settings.put(kubernetesConfig + "BEARER_TOKEN_FILE", tokenFile(namespace).toString());
    settings.put(kubernetesConfig + "NAMESPACE", namespace.name());
    settings.put(kubernetesConfig + "KIND", "pod");
    settings.put(kubernetesConfig + "SELECTOR_LABEL", SELECTOR);
    settings.put(kubernetesConfig + "EXTRA_PORT", "" + PORT);
    // Small batches: many are on their way when the set changes.
    settings.put("SATELLITE_TRACINGPIPE_SENDER_MAX_BUFFER_SIZE", "10");
    settings.putAll(more);
    return settings;
  }

  /** A Ready pod for each of them. */
  private static void run(KubeNamespace namespace, RefusingNode... nodes) throws Exception {
    for (RefusingNode node : nodes) {
      namespace.pod(pod(node), OAP, host(node), PORT);
    }
  }

  private static String pod(RefusingNode node) {
    String host = host(node);
    return "oap-" + host.substring(host.lastIndexOf('.') + 1);
  }

  private static String host(RefusingNode node) {
    return node.address().substring(0, node.address().indexOf(':'));
  }

  /**
   * These are the nodes, long before a list is asked for again, and Satellite is connected with
   * each.
   */
  private static void nodes(SatelliteProcess satellite, RefusingNode... nodes) {
    Set<String> expected = new TreeSet<>();
    Arrays.stream(nodes).map(RefusingNode::address).forEach(expected::add);
    String text = nodes.length + " nodes, connected " + expected;
    Eventually.until(text, () -> nodes(satellite.metrics()), text::equals);
  }

  private static String nodes(Metrics metrics) {
    Set<String> connected = new TreeSet<>(metrics.values("satellite_node_up", "node"));
    connected.removeIf(node -> metrics.sum("satellite_node_up", label(node)) == 0);
    return metrics.sum("satellite_nodes") + " nodes, connected " + connected;
  }

  private static String label(String node) {
    return "node=\"" + node + "\"";
  }

  private static List<String> taken(RefusingNode... nodes) {
    return Arrays.stream(nodes).flatMap(node -> node.taken().stream()).toList();
  }

  private static void takesMore(RefusingNode node) {
    int before = node.taken().size();
    Eventually.until(
        node.address() + " takes more than " + before,
        () -> node.taken().size(),
        count -> count > before + 20);
  }

  /** Once what was on its way to it has arrived, whatever is sent. */
  private static void takesNothingMore(
      RefusingNode node, SatelliteProcess satellite, SteadySender feed) {
    String label = label(node.address());
    equal(0L, "calls", () -> satellite.metrics().sum("satellite_node_in_flight", label));
    int taken = node.taken().size();
    int sent = feed.count();
    Eventually.until("more is sent", feed::count, count -> count > sent + 300);
    assertEquals(taken, node.taken().size());
  }

  private static List<String> warnings(SatelliteProcess satellite) {
    return satellite.output().stream().filter(line -> line.contains("[warning]")).toList();
  }
}
