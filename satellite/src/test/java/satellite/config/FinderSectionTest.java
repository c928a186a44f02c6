package satellite.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import satellite.discovery.Node;
import satellite.discovery.kubernetes.KubernetesConfig;
import satellite.discovery.kubernetes.KubernetesConfig.Kind;
import satellite.discovery.kubernetes.KubernetesConfig.Selector;

/** Where the nodes are looked for, as the environment says it. */
class FinderSectionTest {

  private static final String PREFIX = "SATELLITE_GRPC_CLIENT_";

  private static Map<String, String> environment(String finder, String... more) {
    Map<String, String> environment = new HashMap<>();
    environment.put(PREFIX + "FINDER", finder);
    for (int i = 0; i < more.length; i += 2) {
      environment.put(PREFIX + more[i], more[i + 1]);
    }
    return environment;
  }

  private static FinderConfig finders(String finder, String... more) {
    return ConfigFile.load(null, environment(finder, more)).finders();
  }

  private static String refused(String finder, String... more) {
    return assertThrows(ConfigException.class, () -> finders(finder, more)).getMessage();
  }

  /** What SWCK's operator sets. */
  @Test
  void kubernetesAsTheOperatorSetsIt() {
    KubernetesConfig kubernetes =
        finders(
                "kubernetes",
                "KUBERNETES_NAMESPACE",
                "observability",
                "KUBERNETES_KIND",
                "pod",
                "KUBERNETES_SELECTOR_LABEL",
                "app=oap,operator.skywalking.apache.org/oap-server-name=demo",
                "KUBERNETES_EXTRA_PORT",
                "11800")
            .kubernetes();
    assertEquals("", kubernetes.apiServer());
    assertEquals(List.of("observability"), kubernetes.namespaces());
    assertEquals(Kind.POD, kubernetes.kind());
    assertEquals(
        List.of(new Selector("app=oap,operator.skywalking.apache.org/oap-server-name=demo", "")),
        kubernetes.selectors());
    assertEquals("11800", kubernetes.port());
    assertTrue(kubernetes.onlyReady());
  }

  @Test
  void severalOfEachAreJoined(@TempDir Path folder) {
    FinderConfig finders =
        finders(
            "static, file, dns, kubernetes",
            "FILE",
            folder.resolve("nodes").toString(),
            "DNS",
            "oap.example:11800, _grpc._tcp.oap.example",
            "DNS_SERVERS",
            "10.0.0.10, [::1]:5353",
            "KUBERNETES_NAMESPACE",
            "one, two",
            "KUBERNETES_SELECTOR_LABEL",
            "app=oap; app=canary",
            "KUBERNETES_SELECTOR_FIELD",
            "status.phase=Running",
            "KUBERNETES_EXTRA_PORT",
            "grpc");
    assertEquals(1, finders.nodes().size());
    assertEquals(folder.resolve("nodes"), finders.file());
    assertEquals(2, finders.dns().queries().size());
    assertEquals(2, finders.dns().servers().size());
    assertEquals(List.of("one", "two"), finders.kubernetes().namespaces());
    assertEquals(
        List.of(
            new Selector("app=oap", "status.phase=Running"),
            new Selector("app=canary", "status.phase=Running")),
        finders.kubernetes().selectors());
    assertEquals("grpc", finders.kubernetes().port());
  }

  @Test
  void whatIsNotAskedForIsNotRead() {
    FinderConfig finders = finders("static", "KUBERNETES_KIND", "nonsense");
    assertNull(finders.kubernetes());
    assertNull(finders.dns());
    assertNull(finders.file());
  }

  @Test
  void nodesMaySayTheirZones() {
    FinderConfig finders =
        ConfigFile.load(null, Map.of("SATELLITE_GRPC_CLIENT", "a:1=3@z1,b:2@z2")).finders();
    assertEquals(
        List.of(new Node("a", 1, 3).withZone("z1"), new Node("b", 2).withZone("z2")),
        finders.nodes());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "KUBERNETES_KIND | deployment | possible: endpoints, endpointslice, pod, service",
        "KUBERNETES_NAMESPACE | No_Such | must be the name of a namespace",
        "KUBERNETES_EXTRA_PORT | 70000 | must be a port within 1..65535, or the name of a port",
        "KUBERNETES_SELECTOR_FIELD | status | must be terms such as status.phase=Running",
        "KUBERNETES_API_SERVER | ftp://x | must be a URL",
        "KUBERNETES_TLS_CONFIG_CA_FILE | /no/such | must be a file that can be read",
        "KUBERNETES_BEARER_TOKEN_FILE | /no/such | must be a file that can be read",
      })
  void badValuesAreRefusedByName(String variable, String value, String message) {
    String said = refused("kubernetes", variable, value);
    assertTrue(said.contains(message), said);
  }

  @Test
  void aFinderNeedsWhatItLooksFor() {
    assertTrue(refused("dns").contains("needs at least one host:port"));
    assertTrue(refused("file").contains("needs the path of a file"));
    assertTrue(refused("dns", "DNS", "a:1", "DNS_SERVERS", "dns.example").contains("IP address"));
    assertTrue(refused("konsul").contains("possible: dns, file, kubernetes, static"));
  }

  @Test
  void onlyOneWayToSayWhoWeAre() {
    String said =
        refused(
            "kubernetes",
            "KUBERNETES_BASIC_AUTH_USERNAME",
            "me",
            "KUBERNETES_BEARER_TOKEN",
            "geheim");
    assertTrue(said.contains("leave out one of them"), said);
    assertFalse(said.contains("geheim"), said);
  }

  @Test
  void secretsAreNotPrinted() {
    Map<String, String> environment =
        environment(
            "kubernetes",
            "KUBERNETES_BEARER_TOKEN",
            "geheim1",
            "KUBERNETES_PROXY_URL",
            "http://me:geheim2@proxy:3128");
    environment.put("SATELLITE_GRPC_AUTHENTICATION", "geheim3");
    environment.put("SATELLITE_GRPC_SERVER_AUTHENTICATION", "geheim4");
    environment.put(PREFIX + "KUBERNETES_BASIC_AUTH_PASSWORD", "geheim5");
    String printed = ConfigFile.effective(null, environment);
    assertFalse(printed.contains("geheim"), printed);
    assertTrue(printed.contains("http://******@proxy:3128"), printed);
    assertFalse(ConfigFile.load(null, environment).toString().contains("geheim"));
  }

  @Test
  void whatIsPrintedIsTheSameConfiguration(@TempDir Path folder) throws Exception {
    Map<String, String> environment = Map.of("SATELLITE_GRPC_CLIENT", "a:1=3,b:2");
    Path file =
        Files.writeString(folder.resolve("c.yaml"), ConfigFile.effective(null, environment));
    assertEquals(
        ConfigFile.load(null, environment).pipes(), ConfigFile.load(file, Map.of()).pipes());
    assertEquals(
        ConfigFile.load(null, environment).finders(), ConfigFile.load(file, Map.of()).finders());
  }
}
