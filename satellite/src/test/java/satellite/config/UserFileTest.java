package satellite.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.discovery.Node;
import satellite.discovery.kubernetes.KubernetesConfig;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.pipe.PipeConfig.Retry;
import satellite.pipes.server.ServerConfig;
import satellite.pipes.tls.ClientTlsConfig;
import satellite.pipes.tls.ServerTlsConfig;
import satellite.pipes.transport.AcceptLimitConfig;
import satellite.pipes.transport.AccessToken;

/** What a user's file may say, and how little of it. */
class UserFileTest extends ConfigFixture {

  @ParameterizedTest
  @ValueSource(strings = {"", "# nothing but a comment\n", "---\n", "~\n", "{}\n", "pipes:\n"})
  void emptyFileRunsEveryPipe(String yaml) {
    assertEquals(defaults(), load(yaml));
  }

  @Test
  void byteOrderMarkIsNoText() {
    assertEquals("mine", load("\uFEFFtelemetry: {cluster: mine}").telemetry().cluster());
  }

  @Test
  void shortFileChangesWhatItSaysAndNothingElse() {
    SatelliteConfig config = load("telemetry:\n  cluster: mine\n  prometheus:\n    address: :99\n");
    assertEquals("mine", config.telemetry().cluster());
    assertEquals("satellite-service", config.telemetry().service());
    assertEquals(99, config.telemetry().port());
    assertEquals("/metrics", config.telemetry().endpoint());
    assertEquals(defaults().pipes(), config.pipes());
    assertEquals(defaults().server(), config.server());
  }

  @Test
  void keyWithNothingBehindItIsLeftOut() {
    assertEquals(defaults(), load("telemetry:\n  cluster:\nsharing:\n  clients:\n"));
  }

  @Test
  void listedPipesAreTheOnlyOnesAndNeedOnlyAReceiver() {
    SatelliteConfig config =
        load(
            """
            pipes:
              - common_config:
                  pipe_name: mine
                gatherer:
                  receiver:
                    plugin_name: grpc-native-management-receiver
              - gatherer:
                  receiver:
                    plugin_name: grpc-native-meter-receiver
                sender:
                  flush_time: 30
            """);
    assertEquals(List.of("mine", "meterpipe"), names(config));
    assertEquals(20, config.pipes().get(0).batch().maxEvents());
    assertEquals(5000, config.pipes().get(1).routing().cacheSize());
    assertEquals(Duration.ofMillis(30), config.pipes().get(1).batch().flushTime());
  }

  @Test
  void serversAndClientsAreFilledByName() {
    SatelliteConfig config =
        load(
            """
            sharing:
              servers:
                - plugin_name: grpc-server
                  address: "[::1]:9"
              clients:
                - plugin_name: grpc-client
                  check_period: 1m
            """);
    assertEquals("::1", config.server().host());
    assertEquals(9, config.server().port());
    assertEquals(4000, config.server().limits().connections());
    assertEquals(Duration.ofMinutes(1), config.client().checkPeriod());
    assertEquals(Duration.ofSeconds(20), config.client().streamTimeout());
  }

  @Test
  void pipeWithoutQueueIsPassedThrough() {
    String yaml =
        pipe(
            "grpc-native-log-receiver",
            "      queue: {plugin_name: none-queue, partition: 1, event_buffer_size: 7}");
    assertNull(load(yaml).pipes().get(0).queue());
  }

  @Test
  void pipeThatHasNoQueueInTheReferenceMayGetOne() {
    String yaml =
        pipe(
            "grpc-native-cds-receiver",
            "      queue: {plugin_name: memory-queue, event_buffer_size: 7}",
            "    sender: {flush_time: 5}");
    PipeConfig pipe = load(yaml).pipes().get(0);
    assertEquals(7, pipe.queue().maxEvents());
    assertEquals(4, pipe.queue().partitions());
    assertEquals("cdspipe", pipe.name());
  }

