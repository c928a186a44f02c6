package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.e2e.Eventually.equal;

import com.google.gson.Gson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The chart, as the test of the same name in {@code helm} has rendered it, its examples and the
 * manifests of {@code hpa}, at a real API server of Kubernetes. Without the objects of the
 * Prometheus operator and of SkyWalking's, whose types it does not have.
 */
@Order(0)
@ResourceLock(KubeApiServer.LOCK)
class ChartTest {

  private static final Path HELM = SatelliteProcess.ROOT.resolve("helm");
  private static final Path RENDERED = HELM.resolve("target/rendered");
  private static final Path EXAMPLES = HELM.resolve("examples");
  private static final Path HPA = SatelliteProcess.ROOT.resolve("hpa");
  private static final String RELEASE = "observability";

  private static final String OAP =
      "{app: oap, operator.skywalking.apache.org/oap-server-name: default}";

  private static final String RESTRICTED = "restricted";

  private static final Set<String> RIGHTS = Set.of("ServiceAccount", "Role", "RoleBinding");

  private static final Set<String> OF_OPERATORS =
      Set.of("ServiceMonitor", "PrometheusRule", "Satellite");

  /** Asked like that, it checks everything and keeps nothing. */
  private static final String DRY_RUN = "?dryRun=All&fieldValidation=Strict";

  private static KubeApiServer kubernetes;
  private static KubeNamespace oap;

  @BeforeAll
  static void start() throws Exception {
    kubernetes = KubeApiServer.start();
    kubernetes.namespace(RELEASE);
    oap = kubernetes.namespace("skywalking");
    kubernetes.namespace("skywalking-2");
    kubernetes.apply(
        "/api/v1/namespaces/" + RESTRICTED,
        """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: restricted
          labels: {pod-security.kubernetes.io/enforce: restricted}
        """);
  }

  @AfterAll
  static void stop() {
    if (kubernetes != null) {
      kubernetes.close();
    }
  }

  static List<Path> ways() throws IOException {
    if (!Files.isDirectory(RENDERED)) {
      throw new AssertionError(
          RENDERED + " is not there; mvn verify of the whole project makes it");
    }
    return yaml(RENDERED);
  }

  static List<Path> sidecar() {
    return List.of(EXAMPLES.resolve("sidecar.yaml"));
  }

  static List<Path> manifests() throws IOException {
    List<Path> manifests = new ArrayList<>(sidecar());
    if (Files.isDirectory(HPA)) {
      // The others there are values of other charts.
      yaml(HPA).stream()
          .filter(file -> !file.toString().contains(".values."))
          .forEach(manifests::add);
    }
    return manifests;
  }

