package satellite.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds in every way to use the chart: in each file of values. */
class WaysTest {

  /** Names of the environment that are no key of the configuration. */
  private static final Set<String> OF_THE_PROCESS =
      Set.of(
          "JDK_JAVA_OPTIONS",
          "SATELLITE_CONFIG",
          "SATELLITE_SHUTDOWN_HOLD_TIME",
          "SATELLITE_SHUTDOWN_HOOK_TIME");

  private static final Set<String> OF_THE_PROMETHEUS_OPERATOR =
      Set.of("ServiceMonitor", "PrometheusRule");

  private static final Map<Path, Chart.Rendered> RENDERED = new HashMap<>();

  static List<Path> ways() throws IOException {
    return Chart.ways();
  }

  private static Chart.Rendered rendered(Path values) {
    return RENDERED.computeIfAbsent(values, Chart::render);
  }

  static List<Path> manifests() {
    return List.of(Chart.EXAMPLES.resolve("sidecar.yaml"));
  }

  @ParameterizedTest
  @MethodSource("ways")
  void hasOnlyFieldsThatKubernetesKnows(Path values) {
    assertEquals(List.of(), faults(rendered(values).objects()));
  }

  @ParameterizedTest
  @MethodSource("manifests")
  void anExampleHasOnlyFieldsThatKubernetesKnows(Path manifest) throws IOException {
    assertEquals(List.of(), faults(Yaml.objects(Files.readString(manifest))));
  }