  @Test
  void timerFallbackerGivesUp() {
    String timer = "    sender: {fallbacker: {plugin_name: timer-fallbacker%s}}";
    assertEquals(
        new Retry(3, Duration.ofSeconds(2), Duration.ofSeconds(5)),
        load(pipe("grpc-native-log-receiver", timer.formatted(""))).pipes().get(0).retry());
    assertEquals(
        new Retry(7, Duration.ofSeconds(5), Duration.ofSeconds(5)),
        load(pipe(
                "grpc-native-log-receiver",
                timer.formatted(", max_attempts: 7, exponential_backoff: 9000")))
            .pipes()
            .get(0)
            .retry());
  }

  @Test
  void forwarderOptionsAreFilled() {
    String yaml =
        pipe(
            "grpc-otlp-metrics-v1-receiver",
            "    sender:",
            "      forwarders:",
            "        - plugin_name: otlp-metrics-v1-grpc-forwarder",
            "          routing_label_keys: job , service.name,");
    PipeConfig.Routing routing = load(yaml).pipes().get(0).routing();
    assertEquals(
        new PipeConfig.Routing(5000, Duration.ofMinutes(3), List.of("job", "service.name")),
        routing);
  }

  @Test
  void nodesMayHaveWeights() {
    assertEquals(
        List.of(new Node("a", 1, 3), new Node("b.c-d_e", 2), new Node("::1", 3, 100)),
        nodes("a:1=3, b.c-d_e:2 ,[::1]:3 = 100,"));
  }

  @Test
  void nodeListedTwiceIsOneNode() {
    assertEquals(List.of(new Node("a", 1)), nodes("a:1,a:1"));
  }

  private List<Node> nodes(String list) {
    return ConfigFile.load(null, Map.of("SATELLITE_GRPC_CLIENT", list)).finders().nodes();
  }

  @ParameterizedTest
  @CsvSource({
    "1500, PT1.5S",
    "5s, PT5S",
    "500ms, PT0.5S",
    "1m30s, PT90S",
    "1.5s, PT1.5S",
    "2h, PT2H",
    ".5s, PT0.5S",
    "100us, PT0.0001S",
    "100µs, PT0.0001S",
    "1h1m1s1ms, PT3661.001S"
  })
  void durationsAreWrittenAsInGoOrAsANumberOfTheKeysUnit(String text, String expected) {
    SatelliteConfig config =
        ConfigFile.load(null, Map.of("SATELLITE_LOGPIPE_SENDER_FLUSH_TIME", text));
    assertEquals(
        Duration.parse(expected), pipeOf(config, "grpc-native-log-receiver").batch().flushTime());
  }

  @Test
  void plainNumbersOfOtherKeysAreSeconds() {
    var env =
        Map.of(
            "SATELLITE_GRPC_CHECK_PERIOD", "7",
            "SATELLITE_GRPC_TIMEOUT_UNARY", "8",
            "SATELLITE_QUEUE_FULL_TIMEOUT", "0");
    SatelliteConfig config = ConfigFile.load(null, env);
    assertEquals(Duration.ofSeconds(7), config.client().checkPeriod());
    assertEquals(Duration.ofSeconds(8), config.client().unaryTimeout());
    assertEquals(Duration.ZERO, config.pipes().get(0).queue().fullTimeout());
  }

  @Test
  void numbersAndBooleansMayBeQuoted() {
    assertEquals(7, load("sharing: {memory: {queue_bytes: \"7\"}}").queueBytes());
    assertEquals(1000, load("sharing: {memory: {queue_bytes: 1e3}}").queueBytes());
    assertEquals("12345", load("telemetry: {cluster: 12345}").telemetry().cluster());
  }

  @Test
  void kubernetesConfigIsIgnoredWithTheStaticFinder() {
    String yaml =
        "sharing: {clients: [{plugin_name: grpc-client, kubernetes_config: {kind: anything,"
            + " namespaces: [a, b], basic_auth: {username: me}}}]}";
    assertEquals(defaults(), load(yaml));
  }

  @Test
  void exportTypesThatDoNothingAreToldOnce() {
    SatelliteConfig config = load("telemetry: {export_type: \"pprof, metrics_service\"}");
    assertFalse(config.telemetry().prometheus());
    assertEquals(1, config.notices().size());
    assertEquals(
        new TelemetryConfig.Meters(Duration.ofSeconds(10), "sw_stl_"), config.telemetry().meters());
    SatelliteConfig silent = load("telemetry: {export_type: none}");
    assertFalse(silent.telemetry().prometheus());
    assertEquals(List.of(), silent.notices());
  }

