package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A real Java agent works as if it talked to OAP itself: a second one does, and what is found of
 * both is the same.
 */
@Order(2)
@ExtendWith(TestEnvironmentResolver.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class JavaAgentTest {

  private static final String SERVICE = "shop";
  private static final String STRAIGHT = "shop-straight";
  private static final String INSTANCE = "shop-1";
  private static final int ORDERS = 40;

  /** What the plugin makes of an order: four spans in two segments. */
  private static final List<String> SPANS_OF_AN_ORDER =
      List.of(
          "Entry, /order, , Tomcat, Http",
          "Local, price, , Unknown, Unknown",
          "Exit, pay, bank:443, GRPC, RPCFramework",
          "Local, pack, , Unknown, Unknown");

  private final TestEnvironment environment;
  private JavaAgent agent;
  private JavaAgent straight;

  JavaAgentTest(TestEnvironment environment) {
    this.environment = environment;
  }

  @BeforeAll
  void takeOrders() throws Exception {
    agent = JavaAgent.start(SERVICE, INSTANCE, environment.address());
    straight = JavaAgent.start(STRAIGHT, INSTANCE, environment.straight());
    agent.awaitReady();
    straight.awaitReady();
    for (int order = 0; order < ORDERS; order++) {
      agent.ask("/order?" + order);
      straight.ask("/order?" + order);
    }
  }

  @AfterAll
  void end() {
    Stream.of(agent, straight).filter(started -> started != null).forEach(JavaAgent::close);
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void everySegmentArrivesOnce(String service) {
    List<String> ids =
        Eventually.until(
            "two segments for each order",
            () -> environment.segmentIds(service),
            found -> found.size() == 2 * ORDERS);
    assertEquals(2 * ORDERS, Set.copyOf(ids).size());
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void everySpanArrivesOnce(String service) {
    exactly(
        Collections.nCopies(ORDERS, SPANS_OF_AN_ORDER).stream().flatMap(List::stream).toList(),
        "spans",
        () ->
            rows(
                5,
                environment.strings(
                    "type|endpointName|peer|component|layer",
                    GraphqlQueries.spans(tracesOf(service)))));
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void everySegmentOfAnotherThreadNamesItsParent(String service) {
    Eventually.until(
        "half of the segments are parents of the others",
        () -> {
          Set<String> childless = new HashSet<>(environment.segmentIds(service));
          childless.removeAll(
              environment.strings("parentSegmentId", GraphqlQueries.spans(tracesOf(service))));
          return childless.size();
        },
        size -> size == ORDERS);
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void everyCallIsCountedOnce(String service) {
    equal((long) ORDERS, "calls", () -> environment.total("sum(service_cpm)", service));
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void everyLogArrivesOnceUnderItsServiceInstanceAndTrace(String service) {
    exactly(
        IntStream.range(0, ORDERS)
            .boxed()
            .flatMap(order -> Stream.of("sold " + order, "thanks for " + order))
            .map(text -> service + ", " + INSTANCE + ", " + text)
            .toList(),
        "logs",
        () ->
            rows(
                3,
                environment.strings(
                    "serviceName|serviceInstanceName|content", GraphqlQueries.logs(service))));
    equal(ORDERS, "traces", () -> tracesOf(service).size());
  }

  /** Of the own program, of the agent itself, and a histogram: all in one stream of the agent. */
  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void everyMeterHasTheValueThatWasReported(String service) {
    assertLatest(ORDERS, "shop_orders", service);
    assertLatest(2L * ORDERS, "shop_segments", service);
    assertLatest(6L * ORDERS, "shop_interceptions", service);
  }

  /** OAP has been seen to show an older value until the next minute begins. */
  private void assertLatest(long expected, String name, String service) {
    Eventually.until(
        name + " is " + expected,
        Duration.ofSeconds(100),
        () -> figure(name, service),
        figure -> figure == expected);
  }

  @Test
  void itsInstanceIsKnownWithTheSameProperties() {
    Set<String> expected =
        Eventually.until(
            "the straight instance and its process number",
            () -> properties(STRAIGHT),
            names -> names.containsAll(List.of(INSTANCE, "Process No.")));
    equal(expected, "properties", () -> properties(SERVICE));
  }

  @Test
  void itIsInTheSameLayers() {
    for (String layer : List.of("GENERAL", "SO11Y_JAVA_AGENT")) {
      Eventually.until(
          "services of " + layer,
          () -> environment.strings("name", GraphqlQueries.services(layer)),
          names -> names.containsAll(List.of(SERVICE, STRAIGHT)));
    }
  }

  @Test
  void itsHeapIsMeasured() {
    Eventually.until("heap", () -> figure("instance_jvm_memory_heap", SERVICE), heap -> heap > 0);
    long largest =
        Eventually.until(
            "the largest heap of the straight one",
            () -> figure("instance_jvm_memory_heap_max", STRAIGHT),
            heap -> heap > 0);
    equal(largest, "largest heap", () -> figure("instance_jvm_memory_heap_max", SERVICE));
  }

  @Test
  void itGetsItsConfigurationFromOap() {
    equal(true, "configured", () -> agent.isConfigured());
  }

  /** OAP 10.1 does not know the service; the agent gives up only on exactly that status. */
  @Test
  void itIsToldThatOapHasNoAsyncProfiler() {
    equal(true, "told", () -> agent.says("Backend doesn't support async-profiler"));
  }

  @Test
  void itTakesAProfilingTask() throws Exception {
    // These OAPs share no store, and the agent may ask any of them.
    for (RealOap oap : environment.oaps()) {
      oap.query(GraphqlQueries.newProfileTask(SERVICE, "/hello"));
    }
    Eventually.until(
        "an agent was notified",
        () -> environment.strings("instanceName", GraphqlQueries.profileTasks(SERVICE)),
        names -> names.contains(INSTANCE));
  }

  /** The last: it ends both. Agent 9.4.0 closes its channel before it reports its end. */
  @Test
  @Order(Integer.MAX_VALUE)
  void itsEventsAreTheSameWhenItHasEnded() throws Exception {
    end();
    // What is sent now comes after all that an agent may have sent.
    try (SampleSender through = new SampleSender(environment.address());
        SampleSender direct = new SampleSender(environment.straight())) {
      List<String> later = new ArrayList<>(through.events("after-the-shops", 20));
      later.addAll(direct.events("after-the-shops", 20));
      exactly(
          later,
          "later events",
          () -> environment.strings("uuid", GraphqlQueries.events("after-the-shops")));
    }
    assertEquals(List.of("Start"), environment.strings("name", GraphqlQueries.events(SERVICE)));
    assertEquals(List.of("Start"), environment.strings("name", GraphqlQueries.events(STRAIGHT)));
  }

  private long figure(String name, String service) throws Exception {
    return environment.highest("latest(" + name + ")", service, INSTANCE);
  }

  /** The instance's name among them. */
  private Set<String> properties(String service) throws Exception {
    return new TreeSet<>(environment.strings("name", GraphqlQueries.instances(service)));
  }

  /** As the logs name them. */
  private List<String> tracesOf(String service) throws Exception {
    return environment.strings("traceId", GraphqlQueries.logs(service)).stream()
        .distinct()
        .toList();
  }

  /** So many strings that stand together, as one. */
  private static List<String> rows(int width, List<String> strings) {
    return IntStream.range(0, strings.size() / width)
        .mapToObj(row -> String.join(", ", strings.subList(row * width, (row + 1) * width)))
        .toList();
  }
}
