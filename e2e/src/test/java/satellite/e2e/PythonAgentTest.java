package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A real Python agent works as if it talked to OAP itself: a second one does, and what is found of
 * both is the same.
 */
@Order(10)
@ExtendWith(TestEnvironmentResolver.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonAgentTest {

  private static final String SERVICE = "python-shop";
  private static final String STRAIGHT = "python-shop-straight";
  private static final String INSTANCE = "python-shop-1";
  private static final int GOOD = 30;
  private static final int BAD = 10;
  private static final int ALL = GOOD + BAD;

  /** What {@code python-agent.yaml} makes of the meters of its interpreter. */
  private static final List<String> RUNTIME =
      List.of(
          "meter_instance_pvm_process_cpu_utilization",
          "meter_instance_pvm_process_mem_utilization",
          "meter_instance_pvm_total_cpu_utilization",
          "meter_instance_pvm_total_mem_utilization",
          "meter_instance_pvm_gc_g0",
          "meter_instance_pvm_gc_g1",
          "meter_instance_pvm_gc_g2",
          "meter_instance_pvm_gc_time",
          "meter_instance_pvm_thread_active_count");

  private final TestEnvironment environment;
  private final Map<String, PythonAgent> agents = new HashMap<>();

  PythonAgentTest(TestEnvironment environment) {
    this.environment = environment;
  }

  @BeforeAll
  void takeOrders() throws Exception {
    start(SERVICE, environment.address());
    start(STRAIGHT, environment.straight());
    agents.values().forEach(PythonAgent::awaitAllOrders);
  }

  private void start(String service, String reportTo) throws Exception {
    agents.put(service, PythonAgent.withOrders(service, INSTANCE, reportTo, GOOD, BAD));
  }

  @AfterAll
  void end() {
    agents.values().forEach(PythonAgent::close);
  }

  /** Of an order: the customer's segment, which buys, and that of the shop. */
  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void everyTraceArrivesWhole(String service) {
    Map<String, Integer> spans =
        Map.of(
            "Local buy", ALL,
            "Exit /good", GOOD,
            "Entry /good", GOOD,
            "Exit /bad", BAD,
            "Entry /bad", BAD);
    equal(
        new TraceCounts(ALL, 2 * ALL, 2 * BAD, spans),
        "traces",
        () -> TraceCounts.of(service, environment));
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void everyCallIsCountedOnce(String service) {
    equal((long) ALL, "calls", () -> environment.total("sum(service_cpm)", service));
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void everyLogArrivesOnceUnderItsServiceInstanceAndTrace(String service) throws Exception {
    exactly(
        IntStream.range(0, ALL)
            .mapToObj(i -> i < GOOD ? "good order " + i : "bad order " + (i - GOOD))
            .flatMap(order -> Stream.of("customer: " + order, "shop: " + order))
            .flatMap(line -> Stream.of(service, INSTANCE, line))
            .toList(),
        "logs",
        () ->
            environment.strings(
                "serviceName|serviceInstanceName|content", GraphqlQueries.logs(service)));
    List<String> traces = environment.strings("traceId", GraphqlQueries.logs(service));
    equal(
        Set.copyOf(traces),
        "traces that logs name",
        () -> Set.copyOf(environment.strings("traceIds", GraphqlQueries.segments(service))));
    assertEquals(2 * ALL, traces.size());
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void itsMeterHasTheValueThatWasReported(String service) {
    equal(
        (long) ALL,
        "orders",
        () -> environment.highest("latest(meter_test_orders)", service, INSTANCE));
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void itsRuntimeIsMeasured(String service) {
    for (String name : RUNTIME) {
      String question = GraphqlQueries.figure("latest(" + name + ")", service, INSTANCE);
      Eventually.until(
          name, () -> environment.strings("value", question), values -> !values.isEmpty());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void itsInstanceIsKnownWithItsProperties(String service) {
    Eventually.until(
        "the instance with its properties",
        () -> environment.strings("name|language|value", GraphqlQueries.instances(service)),
        strings ->
            strings.containsAll(
                List.of(INSTANCE, "PYTHON", "Process No.", "python_version", "colour", "green")));
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void itsHeartbeatsAndReportsAreAnsweredWithOk(String service) {
    Eventually.until(
        "several heartbeats, and no exception",
        () -> agents.get(service).output(),
        lines ->
            lines.stream().filter(line -> line.contains("service heart beats")).count() > 1
                && lines.stream().noneMatch(line -> line.contains("Exception")));
  }
}
