package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * Several Satellites behind a Service: connections of agents that stay where they are even
 * themselves out, and nothing is lost by it. The picture in docs/ is one of {@code
 * target/evening.svg}.
 */
@Order(14)
class ReplicasTest {

  private static final int AGENTS = 300;
  private static final long REPORT_MILLIS = 1000;
  private static final Duration MINUTE = Duration.ofSeconds(60);
  private static final double WITHIN = 0.1;

  private final List<SatelliteProcess> replicas = new ArrayList<>();
  private final List<double[]> seen = new ArrayList<>();
  private final long beganNanos = System.nanoTime();
  private final Path file = Child.TARGET.resolve("evening.replicas");

  private SatelliteProcess start(SegmentNode node, int number) {
    return SatelliteProcess.configuredBy(
        "evening-" + number,
        List.of(),
        Map.of(
            "SATELLITE_GRPC_CLIENT", node.address(),
            "SATELLITE_REPLICAS_FINDER", "file",
            "SATELLITE_REPLICAS_FILE", file.toString(),
            "SATELLITE_SHUTDOWN_HOLD_TIME", "1",
            "SATELLITE_SHUTDOWN_HOOK_TIME", "10"),
        null);
  }

  private void tellReplicas(List<SatelliteProcess> found) throws IOException {
    Path next = file.resolveSibling("evening.next");
    Files.writeString(
        next, String.join("\n", found.stream().map(SatelliteProcess::admin).toList()) + "\n");
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private double[] connections() throws Exception {
    double[] now = new double[3];
    for (int i = 0; i < replicas.size(); i++) {
      now[i] = replicas.get(i).metrics().sum("grpc_server_connection_count");
    }
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
    Files.createDirectories(Child.TARGET);
    Files.writeString(file, "");
    try (SegmentNode node = new SegmentNode();
        ClusterIp service = new ClusterIp();
        SegmentAgents agents = new SegmentAgents(service.address(), REPORT_MILLIS)) {
      replicas.add(start(node, 0));
      tellReplicas(replicas);
      service.endpoints(addresses(replicas));
      agents.add(AGENTS);
      Eventually.until("all agents are connected", this::connections, now -> now[0] == AGENTS);
      replicas.add(start(node, 1));
      replicas.add(start(node, 2));
      service.endpoints(addresses(replicas));
      long since = System.nanoTime();
      tellReplicas(replicas);
      Eventually.until(
          "the counts are within 10 % of each other",
          MINUTE,
          this::connections,
          now -> now[0] + now[1] + now[2] == AGENTS && spread(now) <= WITHIN);
      long seconds = Duration.ofNanos(System.nanoTime() - since).toSeconds();
      System.out.println("replicas: even after " + seconds + " s, failed " + agents.failed);
      assertEquals(Set.of(), agents.failed);

      List<SatelliteProcess> last = replicas.subList(0, 1);
      service.endpoints(addresses(last));
      tellReplicas(last);
      List<SatelliteProcess> going = List.copyOf(replicas.subList(1, 3));
      going.forEach(SatelliteProcess::terminate);
      for (SatelliteProcess gone : going) {
        assertEquals(0, gone.awaitEnd());
        Account account = Account.ofLastLine(gone.output());
        assertTrue(account.closedWith(account.received()), () -> "" + account);
      }
      replicas.removeAll(going);
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
    } finally {
      replicas.forEach(SatelliteProcess::close);
    }
  }

  private static Set<String> missing(Set<String> some, Set<String> others) {
    Set<String> missing = new TreeSet<>(some);
    missing.removeAll(others);
    return missing;
  }

  private static List<String> addresses(List<SatelliteProcess> some) {
    return some.stream().map(SatelliteProcess::address).toList();
  }

  private void draw(long seconds) throws IOException {
    List<double[]> lines = new ArrayList<>();
    for (int replica = 0; replica < 3; replica++) {
      int of = replica;
      lines.add(seen.stream().mapToDouble(now -> now[of]).toArray());
    }
    Files.writeString(
        Child.TARGET.resolve("evening.svg"),
        LineChart.of(
            AGENTS + " agents on one replica, then on three: even after " + seconds + " s",
            "connections",
            (System.nanoTime() - beganNanos) / 1e9 / seen.size(),
            List.of("replica 1", "replica 2", "replica 3"),
            lines));
  }
}
