package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;

/** An OAP dies. Last of all, as it stays dead. */
@Order(Integer.MAX_VALUE)
@ExtendWith(TestEnvironmentResolver.class)
@Isolated
class NodeLossTest {

  private static final String SERVICE = "bereaved";
  private static final int SOME = 400;

  private static final long PACE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** Small batches: many are on their way to it when it dies. */
  private static final Map<String, String> SMALL_BATCHES =
      Map.of("SATELLITE_TRACINGPIPE_SENDER_MAX_BUFFER_SIZE", "10");

  /** What a node has answered for is its own to keep: all else is at the other. */
  @Test
  void nothingIsLostButWhatTheDeadNodeHadAnsweredFor(TestEnvironment environment) throws Exception {
    environment.needsSatellite();
    RealOap living = environment.one;
    RealOap dead = environment.two;
    try (var satellite =
            SatelliteProcess.inFrontOf("satellite-bereaved", SMALL_BATCHES, living, dead);
        SampleSender feed = new SampleSender(satellite.address())) {
      ClientStream<SegmentObject> stream = feed.segmentStream();
      List<String> before = send(stream, SOME);
      exactly(before, "segments", () -> environment.segmentIds(SERVICE));
      int inPeace = dead.segmentIds(SERVICE).size();
      assertTrue(inPeace > 0, "it took nothing when alive");

      CompletableFuture<Void> death =
          CompletableFuture.runAsync(() -> killAtWork(dead, satellite, inPeace));
      List<String> meanwhile = new ArrayList<>();
      while (!death.isDone()) {
        meanwhile.addAll(send(stream, 10));
        LockSupport.parkNanos(PACE_NANOS);
      }
      death.join();
      List<String> after = send(stream, SOME);
      stream.end();
      List<String> all = new ArrayList<>(before);
      all.addAll(meanwhile);
      all.addAll(after);
      equal((long) all.size(), "forwarded", () -> sent(satellite, "success"));

      long withTheDead = answeredFor(satellite, dead);
      long withTheLiving = answeredFor(satellite, living);
      assertEquals(all.size(), withTheLiving + withTheDead);
      assertTrue(
          withTheDead > inPeace && withTheDead < inPeace + meanwhile.size(),
          withTheDead + " answered for, of them " + inPeace + " before");
      Eventually.until(
          withTheLiving + " segments, at least, are at the other node",
          () -> new HashSet<>(living.segmentIds(SERVICE)).size(),
          segments -> segments >= withTheLiving);
      equal(Set.of(), "missing of what was sent after the death", () -> notAt(living, after));
      Set<String> lost = notAt(living, all);
      assertTrue(lost.size() <= withTheDead, lost.size() + " are lost, not " + withTheDead);

      assertEquals(0, sent(satellite, "failure"));
      assertEquals(0, satellite.metrics().sum("satellite_dropped_messages"));
      assertEquals(0, satellite.stop());
      assertTrue(
          Account.ofLastLine(satellite.output()).closedWith(all.size()),
          satellite.output().toString());
    }
  }

  private static long sent(SatelliteProcess satellite, String status) throws Exception {
    return satellite
        .metrics()
        .sum("sender_output_count", "pipe=\"tracingpipe\"", "status=\"" + status + "\"");
  }

  private static long answeredFor(SatelliteProcess satellite, RealOap oap) throws Exception {
    return satellite
        .metrics()
        .sum("satellite_node_delivered_messages", "node=\"" + oap.address() + "\"");
  }

  private static Set<String> notAt(RealOap oap, List<String> sent) throws Exception {
    Set<String> missing = new HashSet<>(sent);
    oap.segmentIds(SERVICE).forEach(missing::remove);
    return missing;
  }

  /** Kills it as soon as it has answered for more than that. */
  private static void killAtWork(RealOap oap, SatelliteProcess satellite, long messages) {
    Eventually.until(
        oap.address() + " has work", () -> answeredFor(satellite, oap), n -> n > messages);
    oap.kill();
  }

  private static List<String> send(ClientStream<SegmentObject> stream, int count) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String id = Samples.id();
      stream.send(Samples.segment(SERVICE, id));
      ids.add(id);
    }
    return ids;
  }
}