  @Test
  void anIntervalThatDividesNoMinuteIsTold() {
    String yaml = "telemetry: {export_type: metrics_service, metrics_service: {interval: 7}}";
    String notices = load(yaml).notices().toString();
    assertTrue(notices.contains("telemetry.metrics_service.interval"), notices);
    refused(
        "telemetry: {metrics_service: {interval: 100ms}}",
        "telemetry.metrics_service.interval",
        "a second at least");
    String unused = "telemetry: {metrics_service: {interval: 7}}";
    assertEquals(List.of(), load(unused).notices());
  }

  @Test
  void metricsTakeNoPathThatIsTaken() {
    for (String path : List.of("/live", "/ready", "/load")) {
      refused(
          "telemetry: {prometheus: {endpoint: PATH}}".replace("PATH", path),
          "telemetry.prometheus.endpoint",
          "/live, /ready");
    }
  }

  @Test
  void anInstanceThatNobodyHasNamedIsTheHost() {
    Map<String, String> pod = Map.of("HOSTNAME", "satellite-5c9-x2");
    assertEquals("satellite-5c9-x2", load("logger: {}", pod).telemetry().instance());
    String ofTheGoFile =
        "telemetry: {instance: \"${SATELLITE_TELEMETRY_INSTANCE:satellite-instance}\"}";
    assertEquals("satellite-5c9-x2", load(ofTheGoFile, pod).telemetry().instance());
    Map<String, String> named =
        Map.of("HOSTNAME", "x", "SATELLITE_TELEMETRY_INSTANCE", "satellite-0");
    assertEquals("satellite-0", load(ofTheGoFile, named).telemetry().instance());
    assertFalse(load("logger: {}").telemetry().instance().isEmpty());
  }

  @Test
  void limitsAndAges() {
    SatelliteConfig config =
        load(
            "sharing: {servers: [{plugin_name: grpc-server, accept_limit: {connection_count: 11,"
                + " client_connection_count: 3, readiness: false}, quota: {client_bytes: 1000, service_bytes: 2000}"
                + ", max_connection_age: 1h, max_connection_age_grace: 5,"
                + " max_stream_age: 10m}]}");
    assertEquals(new AcceptLimitConfig(11, 75, 3, false), config.server().limits());
    assertEquals(
        new ServerConfig.Ages(Duration.ofHours(1), Duration.ofSeconds(5), Duration.ofMinutes(10)),
        config.server().ages());
    assertEquals(new ServerConfig.Quotas(1000, 2000), config.server().quotas());
    assertNull(config.replicas());
  }

  @Test
  void replicasAreFoundAsNodesAre() {
    ReplicasConfig some =
        load("sharing: {replicas: {finder_type: static, server_addr: \"a:1234, b:1234\"}}")
            .replicas();
    assertEquals(List.of(new Node("a", 1234), new Node("b", 1234)), some.finders().nodes());
    assertEquals(3, some.tolerancePercent());
    Map<String, String> env =
        Map.of(
            "SATELLITE_REPLICAS_FINDER", "kubernetes",
            "SATELLITE_REPLICAS_KUBERNETES_NAMESPACE", "observability",
            "SATELLITE_REPLICAS_KUBERNETES_SELECTOR_LABEL", "app=satellite",
            "SATELLITE_GRPC_CLIENT_KUBERNETES_API_SERVER", "https://api:6443");
    KubernetesConfig found = load("logger: {}", env).replicas().finders().kubernetes();
    assertEquals("https://api:6443", found.apiServer());
    assertEquals(List.of("observability"), found.namespaces());
    assertEquals("app=satellite", found.selectors().get(0).label());
    assertEquals("1234", found.port());
    assertFalse(found.onlyReady());
    refused(
        "sharing: {replicas: {finder_type: statik}}",
        "sharing.replicas.finder_type",
        "statik",
        "static");
    refused("sharing: {replicas: {finder_type: nome}}", "did you mean none?");
    refused(
        "sharing: {replicas: {finder_type: \"none, dns\"}}",
        "sharing.replicas.finder_type",
        "none stands alone");
    refused("sharing: {replicas: {finder_type: static}}", "sharing.replicas.server_addr");
    refused(
        "{telemetry: {export_type: metrics_service}, sharing: {replicas: {finder_type: static,"
            + " server_addr: \"a:1\"}}}",
        "sharing.replicas.finder_type",
        "prometheus");
  }

