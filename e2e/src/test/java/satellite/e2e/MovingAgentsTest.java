package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Real agents (Java, Python, Node) behind a Service move to a second Satellite when one comes, and
 * back when it goes. Whatever they reported meanwhile is in OAP, once.
 */
@Order(16)
@ExtendWith(TestEnvironmentResolver.class)
class MovingAgentsTest {

  private static final List<String> JAVA = List.of("moving-1", "moving-2", "moving-3", "moving-4");
  private static final String PYTHON = "moving-python";
  private static final String NODE = "moving-node";
  private static final int AGENTS = JAVA.size() + 2;
  private static final long PAUSE_MILLIS = 100;
  private static final int ORDERS = 200;

  private final TestEnvironment environment;

  MovingAgentsTest(TestEnvironment environment) {
    this.environment = environment;
  }

  private static Map<String, String> settings(RealOap oap) {
    return Map.of(
        "SATELLITE_GRPC_CLIENT", oap.address(),
        "SATELLITE_SHUTDOWN_HOLD_TIME", "1",
        "SATELLITE_SHUTDOWN_HOOK_TIME", "10");
  }

  @Test
  void theyMoveAndNothingTheyReportIsLostOrDoubled() throws Exception {
    RealOap oap = environment.oaps().get(0);
    try (ClusterIp service = new ClusterIp();
        ReplicaSet replicas = new ReplicaSet("moving", number -> settings(oap));
        Customers customers = new Customers(PAUSE_MILLIS)) {
      replicas.scaleOut(1);
      service.endpoints(replicas.addresses());
      List<JavaAgent> shops =
          JAVA.stream().map(name -> JavaAgent.start(name, name, service.address())).toList();
      for (int i = 0; i < JAVA.size(); i++) {
        customers.add(JAVA.get(i), shops.get(i).awaitReady());
      }
      try (PythonAgent python =
              PythonAgent.withOrdersOver(PYTHON, service.address(), ORDERS, PAUSE_MILLIS);
          NodeAgent node =
              NodeAgent.withOrdersOver(NODE, service.address(), ORDERS, PAUSE_MILLIS)) {
        Eventually.until(
            "all are connected", () -> replicas.connections(2)[0], now -> now >= AGENTS);
        replicas.scaleOut(2);
        service.endpoints(replicas.addresses());
        Eventually.until("some have moved", () -> replicas.connections(2)[1], now -> now >= 2);
        List<SatelliteProcess> going = replicas.scaleIn(1);
        service.endpoints(replicas.addresses());
        SatelliteProcess gone = going.get(0);
        gone.terminate();
        assertEquals(0, gone.awaitEnd());
        Account account = Account.ofLastLine(gone.output());
        assertTrue(account.received() > 0);
        assertTrue(account.closedWith(account.received()), () -> "" + account);
        Eventually.until("all are back", () -> replicas.connections(2)[0], now -> now >= AGENTS);
        python.awaitAllOrders();
        node.awaitAllOrders();
        TraceCounts.assertSegments(oap, PYTHON, 2 * ORDERS);
        TraceCounts.assertSegments(oap, NODE, 3 * ORDERS);
      }
      customers.assertAllArrive(oap);
    }
  }
}
