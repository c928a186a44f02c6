package satellite.helm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.marcnuri.helm.LintResult;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What single values do. */
class ChartTest {

  private static final String STATIC = "oap: {finder: static, addresses: ['oap:11800']}\n";

  @Test
  void helmFindsNothingToComplainOf() {
    LintResult result = Chart.lint();
    assertFalse(result.isFailed(), result.getMessages().toString());
  }

  /** Where the test of the same name in e2e finds it, without Helm's library in that JVM. */
  @Test
  void isLeftForTheApiServerOfE2e() throws Exception {
    Path rendered = Files.createDirectories(Path.of("target/rendered"));
    try (Stream<Path> files = Files.list(rendered)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    for (Path values : Chart.ways()) {
      Files.writeString(rendered.resolve(values.getFileName()), Chart.text(values));
    }
  }

  @Test
  void isAGatewayByDefault() {
    Chart.Rendered chart = Chart.way("defaults");
    assertEquals(
        Set.of(
            "Deployment gate-satellite",
            "Service gate-satellite",
            "ServiceAccount gate-satellite",
            "Role observability-gate-satellite",
            "RoleBinding observability-gate-satellite",
            "PodDisruptionBudget gate-satellite"),
        chart.objects().stream()
            .map(object -> object.get("kind") + " " + Yaml.text(object, "metadata", "name"))
            .collect(Collectors.toSet()));
    assertEquals(2, Yaml.at(chart.workload(), "spec", "replicas"));
    assertEquals("satellite:0.1.0", chart.container().get("image"));
    assertEquals(
        Map.of("maxSurge", "25%", "maxUnavailable", 0),
        Yaml.map(chart.workload(), "spec", "strategy", "rollingUpdate"));
    assertEquals("kubernetes", chart.env("SATELLITE_GRPC_CLIENT_FINDER"));
    assertEquals("observability", chart.env("SATELLITE_GRPC_CLIENT_KUBERNETES_NAMESPACE"));
    assertEquals("loopback", chart.env("SATELLITE_ADMIN_ACCESS"));
  }

  @Test
  void runsWithAsFewRightsAsItCan() {
    Chart.Rendered chart = Chart.way("defaults");
    assertEquals(
        Map.of(
            "allowPrivilegeEscalation",
            false,
            "readOnlyRootFilesystem",
            true,
            "capabilities",
            Map.of("drop", List.of("ALL"))),
        chart.container().get("securityContext"));
    assertEquals(true, Yaml.at(chart.pod(), "securityContext", "runAsNonRoot"));
    assertEquals(
        "RuntimeDefault", Yaml.at(chart.pod(), "securityContext", "seccompProfile", "type"));
    assertTrue(
        Yaml.list(chart.container(), "volumeMounts").contains(mount("tmp", "/tmp")),
        "a place for temporary files");
  }

  @ParameterizedTest
  @CsvSource({
    // hold, hook, folder, seconds
    "5, 10, false, 20",
    "0, 0, false, 5",
    "30, 60, false, 95",
    "5, 10, true, 35",
  })
  void kubernetesWaitsUntilSatelliteIsDone(int hold, int hook, boolean folder, int seconds)
      throws Exception {
    Chart.Rendered chart =
        Chart.render(
            "shutdown: {holdSeconds: HOLD, hookSeconds: HOOK}\ndata: {enabled: FOLDER}\n"
                .replace("HOLD", "" + hold)
                .replace("HOOK", "" + hook)
                .replace("FOLDER", "" + folder));
    assertEquals(seconds, chart.pod().get("terminationGracePeriodSeconds"));
    assertEquals("" + hold, chart.env("SATELLITE_SHUTDOWN_HOLD_TIME"));
    assertEquals("" + hook, chart.env("SATELLITE_SHUTDOWN_HOOK_TIME"));
  }

  @Test
  void refusesAGracePeriodInWhichSatelliteWouldBeKilled() throws Exception {
    String values = "shutdown: {holdSeconds: 5, hookSeconds: 10, gracePeriodSeconds: SECONDS}";
    assertEquals(
        18,
        Chart.render(values.replace("SECONDS", "18")).pod().get("terminationGracePeriodSeconds"));
    assertRefused(values.replace("SECONDS", "17"), "holdSeconds + hookSeconds + 3 = 18 at least");
    assertRefused(values.replace("SECONDS", "0"), "holdSeconds + hookSeconds + 3 = 18 at least");
  }

  @Test
  void asksTheApiServerOnlyWhereItFindsSomebodyThere() throws Exception {
    Chart.Rendered chart = Chart.render(STATIC + "replicas: {finder: none}");
    assertEquals(List.of(), chart.all("Role"));
    assertEquals(List.of(), chart.all("RoleBinding"));
    assertEquals(false, chart.pod().get("automountServiceAccountToken"));

    Chart.Rendered replicas = Chart.render(STATIC);
    assertEquals(List.of("observability"), namespaces(replicas.all("Role")));
    assertEquals(true, replicas.pod().get("automountServiceAccountToken"));
  }

  @Test
  void hasOneRoleInEachNamespaceThatItWatches() {
    Chart.Rendered apart = Chart.way("other-namespaces");
    List<String> watched = List.of("skywalking", "skywalking-2", "observability");
    assertEquals(watched, namespaces(apart.all("Role")));
    assertEquals(watched, namespaces(apart.all("RoleBinding")));
    assertEquals(
        "skywalking,skywalking-2", apart.env("SATELLITE_GRPC_CLIENT_KUBERNETES_NAMESPACE"));
    assertEquals("observability", apart.env("SATELLITE_REPLICAS_KUBERNETES_NAMESPACE"));

    assertEquals(List.of("observability"), namespaces(Chart.way("defaults").all("Role")));
  }

  @ParameterizedTest
  @CsvSource({
    "swck, swck, autoscaling-swck",
    "prometheus, prometheus-adapter, autoscaling-prometheus",
    "resource, resource, autoscaling-resource",
  })
  void scalesByTheSameFiguresAsTheManifestsInHpa(String metric, String manifest, String way)
      throws Exception {
    Path file = Chart.ROOT.resolve("hpa").resolve(manifest + ".yaml");
    Assumptions.assumeTrue(Files.exists(file), "no " + file);
    Map<String, Object> expected = Yaml.objects(Files.readString(file)).get(0);
    Map<String, Object> scaler = Chart.way(way).one("HorizontalPodAutoscaler");
    for (String part : List.of("metrics", "behavior")) {
      assertEquals(Yaml.at(expected, "spec", part), Yaml.at(scaler, "spec", part), metric);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "4000, 60, 2400",
    "11, 90, 9",
    "1, 60, 1",
    "2500000, 60, 1500000",
  })
  void aimsAtAShareOfTheLimit(int limit, int percent, String target) throws Exception {
    String values =
        "acceptLimit: {connections: LIMIT}\n".replace("LIMIT", "" + limit)
            + "autoscaling: {enabled: true, targetConnections: PERCENT}"
                .replace("PERCENT", "" + percent);
    Chart.Rendered chart = Chart.render(values);
    Map<String, Object> scaler = chart.one("HorizontalPodAutoscaler");
    assertEquals(
        Map.of("type", "Value", "value", target),
        Yaml.at(scaler, "spec", "metrics", 0, "external", "target"));
    assertEquals("" + limit, chart.env("SATELLITE_GRPC_ACCEPT_LIMIT_CONNECTION_COUNT"));
  }

  @Test
  void leavesTheNumberOfReplicasToTheAutoscaler() {
    Chart.Rendered chart = Chart.way("autoscaling-swck");
    assertFalse(Yaml.map(chart.workload(), "spec").containsKey("replicas"));
    assertEquals(
        Map.of("apiVersion", "apps/v1", "kind", "Deployment", "name", "gate-satellite"),
        Yaml.at(chart.one("HorizontalPodAutoscaler"), "spec", "scaleTargetRef"));
  }

  /** As the metrics adapter of SkyWalking's operator joins it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "satellite::satellite-service",
        "satellite",
        "with space",
        "-hyphens at both ends-",
        "dots..and__underscores._",
        "größer",
        "衛星",
        "a-name-of-more-than-sixty-three-characters-which-is-as-many-as-a-label-may-have-",
        "::",
        "1",
      })
  void spellsTheServiceForTheMetricsAdapter(String service) throws Exception {
    Chart.Rendered chart =
        Chart.render("autoscaling: {enabled: true}\ntelemetry: {service: \"" + service + "\"}\n");
    Map<String, Object> labels = selector(chart);
    assertEquals(service, joined(labels));
    assertEquals(service, chart.env("SATELLITE_TELEMETRY_SERVICE"));
    for (Object label : labels.values()) {
      assertTrue(
          label.toString().matches("[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"),
          label.toString());
    }
  }

  @Test
  void hasAServiceNameOfItsOwnAndSendsItToOapWhenThatScalesIt() throws Exception {
    Chart.Rendered chart = Chart.render("autoscaling: {enabled: true}");
    assertEquals(
        "satellite::gate-satellite.observability", chart.env("SATELLITE_TELEMETRY_SERVICE"));
    assertEquals("satellite::gate-satellite.observability", joined(selector(chart)));
    assertEquals("prometheus,metrics_service", chart.env("SATELLITE_TELEMETRY_EXPORT_TYPE"));
    assertEquals("prometheus", Chart.way("defaults").env("SATELLITE_TELEMETRY_EXPORT_TYPE"));
    assertEquals(
        "metadata.name",
        Yaml.text(chart.env("SATELLITE_TELEMETRY_INSTANCE"), "fieldRef", "fieldPath"));
  }

  @Test
  void aDaemonSetServesItsOwnNode() throws Exception {
    Chart.Rendered chart = Chart.render(Chart.EXAMPLES.resolve("daemonset.yaml"));
    assertEquals("DaemonSet", chart.workload().get("kind"));
    assertFalse(Yaml.map(chart.workload(), "spec").containsKey("replicas"));
    assertEquals("Local", Yaml.at(chart.one("Service"), "spec", "internalTrafficPolicy"));
    assertEquals("none", chart.env("SATELLITE_REPLICAS_FINDER"));
    assertEquals(List.of(), chart.all("PodDisruptionBudget"));
    assertNull(chart.pod().get("topologySpreadConstraints"));
  }

  @Test
  void theFolderOfAStatefulSetIsAVolumeOfItsOwnAndElseOneOfThePod() {
    Chart.Rendered stays = Chart.way("folder-that-stays");
    assertEquals("/var/lib/satellite", stays.env("SATELLITE_DATA_DIR"));
    assertEquals("4294967296", stays.env("SATELLITE_DISK_BYTES"));
    Map<String, Object> claim = Yaml.map(stays.workload(), "spec", "volumeClaimTemplates", 0);
    assertEquals("data", Yaml.at(claim, "metadata", "name"));
    assertEquals("fast", Yaml.at(claim, "spec", "storageClassName"));
    // An eighth and 128 MiB more.
    assertEquals("4966055936", Yaml.at(claim, "spec", "resources", "requests", "storage"));
    assertEquals("gate-satellite-headless", Yaml.at(stays.workload(), "spec", "serviceName"));
    assertEquals(
        "None", Yaml.at(stays.named("Service", "gate-satellite-headless"), "spec", "clusterIP"));

    Chart.Rendered pods = Chart.way("folder-of-the-pod");
    assertEquals("1342177280", Yaml.at(volume(pods, "data"), "emptyDir", "sizeLimit"));
    assertEquals(1, pods.all("Service").size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"1Gi", "1.5Gi", "1.1G", "1073741824", "1Ti"})
  void aVolumeMayHaveAnySizeThatHoldsTheData(String size) throws Exception {
    Chart.Rendered chart = Chart.render("data: {enabled: true, size: '" + size + "'}");
    assertEquals(size, Yaml.at(volume(chart, "data"), "emptyDir", "sizeLimit"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | gate-satellite | gate-satellite",
        "nameOverride: proxy | gate-proxy | gate-proxy",
        "nameOverride: ate | gate | gate",
        "{nameOverride: proxy, fullnameOverride: front} | front | front",
        "serviceAccount: {name: reader} | gate-satellite | reader",
        "serviceAccount: {create: false} | gate-satellite | default",
        "serviceAccount: {create: false, name: reader} | gate-satellite | reader",
        "fullnameOverride: a23456789-123456789-123456789-123456789-123456789-b-cut"
            + " | a23456789-123456789-123456789-123456789-123456789-b"
            + " | a23456789-123456789-123456789-123456789-123456789-b",
      })
  void isNamedByReleaseAndChart(String values, String name, String account) throws Exception {
    Chart.Rendered chart = Chart.render(values);
    assertEquals(name, Yaml.text(chart.workload(), "metadata", "name"));
    assertEquals(account, Yaml.text(chart.pod(), "serviceAccountName"));
  }

  /** They had become numbers. */
  @Test
  void namesOfDigitsStayNames() throws Exception {
    Chart.Rendered chart =
        Chart.render(
            """
            oap: { namespaces: ["2026"] }
            networkPolicy: { enabled: true }
            tls: { server: { secretName: "12" } }
            authentication: { server: { secretName: "34", key: "56" } }
            """);
    assertTrue(namespaces(chart.all("Role")).contains("2026"));
    assertEquals("12", Yaml.at(volume(chart, "tls-server"), "secret", "secretName"));
    assertEquals(
        Map.of("secretKeyRef", Map.of("name", "34", "key", "56")),
        chart.env("SATELLITE_GRPC_SERVER_AUTHENTICATION"));
  }

  @Test
  void tokensAndKeysStayInTheirSecrets() {
    Chart.Rendered chart = Chart.way("secured");
    assertEquals(
        Map.of("secretKeyRef", Map.of("name", "tokens", "key", "agents")),
        chart.env("SATELLITE_GRPC_SERVER_AUTHENTICATION"));
    assertEquals(
        Map.of("secretKeyRef", Map.of("name", "tokens", "key", "oap")),
        chart.env("SATELLITE_GRPC_AUTHENTICATION"));
    assertEquals(
        Map.of("secretKeyRef", Map.of("name", "tokens", "key", "admin")),
        chart.env("SATELLITE_ADMIN_TOKEN"));
    assertEquals("satellite-tls", Yaml.at(volume(chart, "tls-server"), "secret", "secretName"));
    assertEquals("/etc/satellite/tls/server/tls.crt", chart.env("SATELLITE_GRPC_TLS_CERT_FILE"));
    assertEquals("true", chart.env("SATELLITE_GRPC_ENABLE_TLS"));
    assertEquals("/etc/satellite/tls/oap/ca.crt", chart.env("SATELLITE_grpc_CA_PEM_PATH"));
  }

  @Test
  void aPolicyLetsInSendersAndTheReplicasAndOutToOap() {
    Chart.Rendered chart = Chart.way("other-namespaces");
    Map<String, Object> spec = Yaml.map(chart.one("NetworkPolicy"), "spec");
    Map<String, Object> own =
        Map.of(
            "podSelector",
            Map.of(
                "matchLabels",
                Map.of(
                    "app.kubernetes.io/name", "satellite", "app.kubernetes.io/instance", "gate")));
    Map<String, Object> senders = rule(spec, "ingress", "grpc");
    assertEquals(Set.of("grpc", "http"), ports(senders));
    assertNull(senders.get("from"));
    List<?> monitoring = Yaml.list(rule(spec, "ingress", "http-monitoring"), "from");
    assertEquals(own, monitoring.get(1));
    assertEquals(
        "monitoring",
        Yaml.at(monitoring, 0, "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name"));

    List<?> oap = Yaml.list(rule(spec, "egress", "11800"), "to");
    assertEquals(
        List.of("skywalking", "skywalking-2"),
        oap.stream()
            .map(
                to ->
                    Yaml.at(to, "namespaceSelector", "matchLabels", "kubernetes.io/metadata.name"))
            .toList());
    assertEquals(
        Map.of("app", "oap", "operator.skywalking.apache.org/oap-server-name", "default"),
        Yaml.at(oap, 0, "podSelector", "matchLabels"));
    assertEquals(List.of(own), rule(spec, "egress", "1234").get("to"));
    assertNotNull(rule(spec, "egress", "53"));
    assertNotNull(rule(spec, "egress", "6443"));
  }

  @Test
  void aPolicyOpensNothingThatIsNotUsed() {
    Map<String, Object> spec = Yaml.map(Chart.way("static-nodes").one("NetworkPolicy"), "spec");
    assertEquals(
        List.of(Set.of("11800", "11801"), Set.of("53")),
        Yaml.list(spec, "egress").stream().map(ChartTest::ports).toList());
    assertEquals(Set.of("grpc"), ports(Yaml.at(spec, "ingress", 0)));
  }

  /** The same as the selector finds; where that cannot be said here, rather more than less. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "app=oap | {app=oap}",
        "app=oap, tier!=test | {app=oap}",
        "app==oap | {app=oap}",
        "app in (oap, oap2), tier=x | {tier=x}",
        "app in (a, b) | ",
        "app=oap,tier=x;app=other | ",
      })
  void aPolicyLeadsToAllThatTheSelectorOfOapFinds(String selector, String labels) throws Exception {
    Chart.Rendered chart =
        Chart.render(
            "networkPolicy: {enabled: true}\noap: {selector: 'SELECTOR'}"
                .replace("SELECTOR", selector));
    Map<String, Object> spec = Yaml.map(chart.one("NetworkPolicy"), "spec");
    Object pods = Yaml.at(rule(spec, "egress", "11800").get("to"), 0, "podSelector", "matchLabels");
    assertEquals(labels, pods == null ? null : pods.toString());
  }

  @Test
  void aPolicyLeadsToThePortsThatNamesInDnsHave() throws Exception {
    String values =
        "networkPolicy: {enabled: true}\nreplicas: {finder: none}\n"
            + "oap: {finder: dns, port: 11802, dnsNames: [NAMES]}";
    assertEquals(
        List.of(Set.of("11801", "11900"), Set.of("53")),
        egress(values.replace("NAMES", "'oap.example:11900', 'oap-2.example:11801'")));
    // SRV records say ports of their own.
    assertEquals(
        List.of(Set.of("11802"), Set.of("53")),
        egress(values.replace("NAMES", "_grpc._tcp.oap.example")));
  }

  private static List<Set<String>> egress(String values) throws Exception {
    Map<String, Object> spec = Yaml.map(Chart.render(values).one("NetworkPolicy"), "spec");
    return Yaml.list(spec, "egress").stream().map(ChartTest::ports).toList();
  }

  @Test
  void anotherHeapIsAddedToTheOptionsOfTheImage() throws Exception {
    assertNull(Chart.way("defaults").env("JDK_JAVA_OPTIONS"));
    String options = (String) Chart.render("heap: 192m").env("JDK_JAVA_OPTIONS");
    String image = Files.readString(Chart.ROOT.resolve("satellite/Dockerfile"));
    assertTrue(options.endsWith(" -Xmx192m"), options);
    String own = options.substring(0, options.length() - " -Xmx192m".length());
    assertTrue(image.contains("\nENV JDK_JAVA_OPTIONS=\"" + own + "\"\n"), options);
  }

  @Test
  void withoutReplicasThatKnowEachOtherAFullOneMustStayReadyToBeCounted() throws Exception {
    String values =
        "autoscaling: {enabled: true, metric: METRIC}\nreplicas: {finder: none}\n"
            + "acceptLimit: {readiness: READY}";
    for (String metric : List.of("swck", "prometheus")) {
      String of = values.replace("METRIC", metric);
      assertRefused(of.replace("READY", "true"), "acceptLimit.readiness");
      assertEquals(
          "false",
          Chart.render(of.replace("READY", "false")).env("SATELLITE_GRPC_ACCEPT_LIMIT_READINESS"));
    }
  }

  @Test
  void aLabelOfOnesOwnTakesThePlaceOfTheCharts() throws Exception {
    Chart.Rendered chart =
        Chart.render(
            "commonLabels: {app.kubernetes.io/part-of: shop, team: a}\n"
                + "podLabels: {team: b, app.kubernetes.io/name: other}");
    assertEquals("shop", chart.podLabels().get("app.kubernetes.io/part-of"));
    assertEquals("b", chart.podLabels().get("team"));
    // By which its own Service finds it.
    assertEquals("satellite", chart.podLabels().get("app.kubernetes.io/name"));
    assertEquals("a", Yaml.text(chart.one("Service"), "metadata", "labels", "team"));
  }

  @Test
  void anotherConfigurationMeansOtherPods() throws Exception {
    String values = "config: {logger: {level: LEVEL}}";
    Chart.Rendered debug = Chart.render(values.replace("LEVEL", "debug"));
    Chart.Rendered info = Chart.render(values.replace("LEVEL", "info"));
    Object before = checksum(debug);
    assertNotNull(before);
    assertFalse(before.equals(checksum(info)));
    String file = Yaml.text(debug.one("ConfigMap"), "data", "satellite_config.yaml");
    assertEquals("debug", Yaml.at(Yaml.objects(file).get(0), "logger", "level"));
    assertEquals("/etc/satellite/config/satellite_config.yaml", debug.env("SATELLITE_CONFIG"));
  }

  @Test
  void alertsAndDashboardComeFromTheirFiles() throws Exception {
    Chart.Rendered chart = Chart.way("everything-else");
    Path files = Chart.ROOT.resolve("helm/satellite/files");
    assertEquals(
        Files.exists(files.resolve("alerts.yaml")) ? 1 : 0, chart.all("PrometheusRule").size());
    boolean dashboard = Files.exists(files.resolve("dashboard.json"));
    List<Map<String, Object>> maps =
        chart.all("ConfigMap").stream()
            .filter(map -> Yaml.at(map, "metadata", "labels", "grafana_dashboard") != null)
            .toList();
    assertEquals(dashboard ? 1 : 0, maps.size());
    if (dashboard) {
      assertEquals(
          Files.readString(files.resolve("dashboard.json")).strip(),
          Yaml.text(maps.get(0), "data", "satellite.json").strip());
    }
    if (!chart.all("PrometheusRule").isEmpty()) {
      assertEquals(
          Yaml.objects(Files.readString(files.resolve("alerts.yaml"))).get(0).get("groups"),
          Yaml.at(chart.one("PrometheusRule"), "spec", "groups"));
    }
  }

  /** By its schema, or by what the templates say. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "kind: Job | kind",
        "replicas: 3 | replicas",
        "replicaCount: two | replicaCount",
        "oap: {finder: consul} | /oap/finder",
        "oap: {selector: ''} | oap.selector is empty",
        "oap: {finder: static} | oap.addresses must name a node",
        "oap: {finder: dns} | oap.dnsNames must hold a name",
        "oap: {finder: static, addresses: [oap]} | addresses",
        "oap: {port: grpc} | port",
        "acceptLimit: {connections: 0} | connections",
        "acceptLimit: {conections: 10} | conections",
        "shutdown: {holdSeconds: 5s} | holdSeconds",
        "maxConnectionAge: 1 day | maxConnectionAge",
        "image: {digest: latest} | digest",
        "autoscaling: {enabled: true, metric: cpu} | metric",
        "autoscaling: {targetConnections: 95} | targetConnections",
        "autoscaling: {enabled: true, minReplicas: 5, maxReplicas: 3} | less than autoscaling.minReplicas",
        "{kind: DaemonSet, autoscaling: {enabled: true}} | for kind Deployment, not DaemonSet",
        "{kind: StatefulSet, data: {enabled: true}, autoscaling: {enabled: true}} | leaves a volume that nobody reads",
        "kind: StatefulSet | set data.enabled",
        "tls: {server: {verifyClients: true}} | needs tls.server.secretName",
        "livenessProbe: {httpGet: {path: /}} | httpGet",
        "extraEnv: [{name: SATELLITE_SHUTDOWN_HOOK_TIME, value: '60'}] | SATELLITE_SHUTDOWN_HOOK_TIME is set by another value",
        "extraEnv: [{nam: A}] | nam",
        "networkPolicy: {egress: {apiServerPorts: []}} | apiServerPorts",
        "fullnameOverride: gate.way | fullnameOverride",
        "nameOverride: 4th | nameOverride",
        "readinessProbe: {failureTreshold: 3} | failureTreshold",
        "resources: {limit: {cpu: 1}} | limit",
        "{autoscaling: {enabled: true}, replicas: {finder: none}} | acceptLimit.readiness",
        "heap: 192Mi | heap",
        "data: {enabled: true, size: 512Mi} | data.size is 512Mi, less than data.maxBytes (1073741824)",
        "data: {enabled: true, size: 1G} | less than data.maxBytes",
        "data: {enabled: true, size: '1073741823'} | less than data.maxBytes",
        "{heap: 192m, extraEnv: [{name: JDK_JAVA_OPTIONS, value: -Xmx1g}]} | JDK_JAVA_OPTIONS is set by another value",
      })
  void refusesWhatCannotWork(String values, String said) {
    assertRefused(values, said);
  }

  private static void assertRefused(String values, String said) {
    IllegalStateException refusal =
        assertThrows(IllegalStateException.class, () -> Chart.render(values));
    assertTrue(refusal.getMessage().contains(said), refusal.getMessage());
  }

  private static List<String> namespaces(List<Map<String, Object>> objects) {
    return objects.stream().map(object -> Yaml.text(object, "metadata", "namespace")).toList();
  }

  private static Map<String, Object> selector(Chart.Rendered chart) {
    return Yaml.map(
        chart.one("HorizontalPodAutoscaler"),
        "spec",
        "metrics",
        0,
        "external",
        "metric",
        "selector",
        "matchLabels");
  }

  private static String joined(Map<String, Object> labels) {
    Map<Integer, Map.Entry<String, String>> parts = new TreeMap<>();
    labels.forEach(
        (key, value) -> {
          String[] words = key.split("\\.");
          assertEquals("service", words[0]);
          parts.put(Integer.parseInt(words[2]), Map.entry(words[1], value.toString()));
        });
    var bytes = new ByteArrayOutputStream();
    for (Map.Entry<String, String> part : parts.values()) {
      if (part.getKey().equals("byte")) {
        assertEquals(2, part.getValue().length(), "a byte each");
        bytes.write(Integer.parseInt(part.getValue(), 16));
      } else {
        assertEquals("str", part.getKey());
        bytes.writeBytes(part.getValue().getBytes(UTF_8));
      }
    }
    return bytes.toString(UTF_8);
  }

  private static Map<String, Object> volume(Chart.Rendered chart, String name) {
    return Yaml.list(chart.pod(), "volumes").stream()
        .filter(volume -> name.equals(Yaml.text(volume, "name")))
        .map(Yaml::map)
        .findFirst()
        .orElseThrow();
  }

  private static Map<String, Object> mount(String name, String path) {
    Map<String, Object> mount = new LinkedHashMap<>();
    mount.put("name", name);
    mount.put("mountPath", path);
    return mount;
  }

  private static Map<String, Object> rule(Map<String, Object> spec, String way, String port) {
    return Yaml.list(spec, way).stream()
        .filter(rule -> ports(rule).contains(port))
        .map(Yaml::map)
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + way + " for " + port + ": " + spec));
  }

  private static Set<String> ports(Object rule) {
    return Yaml.list(rule, "ports").stream()
        .map(port -> Yaml.text(port, "port"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Object checksum(Chart.Rendered chart) {
    return Yaml.at(
        chart.workload(), "spec", "template", "metadata", "annotations", "checksum/config");
  }
}
