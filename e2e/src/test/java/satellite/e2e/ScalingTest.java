package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * What Satellite is for: one Envoy with one stream, and OAP scaled out from one node to three while
 * it runs. The entries that each node gets are drawn into {@code target/scaling.svg}; the picture
 * in docs/ is one of those.
 */
@Order(13)
class ScalingTest {

  private static final long STEP_MILLIS = 500;
  private static final int STEPS_ALONE = 12;
  private static final int LONGEST_STEPS = 20;
  private static final int STEPS_OF_THREE = 20;

  /** Of the request that comes next. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /** For the picture: each value is that of so many steps. */
  private static final int SMOOTH = 6;

  private static final int BATCHES = 12;
  private static final int PER_BATCH = 3;

  @Test
  void oneStreamIsDividedAmongAllNodesWithinSecondsAfterTheyAreThere() throws Exception {
    try (AccessLogNode one = new AccessLogNode();
        AccessLogNode two = new AccessLogNode();
        AccessLogNode three = new AccessLogNode()) {
      List<AccessLogNode> nodes = List.of(one, two, three);
      Path file = Files.createDirectories(ChildProcess.TARGET).resolve("scaling.nodes");
      Files.writeString(file, one.address() + "\n");
      try (SatelliteProcess satellite =
              SatelliteProcess.configuredBy(
                  "scaling",
                  List.of(),
                  Map.of(
                      "SATELLITE_GRPC_CLIENT_FINDER",
                      "file",
                      "SATELLITE_GRPC_CLIENT_FILE",
                      file.toString(),
                      "SATELLITE_ENVOY_ALS_V3_PIPE_RECEIVER_FLUSH_TIME",
                      "100",
                      "SATELLITE_ENVOY_ALS_V3_PIPE_SENDER_FLUSH_TIME",
                      "100"),
                  null);
          Envoy envoy = Envoy.start("scaling", satellite.address())) {
        AtomicBoolean ends = new AtomicBoolean();
        CompletableFuture<Integer> requests =
            CompletableFuture.supplyAsync(() -> envoy.getUntil(ends, PAUSE_NANOS));
        Eventually.until("the first entries come", one::entries, entries -> entries > 0);

        List<long[]> seen = new ArrayList<>();
        watch(nodes, STEPS_ALONE, seen);
        assertEquals(0, two.entries() + three.entries());
        Path next = Files.writeString(file.resolveSibling("scaling.next"), addresses(nodes));
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        long since = System.nanoTime();
        while (Math.min(two.entries(), three.entries()) == 0) {
          assertTrue(seen.size() < STEPS_ALONE + LONGEST_STEPS, "the new nodes get entries");
          watch(nodes, 1, seen);
        }
        long took = Duration.ofNanos(System.nanoTime() - since).toMillis();
        watch(nodes, STEPS_OF_THREE, seen);
        draw(seen, took);
        ends.set(true);
        int sent = requests.join();
        arrived(nodes, sent);

        long[] before = calls(nodes);
        for (int batch = 0; batch < BATCHES; batch++) {
          sent += envoy.get(PER_BATCH);
          arrived(nodes, sent);
        }
        assertTurns(before, calls(nodes));
        assertEquals(
            1, satellite.metrics().sum("als_streaming_active_count"), "one stream, all the time");
      }
    }
  }

  private static String addresses(List<AccessLogNode> nodes) {
    return String.join("\n", nodes.stream().map(AccessLogNode::address).toList()) + "\n";
  }

  /** Entries of each node so far, at each step. */
  private static void watch(List<AccessLogNode> nodes, int steps, List<long[]> seen) {
    long next = System.nanoTime();
    for (int i = 0; i < steps; i++) {
      seen.add(nodes.stream().mapToLong(AccessLogNode::entries).toArray());
      next += TimeUnit.MILLISECONDS.toNanos(STEP_MILLIS);
      LockSupport.parkNanos(next - System.nanoTime());
    }
  }

  private static void arrived(List<AccessLogNode> nodes, long sent) {
    Eventually.equal(sent, "entries", () -> nodes.stream().mapToLong(AccessLogNode::entries).sum());
  }

  private static long[] calls(List<AccessLogNode> nodes) {
    return nodes.stream().mapToLong(AccessLogNode::calls).toArray();
  }

  /** A share is a matter of whole batches: no node is more than one ahead of another. */
  private static void assertTurns(long[] before, long[] after) {
    long[] batches = new long[before.length];
    Arrays.setAll(batches, i -> after[i] - before[i]);
    LongSummaryStatistics all = Arrays.stream(batches).summaryStatistics();
    assertTrue(all.getSum() >= BATCHES, () -> Arrays.toString(batches));
    assertTrue(all.getMax() - all.getMin() <= 1, () -> Arrays.toString(batches));
  }

  private static void draw(List<long[]> seen, long tookMillis) throws IOException {
    List<double[]> lines = new ArrayList<>();
    for (int node = 0; node < 3; node++) {
      double[] perSecond = new double[seen.size() - 1];
      for (int i = 0; i < perSecond.length; i++) {
        int from = Math.max(0, i + 1 - SMOOTH);
        double entries = seen.get(i + 1)[node] - seen.get(from)[node];
        perSecond[i] = entries / ((i + 1 - from) * STEP_MILLIS / 1000.0);
      }
      lines.add(perSecond);
    }
    String title =
        String.format(
            "One Envoy, one stream; from one OAP node to three after %d s (first entries there"
                + " %.1f s later)",
            STEPS_ALONE * STEP_MILLIS / 1000, tookMillis / 1000.0);
    Files.writeString(
        ChildProcess.TARGET.resolve("scaling.svg"),
        LineChart.of(
            title,
            "access log entries a second",
            STEP_MILLIS / 1000.0,
            List.of("node 1", "node 2", "node 3"),
            lines));
  }
}
