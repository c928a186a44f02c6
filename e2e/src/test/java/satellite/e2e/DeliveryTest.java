package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.skywalking.apm.network.common.v3.Commands;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Everything that is sent is in OAP, all of it, once, and under the right name. */
@Order(1)
@ExtendWith(TestEnvironmentResolver.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ResourceLock(TestEnvironment.ACCESS_LOG_COUNTERS)
class DeliveryTest {

  private static final List<String> LOGGERS = List.of("logs-a", "logs-b", "logs-c");
  private static final List<String> ENVOYS = List.of("envoy-a", "envoy-b");

  private final TestEnvironment environment;
  private List<String> segments;
  private List<String> segmentsInSync;
  private List<String> events;
  private Commands configuration;
  private long accessLogsBefore;

  DeliveryTest(TestEnvironment environment) {
    this.environment = environment;
  }

  /** All at once, so that the OAP's flush is waited for once. */
  @BeforeAll
  void sendEverything() throws Exception {
    accessLogsBefore = environment.counters("envoy_als_in_count");
    try (SampleSender feed = new SampleSender(environment.address())) {
      segments = feed.segments("traced", 500);
      segmentsInSync = feed.segmentsInSync("traced-in-sync", 50);
      for (int i = 1; i <= 10; i++) {
        feed.jvm("jvm", "jvm-" + i, i * 1_000_000L);
      }
      feed.meters("metered", "metered-1", 42);
      feed.meterBatch("metered-in-batch", "metered-1", 43);
      for (String service : LOGGERS) {
        feed.logs(service, numbered(service, 100));
      }
      events = feed.events("deployed", 20);
      for (int i = 0; i < 20; i++) {
        feed.pageView("pages");
      }
      feed.pageErrors("pages", numbered("error", 20));
      feed.mesh("meshed", 10, 20);
      for (String app : ENVOYS) {
        feed.accessLogs(app, List.of(numbered(app + "-first", 20), numbered(app + "-then", 30)));
      }
      feed.instance("managed", "managed-1", "colour", "green");
      feed.keepAlive("managed", "managed-1");
      configuration = feed.configuration("managed");
      feed.hostLoad("host-a", 3);
      feed.otlpLog("otlp-logs", "hello");
    }
  }

  @Test
  void everySegmentArrives() {
    exactly(segments, "segments", () -> environment.segmentIds("traced"));
  }

  @Test
  void everySegmentOfACollectionArrives() {
    exactly(segmentsInSync, "segments", () -> environment.segmentIds("traced-in-sync"));
  }

  @Test
  void everySegmentIsCountedOnce() {
    equal(500L, "calls", () -> environment.total("sum(service_cpm)", "traced"));
  }

  @Test
  void everyJvmReportsItsOwnHeap() {
    Map<String, Long> heaps = new HashMap<>();
    IntStream.rangeClosed(1, 10).forEach(i -> heaps.put("jvm-" + i, i * 1_000_000L));
    equal(heaps, "heaps", () -> heapsOf("jvm", heaps.keySet()));
  }

  @Test
  void metersOfAStreamArrive() {
    equal(42L, "connections", () -> connections("metered"));
  }

  @Test
  void metersOfABatchArrive() {
    equal(43L, "connections", () -> connections("metered-in-batch"));
  }

  @Test
  void everyLogArrivesUnderItsService() {
    for (String service : LOGGERS) {
      exactly(numbered(service, 100), "logs of " + service, () -> logsOf(service));
    }
  }

  @Test
  void everyEventArrives() {
    exactly(events, "events", () -> environment.strings("uuid", GraphqlQueries.events("deployed")));
  }

  @Test
  void everyPageViewIsCountedOnce() {
    equal(20L, "page views", () -> environment.total("sum(browser_app_pv)", "pages"));
  }

  @Test
  void everyPageErrorArrives() {
    exactly(
        numbered("error", 20),
        "errors",
        () -> environment.strings("message", GraphqlQueries.pageErrors("pages")));
  }

  @Test
  void everyMeshCallIsCountedOnce() {
    equal(200L, "calls", () -> environment.total("sum(service_cpm)", "meshed"));
  }

  @Test
  void everyAccessLogEntryIsReceivedOnce() {
    equal(
        accessLogsBefore + 100,
        "access log entries",
        () -> environment.counters("envoy_als_in_count"));
  }

  @Test
  void everyAccessLogEntryArrivesUnderItsEnvoy() {
    for (String app : ENVOYS) {
      equal(50L, "calls of " + app, () -> environment.total("sum(service_cpm)", app + ".shop"));
      equal(50, "logs of " + app, () -> logsOf(app + ".shop").size());
    }
  }

  @Test
  void instancePropertiesArrive() {
    Eventually.until(
        "the instance with its properties",
        () -> environment.strings("name|value", GraphqlQueries.instances("managed")),
        strings -> strings.containsAll(List.of("managed-1", "green")));
  }

  @Test
  void aConfigurationIsAnsweredByOap() {
    assertEquals("ConfigurationDiscoveryCommand", configuration.getCommands(0).getCommand());
  }

  @Test
  void openTelemetryMetricsArrive() {
    equal(300L, "load", () -> environment.total("latest(meter_vm_cpu_load1)", "host-a"));
  }

  @Test
  void openTelemetryLogsArrive() {
    exactly(List.of("hello"), "logs", () -> logsOf("otlp-logs"));
  }

  private List<String> logsOf(String service) throws Exception {
    return environment.strings("content", GraphqlQueries.logs(service));
  }

  private Map<String, Long> heapsOf(String service, Set<String> instances) throws Exception {
    Map<String, Long> heaps = new HashMap<>();
    for (String instance : instances) {
      long heap = environment.highest("latest(instance_jvm_memory_heap)", service, instance);
      heaps.put(instance, heap);
    }
    return heaps;
  }

  private long connections(String service) throws Exception {
    return environment.total("latest(satellite_service_grpc_connect_count)", service);
  }

  private static List<String> numbered(String name, int count) {
    return IntStream.range(0, count).mapToObj(i -> name + " " + i).toList();
  }
}
