package satellite.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import satellite.discovery.Node;
import satellite.pipes.grpc.ClientConfig;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.pipes.pipe.PipeConfig.Gather;
import satellite.pipes.pipe.PipeConfig.Retry;
import satellite.pipes.pipe.PipeConfig.Routing;
import satellite.pipes.server.ServerConfig;
import satellite.pipes.transport.AcceptLimitConfig;
import satellite.pipes.transport.AccessToken;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;

/** The built-in file: what it says, that it explains itself, and that it agrees with Go's file. */
class ReferenceTest extends ConfigFixture {

  @Test
  void everyPipeRunsWithoutAFile() {
    assertEquals(
        List.of(
            "logpipe",
            "managementpipe",
            "tracingpipe",
            "profilepipe",
            "asyncprofilerpipe",
            "pprofpipe",
            "cdspipe",
            "eventpipe",
            "jvmpipe",
            "clrpipe",
            "meterpipe",
            "envoy-als-v2",
            "envoy-als-v3",
            "envoy-metrics-v2",
            "envoy-metrics-v3",
            "processpipe",
            "ebpf-profilingpipe",
            "ebpf-accesslog-pipe",
            "browserpipe",
            "meshpipe",
            "otlp-metrics-v1-pipe",
            "otlp-logs-v1-pipe",
            "otlp-traces-v1-pipe"),
        names(defaults()));
  }

  @Test
  void defaultsOfWhatPipesShare() {
    SatelliteConfig config = ConfigFile.load(null, java.util.Map.of("HOSTNAME", "pod-7"));
    assertEquals(
        new LoggerConfig(
            "%time [%level][%field] - %msg", "2006-01-02 15:04:05.000", System.Logger.Level.INFO),
        config.logger());
    assertEquals(
        new TelemetryConfig(
            "satellite-cluster",
            "satellite-service",
            "pod-7",
            true,
            "",
            1234,
            "/metrics",
            new TelemetryConfig.Admin(false, AccessToken.NONE),
            null),
        config.telemetry());
    assertEquals(
        new ClientConfig(
            null, "", Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(20)),
        config.client());
    assertEquals(List.of(new Node("127.0.0.1", 11800)), config.finders().nodes());
    int ioThreads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    assertEquals(
        new ServerConfig(
            "",
            11800,
            null,
            AccessToken.NONE,
            2097152,
            32,
            ioThreads,
            new AcceptLimitConfig(4000, 75, 0, true),
            ServerConfig.Ages.UNLIMITED,
            ServerConfig.Quotas.NONE),
        config.server());
    assertEquals(Runtime.getRuntime().maxMemory() / 4, config.queueBytes());
    assertEquals(List.of(), config.notices());
  }

  @Test
  void defaultsOfAPipe() {
    assertEquals(
        new PipeConfig(
            "managementpipe",
            "grpc-native-management-receiver",
            new QueueConfig(4, 5000, Duration.ofSeconds(5), WhenFull.REFUSE),
            new Gather(Duration.ZERO, 1),
            new BatchLimits(Duration.ofSeconds(1), 20, 1048576, 16),
            Retry.UNTIL_DELIVERED,
            new Routing(0, Duration.ZERO, List.of()),
            false),
        pipeOf(defaults(), "grpc-native-management-receiver"));
    assertNull(pipeOf(defaults(), "grpc-native-cds-receiver").queue());
    assertEquals(
        new Gather(Duration.ofSeconds(1), 500),
        pipeOf(defaults(), "grpc-envoy-als-v3-receiver").gather());
    assertEquals(
        new Gather(Duration.ZERO, 1),
        pipeOf(defaults(), "grpc-envoy-metrics-v3-receiver").gather());
    assertEquals(
        new Routing(5000, Duration.ofSeconds(180), List.of()),
        pipeOf(defaults(), "grpc-native-meter-receiver").routing());
    assertEquals(
        new Routing(
            5000,
            Duration.ofSeconds(180),
            List.of("net.host.name", "host.name", "job", "service.name")),
        pipeOf(defaults(), "grpc-otlp-metrics-v1-receiver").routing());
  }

  @Test
  void goFileUnchangedGivesTheSameAsTheReference() {
    SatelliteConfig go = ConfigFile.load(GO_FILE, Map.of());
    SatelliteConfig own = defaults();
    assertEquals(18, go.pipes().size());
    for (PipeConfig pipe : go.pipes()) {
      assertEquals(pipeOf(own, pipe.receiver()), pipe);
    }
    assertEquals(own.logger(), go.logger());
    assertEquals(own.telemetry(), go.telemetry());
    assertEquals(own.client(), go.client());
    assertEquals(own.finders().nodes(), go.finders().nodes());
    assertEquals(own.server(), go.server());
  }