  @Test
  void whatHasNoEffectIsToldOnce() {
    String notices =
        ConfigFile.load(
                null,
                Map.of(
                    "SATELLITE_LOGPIPE_SENDER_MIN_FLUSH_EVENTS", "9",
                    "SATELLITE_ENVOY_METRICS_V2_PIPE_RECEIVER_LIMIT_COUNT", "9"))
            .notices()
            .toString();
    assertEquals(2, notices.split("SATELLITE_LOGPIPE_SENDER_MIN_FLUSH_EVENTS").length, notices);
    assertTrue(notices.contains("SATELLITE_ENVOY_METRICS_V2_PIPE_RECEIVER_LIMIT_COUNT"), notices);
  }

  @Test
  void serverTlsIsOnWhenBothFilesAreSet() {
    Path certificate = write("cert.pem", "");
    Path key = write("key.pem", "");
    var env =
        Map.of(
            "SATELLITE_GRPC_TLS_CERT_FILE", certificate.toString(),
            "SATELLITE_GRPC_TLS_KEY_FILE", key.toString());
    assertEquals(
        new ServerTlsConfig(certificate, key, null), ConfigFile.load(null, env).server().tls());
  }

  @Test
  void serverAsksForClientsCertificatesWhenTheirCaIsSet() {
    Path file = write("tls.pem", "");
    var env =
        Map.of(
            "SATELLITE_GRPC_TLS_CERT_FILE", file.toString(),
            "SATELLITE_GRPC_TLS_KEY_FILE", file.toString(),
            "SATELLITE_GRPC_TLS_CLIENT_CA_FILE", file.toString());
    assertEquals(new ServerTlsConfig(file, file, file), ConfigFile.load(null, env).server().tls());
  }

  @Test
  void serverAsksForATokenWhenItIsSet() {
    var env = Map.of("SATELLITE_GRPC_SERVER_AUTHENTICATION", "let me in");
    SatelliteConfig config = ConfigFile.load(null, env);
    assertEquals(AccessToken.of("let me in"), config.server().token());
    assertFalse(config.server().toString().contains("let me in"));
  }

  @Test
  void clientTlsTrustsItsCa() {
    Path ca = write("ca.pem", "");
    var env =
        Map.of("SATELLITE_GRPC_ENABLE_TLS", "true", "SATELLITE_grpc_CA_PEM_PATH", ca.toString());
    assertEquals(
        new ClientTlsConfig(ca, null, null, false), ConfigFile.load(null, env).client().tls());
  }

  @Test
  void clientTlsWithoutCheckingNeedsNoCa() {
    var env =
        Map.of("SATELLITE_GRPC_ENABLE_TLS", "TRUE", "SATELLITE_GRPC_INSECURE_SKIP_VERIFY", "true");
    assertEquals(
        new ClientTlsConfig(null, null, null, true), ConfigFile.load(null, env).client().tls());
  }

  @Test
  void clientTlsWithAnEmptyCaTrustsWhatTheJdkTrusts() {
    String yaml =
        "sharing: {clients: [{plugin_name: grpc-client, enable_tls: true, ca_pem_path: \"\"}]}";
    assertEquals(new ClientTlsConfig(null, null, null, false), load(yaml).client().tls());
  }

  @Test
  void clientHasACertificateWhenBothFilesExist() {
    Path certificate = write("client.pem", "");
    Path key = write("client.key", "");
    var env =
        Map.of(
            "SATELLITE_GRPC_ENABLE_TLS",
            "true",
            "SATELLITE_GRPC_INSECURE_SKIP_VERIFY",
            "true",
            "SATELLITE_GRPC_CLIENT_PEM_PATH",
            certificate.toString(),
            "SATELLITE_GRPC_CLIENT_KEY_PATH",
            key.toString());
    ClientTlsConfig tls = ConfigFile.load(null, env).client().tls();
    assertNotNull(tls);
    assertEquals(certificate, tls.certificate());
    assertEquals(key, tls.key());
  }
}
