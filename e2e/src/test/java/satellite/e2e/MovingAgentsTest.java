package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * Real agents (Java, Python, Node) behind a Service move to a second Satellite when one comes, and
 * back when it goes. Whatever they reported meanwhile is in OAP, once.
 */
@Order(16)
class MovingAgentsTest {

  private static final List<String> JAVA = List.of("moving-1", "moving-2", "moving-3", "moving-4");
  private static final String PYTHON = "moving-python";
  private static final String NODE = "moving-node";
  private static final int AGENTS = JAVA.size() + 2;
  private static final long PAUSE_MILLIS = 100;
  private static final int ORDERS = 250;

  private static Map<String, String> settings(RealOap oap) {
    return Map.of(
        "SATELLITE_GRPC_CLIENT", oap.address(),
        "SATELLITE_SHUTDOWN_HOLD_TIME", "1",
        "SATELLITE_SHUTDOWN_HOOK_TIME", "10");
  }

  /** Customers of the Java programs, one after the other. */
  private static final class Customers implements AutoCloseable {
    private final List<JavaAgent> shops;
    private final AtomicBoolean over = new AtomicBoolean();
    private final Thread thread = new Thread(this::order, "customers");
    private volatile int orders;
    private volatile Exception failure;

    Customers(List<JavaAgent> shops) {
      this.shops = shops;
      thread.start();
    }

    private void order() {
      try {
        while (!over.get()) {
          for (JavaAgent shop : shops) {
            shop.ask("/order?" + orders);
          }
          orders++;
          LockSupport.parkNanos(PAUSE_MILLIS * 1_000_000);
        }
      } catch (Exception e) {
        failure = e;
      }
    }

    @Override
    public void close() throws InterruptedException {
      over.set(true);
      thread.join();
    }
  }

  @Test
  void theyMoveAndNothingTheyReportIsLostOrDoubled() throws Exception {
    List<JavaAgent> java = new ArrayList<>();
    try (RealOap oap = RealOap.start("oap-moving").awaitReady();
        ClusterIp service = new ClusterIp();
        ReplicaSet replicas = new ReplicaSet("moving", number -> settings(oap))) {
      replicas.scaleOut(1);
      service.endpoints(replicas.addresses());
      JAVA.forEach(name -> java.add(JavaAgent.start(name, name, service.address())));
      java.forEach(JavaAgent::awaitReady);
      Customers customers = new Customers(java);
      try (customers;
          PythonAgent python =
              PythonAgent.withOrdersOver(PYTHON, service.address(), ORDERS, PAUSE_MILLIS);
          NodeAgent node =
              NodeAgent.withOrdersOver(NODE, service.address(), ORDERS, PAUSE_MILLIS)) {
        Eventually.until(
            "all are connected", () -> replicas.connections(2)[0], now -> now >= AGENTS);
        replicas.scaleOut(2);
        service.endpoints(replicas.addresses());
        Eventually.until(
            "half of them have moved", () -> replicas.connections(2), now -> now[0] == now[1]);
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
        customers.close();
        assertEquals(null, customers.failure);
        for (String name : JAVA) {
          assertArrive(oap, name, 2 * customers.orders);
        }
        assertArrive(oap, PYTHON, 2 * ORDERS);
        assertArrive(oap, NODE, 3 * ORDERS);
      }
    } finally {
      java.forEach(JavaAgent::close);
    }
  }

  private static void assertArrive(RealOap oap, String service, int segments) {
    List<String> ids =
        Eventually.until(
            segments + " segments of " + service,
            () -> oap.segmentIds(service),
            found -> found.size() >= segments);
    assertEquals(segments, ids.size(), service);
    assertEquals(segments, Set.copyOf(ids).size(), service);
  }
}
