package satellite.discovery.kubernetes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.discovery.kubernetes.KubernetesDiscoveryTest.await;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.discovery.Node;
import satellite.discovery.SourceStatus;
import satellite.discovery.kubernetes.KubernetesConfig.Kind;
import satellite.discovery.kubernetes.KubernetesConfig.Selector;

/** An API server that is away, answers otherwise, or takes other tokens. */
@Timeout(240)
class KubernetesFaultsTest {

  private final List<Set<Node>> told = new CopyOnWriteArrayList<>();

  private static KubernetesConfig config(int port, Kind kind, Path tokenFile) {
    return new KubernetesConfig(
        "http://127.0.0.1:" + port,
        new KubernetesConfig.BasicAuth("", "", null),
        "",
        tokenFile,
        "",
        new KubernetesConfig.Tls(null, null, null, "", false),
        List.of("ns"),
        kind,
        List.of(new Selector("app=oap", "")),
        "11800",
        true);
  }

  private KubernetesDiscovery start(KubernetesConfig config) {
    var discovery = new KubernetesDiscovery(config, Map.of(), Path.of("none"), Clock.systemUTC());
    discovery.start(told::add);
    return discovery;
  }

  private static SourceStatus status(KubernetesDiscovery discovery) {
    return discovery.statuses().get(0);
  }

  @Test
  void anApiServerThatIsAwayIsSaidAndFoundWhenItIsBack() throws Exception {
    try (ApiServer api = new ApiServer();
        TestDiscovery finder = new TestDiscovery(api.url())) {
      api.putPod("oap-0", "10.0.0.1");
      api.proxy.away();
      finder.start().awaitError("the API server cannot be asked");
      assertTrue(finder.told.isEmpty());
      api.proxy.back();
      finder.awaitNodes("10.0.0.1:11800");
      finder.awaitHealed();

      api.proxy.away();
      finder.awaitError("the API server cannot be asked");
      assertEquals(1, finder.told.size(), "the last good set stays");
      api.putPod("oap-1", "10.0.0.2");
      api.proxy.back();
      finder.awaitNodes("10.0.0.1:11800", "10.0.0.2:11800");
      finder.awaitHealed();
      assertEquals(2, finder.told.size(), "no set in between");
    }
  }

  /** Answers each request with a status, for as often as it is told to, and no pods after that. */
  private static HttpServer answering(int status, AtomicInteger times, List<String> tokens)
      throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          tokens.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
          boolean bad = times.getAndDecrement() > 0;
          String kind = exchange.getRequestURI().getPath().contains("pods") ? "Pod" : "Endpoints";
          String list =
              "{\"kind\":\""
                  + kind
                  + "List\",\"apiVersion\":\"v1\","
                  + "\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[]}";
          String said =
              "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":"
                  + status
                  + ",\"message\":\"not now\"}";
          byte[] body = (bad ? said : list).getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(bad ? status : 200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    return server;
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 410, 429, 500, 503})
  void whatTheApiServerAnswersInsteadIsSaidAndPasses(int status) throws Exception {
    HttpServer server = answering(status, new AtomicInteger(3), new CopyOnWriteArrayList<>());
    try (KubernetesDiscovery discovery =
        start(config(server.getAddress().getPort(), Kind.POD, null))) {
      await("it is said", () -> !status(discovery).error().isEmpty());
      String expected =
          switch (status) {
            case 401 -> "the API server does not take our token, password or certificate (401)";
            case 403 ->
                "forbidden; the account needs a Role with apiGroups [\"\"], resources [pods], verbs"
                    + " [list, watch] in namespace ns";
            default -> "the API server answers " + status;
          };
      String said = status(discovery).error();
      assertTrue(said.startsWith(expected), said);
      await("it passes", () -> !told.isEmpty());
      assertEquals(List.of(Set.of()), told);
    } finally {
      server.stop(0);
    }
  }

  /** The watch is cut, and whatever is asked after that is answered so for a while. */
  @ParameterizedTest
  @ValueSource(ints = {401, 403, 410, 429, 500, 503})
  void aWatchThatWasOpenIsOpenedAgainAndNothingIsMissed(int status) throws Exception {
    try (ApiServer api = new ApiServer();
        TestDiscovery finder = new TestDiscovery(api.url())) {
      api.putPod("oap-0", "10.0.0.1");
      finder.start().awaitNodes("10.0.0.1:11800");
      finder.awaitHealed();
      api.proxy.fault(request -> status);
      api.proxy.cut();
      await("it is said", () -> !finder.error().isEmpty());
      api.putPod("oap-1", "10.0.0.2");
      assertEquals(1, finder.told.size(), "the last good set stays");
      api.proxy.fault(request -> 0);
      finder.awaitNodes("10.0.0.1:11800", "10.0.0.2:11800");
      finder.awaitHealed();
      assertEquals(2, finder.told.size(), "no set in between");
    }
  }

  /** The JDK's WebSocket had missed such an end, and nothing was watched for some ten minutes. */
  @Test
  void aWatchWhoseEndComesRightBehindAnEventIsOpenedAgain() throws Exception {
    try (ApiServer api = new ApiServer();
        TestDiscovery finder = new TestDiscovery(api.url())) {
      // It tells each watch, to begin with, what is there.
      api.putPod("oap-0", "10.0.0.1");
      api.proxy.endBehindEvents();
      finder.start();
      await("it is opened again and again", () -> api.proxy.watches() >= 10);
    }
  }

  /** The first of them was the end of all checks, without a word. */
  @Test
  void anObjectThatCannotBeUsedIsSaidAndTheWatchIsCheckedOn() throws Exception {
    try (ApiServer api = new ApiServer();
        TestDiscovery finder = new TestDiscovery(api.url())) {
      finder.port = "grpc";
      api.putPod("oap-0", "10.0.0.1");
      finder.start().awaitNodes("10.0.0.1:11800");
      api.put(
          ApiServer.pod("oap-1", "10.0.0.2")
              .editSpec()
              .editFirstContainer()
              .editFirstPort()
              .withContainerPort(70000)
              .endPort()
              .endContainer()
              .endSpec()
              .build());
      finder.awaitError("port 70000 is not within");
      api.putPod("oap-1", "10.0.0.2");
      finder.awaitNodes("10.0.0.1:11800", "10.0.0.2:11800");
      finder.awaitHealed();
      api.proxy.away();
      finder.awaitError("the API server cannot be asked");
    }
  }

  @Test
  void aTokenThatIsRenewedIsUsed(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("token"), "first\n");
    List<String> tokens = new CopyOnWriteArrayList<>();
    HttpServer server = answering(401, new AtomicInteger(Integer.MAX_VALUE), tokens);
    try (KubernetesDiscovery discovery =
        start(config(server.getAddress().getPort(), Kind.POD, file))) {
      await("the first is used", () -> tokens.contains("Bearer first"));
      Files.writeString(file, "second\n");
      await("the second is used", () -> tokens.contains("Bearer second"));
      await("the refusal is said", () -> status(discovery).error().contains("(401)"));
    } finally {
      server.stop(0);
    }
  }
}
