package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.skywalking.apm.network.common.v3.Commands;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * Configuration files as users have them: that of the Go Satellite, a short one, none to speak of.
 */
@Order(6)
@ExtendWith(TestEnvironmentResolver.class)
@ResourceLock(TestEnvironment.ACCESS_LOG_COUNTERS)
class ConfigurationTest {

  /** All that the Go Satellite's own file says, but for its comments. */
  private static final Path GO =
      SatelliteProcess.ROOT.resolve("satellite/src/test/resources/go-satellite-config.yaml");

  /** Pipes of that file that the OAPs here have a receiver for: not eBPF, nor async-profiler. */
  private static final Set<String> GO_PIPES =
      Set.of(
          "logpipe",
          "managementpipe",
          "tracingpipe",
          "profilepipe",
          "eventpipe",
          "jvmpipe",
          "clrpipe",
          "meterpipe",
          "envoy-als-v2",
          "envoy-als-v3",
          "envoy-metrics-v2",
          "envoy-metrics-v3",
          "otlp-metrics-v1-pipe");

  @Test
  void theGoSatellitesOwnFileCarriesEveryKind(TestEnvironment environment) throws Exception {
    environment.needsSatellite();
    try (var satellite =
            SatelliteProcess.inFrontOf(
                "satellite-go-config", GO, environment.one, environment.two);
        SampleSender feed = new SampleSender(satellite.address())) {
      assertEquals(queuedPipesOf(GO), pipesOf(satellite));

      List<String> segments = feed.segments("go-traced", 1);
      feed.profileSnapshot(segments.get(0));
      feed.logs("go-logs", List.of("hello"));
      List<String> events = feed.events("go-deployed", 1);
      feed.instance("go-managed", "go-managed-1", "colour", "blue");
      feed.jvm("go-jvm", "go-jvm-1", 1_000_000);
      feed.clr("go-clr", "go-clr-1", 2_000_000);
      feed.meters("go-metered", "go-metered-1", 42);
      feed.accessLogsV2("go-envoy-old", List.of("/a"));
      feed.accessLogs("go-envoy", List.of(List.of("/a")));
      feed.envoyMemoryV2("go-envoy-old", 3_000_000);
      feed.envoyMemory("go-envoy", 4_000_000);
      feed.hostLoad("go-host", 5);
      Commands configuration = feed.configuration("go-managed");
      assertEquals("ConfigurationDiscoveryCommand", configuration.getCommands(0).getCommand());

      equal(GO_PIPES, "pipes that forwarded", () -> forwarding(satellite));
      exactly(segments, "segments", () -> environment.segmentIds("go-traced"));
      exactly(
          List.of("hello"),
          "logs",
          () -> environment.strings("content", GraphqlQueries.logs("go-logs")));
      exactly(
          events,
          "events",
          () -> environment.strings("uuid", GraphqlQueries.events("go-deployed")));
      Eventually.until(
          "the instance with its properties",
          () -> environment.strings("name|value", GraphqlQueries.instances("go-managed")),
          strings -> strings.containsAll(List.of("go-managed-1", "blue")));
      equal(
          1_000_000L,
          "JVM heap",
          () -> environment.highest("latest(instance_jvm_memory_heap)", "go-jvm", "go-jvm-1"));
      equal(
          2_000_000L,
          "CLR heap",
          () -> environment.highest("latest(instance_clr_heap_memory)", "go-clr", "go-clr-1"));
      equal(
          42L,
          "connections",
          () -> environment.total("latest(satellite_service_grpc_connect_count)", "go-metered"));
      for (String app : List.of("go-envoy", "go-envoy-old")) {
        equal(1L, "calls of " + app, () -> environment.total("sum(service_cpm)", app + ".shop"));
      }
      equal(3_000_000L, "Envoy memory, v2", () -> envoyMemory(environment, "go-envoy-old"));
      equal(4_000_000L, "Envoy memory, v3", () -> envoyMemory(environment, "go-envoy"));
      equal(500L, "load", () -> environment.total("latest(meter_vm_cpu_load1)", "go-host"));

      long received = satellite.metrics().sum("satellite_received_messages");
      assertEquals(0, satellite.stop());
      assertTrue(
          Account.ofLastLine(satellite.output()).closedWith(received),
          satellite.output().toString());
    }
  }

  @Test
  void aFileThatOnlyNamesTheNodesRunsEveryPipe() throws Exception {
    runsEveryPipe(
        "satellite-short-config",
        """
        sharing:
          clients:
            - plugin_name: grpc-client
              server_addr: 127.0.0.1:11801,127.0.0.1:11802
        """,
        2);
  }

  @Test
  void anEmptyFileRunsEveryPipe() throws Exception {
    runsEveryPipe("satellite-empty-config", "", 1);
  }

  private static void runsEveryPipe(String name, String yaml, int nodes) throws Exception {
    try (var satellite = SatelliteProcess.configuredBy(name, yaml)) {
      Path manual = SatelliteProcess.ROOT.resolve("configs/satellite_config.yaml");
      assertEquals(queuedPipesOf(manual), pipesOf(satellite));
      assertEquals(nodes, satellite.metrics().sum("satellite_nodes"));
      assertEquals(0, satellite.stop());
    }
  }

  private static Set<String> pipesOf(SatelliteProcess satellite) throws Exception {
    return satellite.metrics().values("pipeline_queue_total_capacity", "pipeline");
  }

  /** Those that have sent on all that they received, and it was not nothing. */
  private static Set<String> forwarding(SatelliteProcess satellite) throws Exception {
    Metrics metrics = satellite.metrics();
    Set<String> pipes = metrics.values("sender_output_count", "pipe");
    pipes.removeIf(
        pipe -> {
          String of = "pipe=\"" + pipe + "\"";
          long received = metrics.sum("gatherer_receive_count", of, "status=\"all\"");
          return received == 0
              || received != metrics.sum("sender_output_count", of, "status=\"success\"");
        });
    return pipes;
  }

  private static long envoyMemory(TestEnvironment environment, String app) throws Exception {
    return environment.highest("latest(envoy_memory_allocated)", app + ".shop", app + "-pod-1");
  }

  /** Names of the pipes that the file lists, but for those without a queue. */
  private static Set<String> queuedPipesOf(Path file) throws IOException {
    Set<String> names = new HashSet<>();
    Object configuration = YamlText.parse(Files.readString(file)).get(0);
    for (Object pipe : (List<?>) YamlText.at(configuration, "pipes")) {
      if (!"none-queue".equals(YamlText.at(pipe, "gatherer", "queue", "plugin_name"))) {
        names.add((String) YamlText.at(pipe, "common_config", "pipe_name"));
      }
    }
    return names;
  }
}