  private static List<String> faults(List<Map<String, Object>> objects) {
    return objects.stream()
        .filter(object -> !OF_THE_PROMETHEUS_OPERATOR.contains(object.get("kind")))
        .map(Types::fault)
        .filter(Objects::nonNull)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("ways")
  void everySelectorFindsThePods(Path values) {
    Chart.Rendered chart = rendered(values);
    Map<String, Object> labels = chart.podLabels();
    Map<String, Object> own = Yaml.map(chart.workload(), "spec", "selector", "matchLabels");
    assertEquals(
        Set.of("app.kubernetes.io/name", "app.kubernetes.io/instance"),
        own.keySet(),
        "labels that no upgrade changes");
    List<Map<String, Object>> selectors = new ArrayList<>(List.of(own));
    chart.all("Service").forEach(object -> selectors.add(Yaml.map(object, "spec", "selector")));
    for (String kind : List.of("PodDisruptionBudget", "ServiceMonitor")) {
      chart
          .all(kind)
          .forEach(object -> selectors.add(Yaml.map(object, "spec", "selector", "matchLabels")));
    }
    chart
        .all("NetworkPolicy")
        .forEach(object -> selectors.add(Yaml.map(object, "spec", "podSelector", "matchLabels")));
    if (chart.env("SATELLITE_REPLICAS_KUBERNETES_SELECTOR_LABEL") instanceof String selector) {
      Map<String, Object> replicas = new HashMap<>();
      for (String label : selector.split(",")) {
        replicas.put(label.split("=")[0], label.split("=")[1]);
      }
      selectors.add(replicas);
    }
    selectors.forEach(selector -> assertEquals(own, selector));
    assertTrue(labels.entrySet().containsAll(own.entrySet()), labels.toString());
    for (Object spread : Yaml.list(chart.pod(), "topologySpreadConstraints")) {
      Map<String, Object> selector = Yaml.map(spread, "labelSelector", "matchLabels");
      assertFalse(selector.isEmpty());
      assertTrue(labels.entrySet().containsAll(selector.entrySet()), selector + " of " + labels);
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void aPortHasOneNameEverywhere(Path values) {
    Chart.Rendered chart = rendered(values);
    Map<String, Object> ports = new HashMap<>();
    for (Object port : Yaml.list(chart.container(), "ports")) {
      ports.put(Yaml.text(port, "name"), Yaml.at(port, "containerPort"));
    }
    Map<String, Object> expected = new HashMap<>(Map.of("grpc", 11800, "http-monitoring", 1234));
    if ("true".equals(chart.env("SATELLITE_HTTP_ENABLED"))) {
      expected.put("http", 12800);
    }
    assertEquals(expected, ports);
    for (Map<String, Object> service : chart.all("Service")) {
      for (Object port : Yaml.list(service, "spec", "ports")) {
        assertEquals(Yaml.at(port, "name"), Yaml.at(port, "targetPort"));
        assertEquals(ports.get(Yaml.text(port, "name")), Yaml.at(port, "port"));
      }
    }
    for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
      assertEquals("http-monitoring", Yaml.at(chart.container(), probe, "httpGet", "port"));
      assertEquals(
          probe.equals("readinessProbe") ? "/ready" : "/live",
          Yaml.at(chart.container(), probe, "httpGet", "path"));
    }
    for (Map<String, Object> policy : chart.all("NetworkPolicy")) {
      for (Object rule : Yaml.list(policy, "spec", "ingress")) {
        for (Object port : Yaml.list(rule, "ports")) {
          assertTrue(ports.containsKey(Yaml.text(port, "port")), port.toString());
        }
      }
    }
    for (Map<String, Object> monitor : chart.all("ServiceMonitor")) {
      assertEquals("http-monitoring", Yaml.at(monitor, "spec", "endpoints", 0, "port"));
      long scraped =
          chart.all("Service").stream()
              .filter(service -> service.toString().contains("http-monitoring"))
              .count();
      assertEquals(1, scraped, "each pod is scraped once");
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void mayListAndWatchPodsAndNothingElse(Path values) {
    Chart.Rendered chart = rendered(values);
    for (Map<String, Object> role : chart.all("Role")) {
      assertEquals(
          List.of(
              Map.of(
                  "apiGroups", List.of(""),
                  "resources", List.of("pods"),
                  "verbs", List.of("list", "watch"))),
          role.get("rules"));
    }
    assertEquals(List.of(), chart.all("ClusterRole"));
    String account = Yaml.text(chart.pod(), "serviceAccountName");
    for (Map<String, Object> binding : chart.all("RoleBinding")) {
      assertEquals(
          List.of(Map.of("kind", "ServiceAccount", "name", account, "namespace", Chart.NAMESPACE)),
          binding.get("subjects"));
      assertEquals(Yaml.at(binding, "metadata", "name"), Yaml.at(binding, "roleRef", "name"));
      assertTrue(
          chart.all("Role").stream().anyMatch(role -> place(role).equals(place(binding))),
          "a Role beside " + place(binding));
    }
    chart
        .all("ServiceAccount")
        .forEach(object -> assertEquals(account, Yaml.at(object, "metadata", "name")));
  }

  private static String place(Map<String, Object> object) {
    return Yaml.text(object, "metadata", "namespace") + "/" + Yaml.text(object, "metadata", "name");
  }

  @ParameterizedTest
  @MethodSource("ways")
  void mountsTheVolumesThatThereAre(Path values) {
    Chart.Rendered chart = rendered(values);
    Set<String> there = new TreeSet<>();
    Yaml.list(chart.pod(), "volumes").forEach(volume -> there.add(Yaml.text(volume, "name")));
    Yaml.list(chart.workload(), "spec", "volumeClaimTemplates")
        .forEach(claim -> there.add(Yaml.text(claim, "metadata", "name")));
    Set<String> mounted = new TreeSet<>();
    Yaml.list(chart.container(), "volumeMounts")
        .forEach(mount -> mounted.add(Yaml.text(mount, "name")));
    assertEquals(there, mounted);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void setsEachVariableOnceAndOnlySuchAsThereAre(Path values) throws IOException {
    List<String> names = names(rendered(values).container());
    assertEquals(new HashSet<>(names).size(), names.size(), names.toString());
    assertKnown(names);
  }

  @Test
  void theSidecarSetsOnlyVariablesThatThereAre() throws IOException {
    Map<String, Object> sidecar = sidecar();
    assertKnown(names(Yaml.map(sidecar, "spec", "template", "spec", "initContainers", 0)));
  }

  @Test
  void theOperatorsSatelliteSetsOnlyVariablesThatThereAreAndNothingThatItWouldLose()
      throws IOException {
    Map<String, Object> satellite =
        Yaml.objects(Files.readString(Chart.EXAMPLES.resolve("swck.yaml"))).get(0);
    List<?> config = Yaml.list(satellite, "spec", "config");
    assertKnown(config.stream().map(variable -> Yaml.text(variable, "name")).toList());
    for (Object variable : config) {
      assertEquals(Set.of("name", "value"), Yaml.map(variable).keySet());
      assertTrue(Yaml.at(variable, "value") instanceof String text && !text.contains("\""));
    }
  }

  @Test
  void theSidecarStartsFirstAndHasTimeToDrain() throws IOException {
    Map<String, Object> pod = Yaml.map(sidecar(), "spec", "template", "spec");
    Map<String, Object> container = Yaml.map(pod, "initContainers", 0);
    assertEquals("Always", container.get("restartPolicy"));
    Map<String, String> values = new HashMap<>();
    for (Object variable : Yaml.list(container, "env")) {
      values.put(Yaml.text(variable, "name"), Yaml.text(variable, "value"));
    }
    int own =
        Integer.parseInt(values.get("SATELLITE_SHUTDOWN_HOLD_TIME"))
            + Integer.parseInt(values.get("SATELLITE_SHUTDOWN_HOOK_TIME"));
    assertTrue((int) pod.get("terminationGracePeriodSeconds") >= 30 + own + 3);
    String agents =
        Yaml.list(pod, "containers", 0, "env").stream()
            .filter(v -> "SW_AGENT_COLLECTOR_BACKEND_SERVICES".equals(Yaml.text(v, "name")))
            .map(v -> Yaml.text(v, "value"))
            .findFirst()
            .orElseThrow();
    assertEquals(values.get("SATELLITE_GRPC_ADDRESS"), agents);
  }

  private static Map<String, Object> sidecar() throws IOException {
    return Yaml.objects(Files.readString(Chart.EXAMPLES.resolve("sidecar.yaml"))).get(0);
  }

  private static List<String> names(Map<String, Object> container) {
    return Yaml.list(container, "env").stream()
        .map(variable -> Yaml.text(variable, "name"))
        .toList();
  }

  private static void assertKnown(List<String> names) throws IOException {
    String manual = Files.readString(Chart.ROOT.resolve("configs/satellite_config.yaml"));
    Set<String> known = new HashSet<>(OF_THE_PROCESS);
    Matcher matcher = Pattern.compile("\\$\\{(SATELLITE_\\w+):").matcher(manual);
    while (matcher.find()) {
      known.add(matcher.group(1));
    }
    assertEquals(List.of(), names.stream().filter(name -> !known.contains(name)).toList());
  }
}