  private static List<Path> yaml(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource({"ways", "manifests"})
  void kubernetesTakesIt(Path manifest) throws Exception {
    List<String> refusals = new ArrayList<>();
    int taken = 0;
    for (Object object : YamlText.parse(Files.readString(manifest))) {
      if (object == null || OF_OPERATORS.contains(YamlText.at(object, "kind"))) {
        continue;
      }
      try {
        kubernetes.post(path(object) + DRY_RUN, json(object));
        taken++;
      } catch (IOException e) {
        refusals.add(e.getMessage());
      }
    }
    assertEquals(List.of(), refusals);
    assertTrue(taken > 0, "nothing was asked");
  }

  /** A volume by claim is what only a StatefulSet can make, so that one is left out. */
  @ParameterizedTest
  @MethodSource({"ways", "sidecar"})
  void aNamespaceOfTheRestrictedStandardTakesThePod(Path manifest) throws Exception {
    for (Object object : YamlText.parse(Files.readString(manifest))) {
      Object spec = YamlText.at(object, "spec", "template", "spec");
      if (spec != null && YamlText.at(object, "spec", "volumeClaimTemplates") == null) {
        Map<String, Object> pod =
            Map.of(
                "apiVersion",
                "v1",
                "kind",
                "Pod",
                "metadata",
                Map.of("name", "gate", "namespace", RESTRICTED),
                "spec",
                spec);
        kubernetes.post(path(pod) + DRY_RUN, json(pod));
      }
    }
  }

  /** Else the tests above would say nothing. */
  @Test
  void aFieldThatDoesNotExistIsRefused() throws Exception {
    String sidecar = Files.readString(EXAMPLES.resolve("sidecar.yaml"));
    Object object = YamlText.parse(sidecar.replace("restartPolicy", "restartPolcy")).get(0);
    IOException refusal =
        assertThrows(
            IOException.class, () -> kubernetes.post(path(object) + DRY_RUN, json(object)));
    assertTrue(refusal.getMessage().contains("restartPolcy"), refusal.getMessage());
  }

  /** Nothing else is given to it: what the chart's own account may, and what its pod is told. */
  @Test
  void theChartsRightsAndEnvironmentAreEnoughToFindTheNodes() throws Exception {
    int port = ChildProcess.freePort();
    List<String> made = new ArrayList<>();
    Map<String, String> settings = new HashMap<>();
    Path chart = RENDERED.resolve("other-namespaces.yaml");
    for (Object object : YamlText.parse(Files.readString(chart))) {
      Object kind = YamlText.at(object, "kind");
      if ("Deployment".equals(kind)) {
        settings.putAll(environment(object));
      } else if (RIGHTS.contains(kind)) {
        kubernetes.post(path(object), json(object));
        made.add(path(object) + "/" + YamlText.at(object, "metadata", "name"));
      }
    }
    KubeNamespace own = new KubeNamespace(kubernetes, RELEASE);
    Path token = ChildProcess.TARGET.resolve("token-of-chart");
    Files.writeString(token, own.token("gate-satellite"));
    settings.put("SATELLITE_GRPC_CLIENT_KUBERNETES_EXTRA_PORT", "" + port);
    settings.put("SATELLITE_GRPC_CLIENT_KUBERNETES_API_SERVER", kubernetes.url());
    settings.put("SATELLITE_GRPC_CLIENT_KUBERNETES_TLS_CONFIG_CA_FILE", kubernetes.ca().toString());
    settings.put("SATELLITE_GRPC_CLIENT_KUBERNETES_BEARER_TOKEN_FILE", token.toString());
    // The other replicas would be asked for at an API server that only a pod has.
    settings.put("SATELLITE_REPLICAS_FINDER", "none");
    settings.put("SATELLITE_SHUTDOWN_HOLD_TIME", "0");
    settings.put("SATELLITE_GRPC_ACCEPT_LIMIT_CPU_UTILIZATION", "101");

    try (RefusingNode node = new RefusingNode("127.0.0.2", port)) {
      oap.pod("oap-0", OAP, "127.0.0.2", port);
      oap.pod("of-another-app", "{app: oap}", "127.0.0.3", port);
      try (var satellite =
          SatelliteProcess.configuredBy("satellite-chart", List.of(), settings, null)) {
        equal(
            Set.of(node.address()),
            "nodes",
            () -> satellite.metrics().values("satellite_node_up", "node"));
        equal(1L, "nodes up", () -> satellite.metrics().sum("satellite_nodes_up"));
        assertEquals(0, satellite.stop());
      }
    } finally {
      for (String object : made) {
        kubernetes.delete(object);
      }
    }
  }

  /** What stands there as a value; what is of the pod, such as its name, is left out. */
  private static Map<String, String> environment(Object deployment) {
    Map<String, String> environment = new HashMap<>();
    Object pod = YamlText.at(deployment, "spec", "template", "spec");
    Object container = ((List<?>) YamlText.at(pod, "containers")).get(0);
    for (Object variable : (List<?>) YamlText.at(container, "env")) {
      if (YamlText.at(variable, "value") != null) {
        environment.put(
            YamlText.at(variable, "name").toString(), YamlText.at(variable, "value").toString());
      }
    }
    return environment;
  }

  private static String path(Object object) {
    String version = YamlText.at(object, "apiVersion").toString();
    String kind = YamlText.at(object, "kind").toString().toLowerCase(Locale.ROOT);
    Object namespace = YamlText.at(object, "metadata", "namespace");
    return (version.equals("v1") ? "/api/" : "/apis/")
        + version
        + "/namespaces/"
        + (namespace == null ? RELEASE : namespace)
        + "/"
        + (kind.endsWith("y") ? kind.substring(0, kind.length() - 1) + "ies" : kind + "s");
  }

  /** Which is YAML. */
  private static String json(Object object) {
    return new Gson().toJson(object);
  }
}