  static List<String> goEnvironment() throws IOException {
    return Files.readAllLines(resource("go-environment.txt")).stream()
        .filter(line -> !line.startsWith("#"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("goEnvironment")
  void environmentVariableOfGoIsKnown(String line) {
    String[] parts = line.split(" ");
    Map<String, String> env = Map.of(parts[0], parts[1]);
    assertTrue(reference().contains("${" + parts[0] + ":"));
    if (parts[2].equals("effect")) {
      assertNotEquals(outcome(Map.of()), outcome(env));
    } else {
      assertEquals(outcome(Map.of()), outcome(env));
    }
  }

  @Test
  void oneEnvironmentVariableReachesEveryPipeThatGoGivesItTo() {
    var config = ConfigFile.load(null, Map.of("SATELLITE_PROFILEPIPE_SENDER_FLUSH_TIME", "7"));
    List<String> reached =
        config.pipes().stream()
            .filter(pipe -> pipe.batch().flushTime().equals(Duration.ofMillis(7)))
            .map(PipeConfig::name)
            .toList();
    assertEquals(List.of("profilepipe", "asyncprofilerpipe", "pprofpipe"), reached);
  }

  @Test
  void ourOwnEnvironmentVariablesHaveEffect() {
    var env =
        Map.of(
            "SATELLITE_QUEUE_BYTES", "1000",
            "SATELLITE_GRPC_MAX_RECV_MSG_SIZE", "1001",
            "SATELLITE_GRPC_MAX_CONCURRENT_STREAMS", "1002",
            "SATELLITE_QUEUE_FULL_TIMEOUT", "250ms",
            "SATELLITE_QUEUE_WHEN_FULL", "drop_oldest",
            "SATELLITE_SENDER_MAX_BATCH_BYTES", "1003",
            "SATELLITE_SENDER_MAX_IN_FLIGHT", "3",
            "SATELLITE_OTLP_LOGS_JOIN", "true");
    SatelliteConfig config = ConfigFile.load(null, env);
    assertEquals(1000, config.queueBytes());
    assertEquals(1001, config.server().maxMessageBytes());
    assertEquals(1002, config.server().maxConcurrentStreams());
    PipeConfig logs = pipeOf(config, "grpc-otlp-logs-v1-receiver");
    assertTrue(logs.joinOtlpLogs());
    assertEquals(1003, logs.batch().maxBytes());
    assertEquals(3, logs.batch().maxInFlight());
    assertEquals(Duration.ofMillis(250), logs.queue().fullTimeout());
    assertEquals(WhenFull.DROP_OLDEST, logs.queue().whenFull());
  }

  @Test
  void whoMaySeeTheStatusPageIsSaid() {
    var env = Map.of("SATELLITE_ADMIN_ACCESS", "open", "SATELLITE_ADMIN_TOKEN", "hush");
    assertEquals(
        new TelemetryConfig.Admin(true, AccessToken.of("hush")),
        ConfigFile.load(null, env).telemetry().admin());
  }

  @ParameterizedTest
  @MethodSource("ownSenderPrefixes")
  void senderOfOurOwnPipesHasItsEnvironmentVariables(String prefix, String receiver) {
    var env = Map.of(prefix + "FLUSH_TIME", "7", prefix + "MAX_BUFFER_SIZE", "8");
    BatchLimits batch = pipeOf(ConfigFile.load(null, env), receiver).batch();
    assertEquals(new BatchLimits(Duration.ofMillis(7), 8, 1048576, 16), batch);
  }

  static Stream<Arguments> ownSenderPrefixes() {
    return Stream.of(
            "BROWSERPIPE grpc-native-browser-receiver",
            "MESHPIPE grpc-native-mesh-receiver",
            "PROFILEPIPE grpc-native-pprof-receiver",
            "OTLP_LOGS_V1_PIPE grpc-otlp-logs-v1-receiver",
            "OTLP_TRACES_V1_PIPE grpc-otlp-traces-v1-receiver")
        .map(line -> line.split(" "))
        .map(parts -> Arguments.of("SATELLITE_" + parts[0] + "_SENDER_", parts[1]));
  }

  @Test
  void everyKeyIsExplainedWhereItFirstStands() {
    Mapping root = new YamlFile("reference", Map.of(), new ArrayList<>()).read(reference());
    var unexplained = new ArrayList<String>();
    findUnexplained(root, reference().lines().toList(), new HashSet<>(), unexplained);
    assertEquals(List.of(), unexplained);
  }

  private static void findUnexplained(
      Value value, List<String> lines, Set<String> seen, List<String> unexplained) {
    if (value instanceof Sequence list) {
      list.items().forEach(item -> findUnexplained(item, lines, seen, unexplained));
    } else if (value instanceof Mapping map) {
      map.entries()
          .forEach(
              (key, child) -> {
                Location location = child.location();
                boolean first = seen.add(location.path().replaceAll("\\[\\d+]", ""));
                if (first && !lines.get(location.line() - 2).strip().startsWith("# ")) {
                  unexplained.add(location.toString());
                }
                findUnexplained(child, lines, seen, unexplained);
              });
    }
  }

  @Test
  void everyFileInConfigsLoads() throws IOException {
    Path configs = Path.of("../configs");
    if (!Files.isDirectory(configs)) {
      configs = Path.of("configs");
    }
    try (Stream<Path> files = Files.walk(configs)) {
      List<Path> yaml = files.filter(file -> file.toString().matches(".*\\.ya?ml")).toList();
      assertFalse(yaml.isEmpty());
      for (Path file : yaml) {
        assertFalse(ConfigFile.load(file, Map.of()).pipes().isEmpty(), file.toString());
      }
    }
  }

  @Test
  void referenceAsAUsersFileChangesNothing() {
    SatelliteConfig copied = load(reference());
    SatelliteConfig own = defaults();
    assertEquals(own.pipes(), copied.pipes());
    assertEquals(own.server(), copied.server());
    assertEquals(own.client(), copied.client());
  }

  @Test
  void referenceUsesNeitherAnchorsNorAliases() {
    assertFalse(reference().matches("(?s).*: [&*]\\w.*"));
  }

  private static Object outcome(Map<String, String> env) {
    try {
      return ConfigFile.load(null, env);
    } catch (ConfigException e) {
      return e.getMessage();
    }
  }

  private static String reference() {
    try (var in = ReferenceTest.class.getResourceAsStream(Reference.RESOURCE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
