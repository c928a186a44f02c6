package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * Several Satellites behind a Service: connections of agents that stay where they are get
 * rebalanced, and nothing is lost by it. The picture in docs/ is one of {@code
 * target/rebalancing.svg}.
 */
@Order(14)
class ReplicasTest {

  private static final int AGENTS = 300;
  private static final long REPORT_MILLIS = 1000;

  /** It takes half a minute on a machine that is quiet; in a minute, says the simulation. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private static final double WITHIN = 0.1;

  private ReplicaSet replicas;
  private final List<double[]> seen = new ArrayList<>();
  private final long beganNanos = System.nanoTime();

  private static Map<String, String> settings(SegmentNode node) {
    return Map.of(
        "SATELLITE_GRPC_CLIENT", node.address(),
        "SATELLITE_SHUTDOWN_HOLD_TIME", "1",
        "SATELLITE_SHUTDOWN_HOOK_TIME", "10");
  }

  private double[] connections() throws Exception {
    double[] now = replicas.connections(3);
    seen.add(now);
    return now;
  }

  private static double spread(double[] connections) {
    double most = 0;
    double fewest = Double.MAX_VALUE;
    double all = 0;
    for (double one : connections) {
      most = Math.max(most, one);
      fewest = Math.min(fewest, one);
      all += one;
    }
    return (most - fewest) / (all / connections.length);
  }

  @Test
  void connectionsEvenOutWhenReplicasComeAndNothingIsLostWhenTheyGo() throws Exception {
    try (SegmentNode node = new SegmentNode();
        ClusterIp service = new ClusterIp();
        ReplicaSet set = new ReplicaSet("rebalancing", number -> settings(node));
        SegmentAgents agents = new SegmentAgents(service.address(), REPORT_MILLIS)) {
      replicas = set;
      set.scaleOut(1);
      service.endpoints(set.addresses());
      agents.add(AGENTS);
      Eventually.until("all agents are connected", this::connections, now -> now[0] == AGENTS);
      set.scaleOut(3);
      long since = System.nanoTime();
      service.endpoints(set.addresses());
      Eventually.until(
          "the counts are within 10 % of each other",
          PATIENCE,
          this::connections,
          now -> now[0] + now[1] + now[2] == AGENTS && spread(now) <= WITHIN);
      long seconds = Duration.ofNanos(System.nanoTime() - since).toSeconds();
      System.out.println("replicas: even after " + seconds + " s, failed " + agents.failed);
      assertEquals(Set.of(), agents.failed);

      List<SatelliteProcess> going = set.scaleIn(1);
      service.endpoints(set.addresses());
      going.forEach(SatelliteProcess::terminate);
      for (SatelliteProcess gone : going) {
        assertEquals(0, gone.awaitEnd());
        Account account = Account.ofLastLine(gone.output());
        assertTrue(account.closedWith(account.received()), () -> "" + account);
      }
      Eventually.until("all agents are connected", this::connections, now -> now[0] == AGENTS);
      agents.end();
      assertEquals(Set.of(), agents.failed);
      Eventually.equal(
          Set.of(),
          "segments that were accepted and did not arrive",
          () -> missing(agents.accepted, node.segments.keySet()));
      assertEquals(
          List.of(),
          node.segments.entrySet().stream().filter(segment -> segment.getValue() > 1).toList(),
          "came twice");
      draw(seconds);
    }
  }

  private static Set<String> missing(Set<String> some, Set<String> others) {
    Set<String> missing = new TreeSet<>(some);
    missing.removeAll(others);
    return missing;
  }

  private void draw(long seconds) throws IOException {
    List<double[]> lines = new ArrayList<>();
    for (int replica = 0; replica < 3; replica++) {
      int of = replica;
      lines.add(seen.stream().mapToDouble(now -> now[of]).toArray());
    }
    Files.writeString(
        ChildProcess.TARGET.resolve("rebalancing.svg"),
        LineChart.of(
            AGENTS + " agents on one replica, then on three: even after " + seconds + " s",
            "connections",
            (System.nanoTime() - beganNanos) / 1e9 / seen.size(),
            List.of("replica 1", "replica 2", "replica 3"),
            lines));
  }
}
