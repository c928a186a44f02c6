package satellite.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import satellite.discovery.ManualTime;
import satellite.discovery.Node;
import satellite.routing.FakeConnector.FakeConnection;

/**
 * A router on connections and on a time that are set by hand. After each test it is closed; then
 * every connection must be closed, once, and nothing scheduled.
 */
abstract class RouterFixture {

  /** Held, so that its level is: what goes up and down here is no news. */
  private static final Logger LOG = Logger.getLogger("router");

  static {
    LOG.setLevel(Level.OFF);
  }

  static final int PORT = 11800;
  static final Duration CHECK_PERIOD = Duration.ofSeconds(5);
  static final Duration DRAIN_TIME = Duration.ofSeconds(20);

  final ManualTime time = new ManualTime();
  final FakeConnector connections;
  final Router<FakeConnection> router;

  /**
   * @param first the state that a connection is opened in
   */
  RouterFixture(Connection.State first) {
    connections = new FakeConnector(first);
    router = router(LoadBalancing.ROUND_ROBIN);
  }

  /** One more, on the same connections. */
  Router<FakeConnection> router(LoadBalancing balancing) {
    return new Router<>(connections, time, time::nanoTime, CHECK_PERIOD, DRAIN_TIME, balancing);
  }

  @AfterEach
  void nothingStaysOpen() {
    router.close();
    connections.assertAllClosedOnce();
    assertEquals(0, time.scheduled());
  }

  /** Host names, each of weight 1. */
  void nodes(String... hosts) {
    router.nodes(Stream.of(hosts).map(RouterFixture::node).collect(Collectors.toSet()));
  }

  void nodes(Node... nodes) {
    router.nodes(Set.of(nodes));
  }

  static Node node(String host) {
    return new Node(host, PORT);
  }

  Upstream<FakeConnection> upstream(String host) {
    return router.upstreams().get(node(host).address());
  }

  /** Hosts in the order in which a turn meets them. */
  static List<String> walk(Router<FakeConnection>.Cursor cursor, int steps) {
    List<String> hosts = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      hosts.add(host(cursor.next(any -> true)));
    }
    return hosts;
  }

  static String host(Upstream<?> upstream) {
    return upstream == null ? null : upstream.node().host();
  }

  /** Calls that begin now. */
  List<Upstream<FakeConnection>.Call> begin(String host, int calls) {
    List<Upstream<FakeConnection>.Call> begun = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      assertTrue(upstream(host).tryAcquire(), "a place at " + host);
      begun.add(upstream(host).call(router.minLatency("any"), time.nanoTime()));
    }
    return begun;
  }

  void fail(String host, int times) {
    begin(host, times).forEach(call -> call.failed(time.nanoTime()));
  }

  void answer(String host, int times) {
    begin(host, times).forEach(call -> call.answered(time.nanoTime()));
  }

  void checkPeriods(int periods) {
    time.advance(periods * CHECK_PERIOD.toNanos(), TimeUnit.NANOSECONDS);
  }
}
