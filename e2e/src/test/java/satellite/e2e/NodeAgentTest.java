package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static satellite.e2e.Eventually.equal;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A real Node agent works as if it talked to OAP itself: a second one does, and what is found of
 * both is the same.
 */
@Order(9)
@ExtendWith(TestEnvironmentResolver.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NodeAgentTest {

  private static final String SERVICE = "node-shop";
  private static final String STRAIGHT = "node-shop-straight";
  private static final String INSTANCE = "node-shop-1";
  private static final int GOOD = 30;
  private static final int BAD = 10;

  private final TestEnvironment environment;
  private NodeAgent agent;
  private NodeAgent straight;

  NodeAgentTest(TestEnvironment environment) {
    this.environment = environment;
  }

  @BeforeAll
  void takeOrders() throws Exception {
    agent = NodeAgent.start(SERVICE, INSTANCE, environment.address(), GOOD, BAD);
    straight = NodeAgent.start(STRAIGHT, INSTANCE, environment.straight(), GOOD, BAD);
    agent.awaitAllOrders();
    straight.awaitAllOrders();
  }

  @AfterAll
  void end() {
    if (agent != null) {
      agent.close();
    }
    if (straight != null) {
      straight.close();
    }
  }

  /** Of an order: the customer's segment, that of the shop, and that of its stock. */
  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void everyTraceArrivesWhole(String service) {
    Map<String, Integer> spans =
        Map.of(
            "Exit /order/good", GOOD,
            "Entry GET:/order/good", GOOD,
            "Exit /stock/good", GOOD,
            "Entry GET:/stock/good", GOOD,
            "Exit /order/bad", BAD,
            "Entry GET:/order/bad", BAD,
            "Exit /stock/bad", BAD,
            "Entry GET:/stock/bad", BAD);
    equal(
        new TraceCounts(GOOD + BAD, 3 * (GOOD + BAD), 3 * BAD, spans),
        "traces",
        () -> TraceCounts.of(service, environment));
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void everyCallIsCountedOnce(String service) {
    equal(2L * (GOOD + BAD), "calls", () -> environment.total("sum(service_cpm)", service));
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void itsInstanceIsKnownWithItsProperties(String service) {
    Eventually.until(
        "the instance with its properties",
        () -> environment.strings("name|language|value", GraphqlQueries.instances(service)),
        strings ->
            strings.containsAll(List.of(INSTANCE, "NODEJS", "OS Name", "hostname", "Process No.")));
  }

  /** It writes errors only: a heartbeat or a report that was not answered with OK. */
  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void nothingIsAnsweredWithAnError(String service) {
    // By then it has sent a heartbeat as well.
    itsInstanceIsKnownWithItsProperties(service);
    NodeAgent program = service.equals(SERVICE) ? agent : straight;
    assertEquals(List.of("all orders are done"), program.output());
  }
}
