package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** An OAP dies. Last of all, as it stays dead. */
@Order(Integer.MAX_VALUE)
@ExtendWith(LandscapeResolver.class)
class NodeLossTest {

  private static final String SERVICE = "bereaved";
  private static final int EACH_TIME = 400;
  private static final int SENT = 3 * EACH_TIME;

  /** What a node has answered for is its own to keep: all else is at the other. */
  @Test
  void nothingIsLostButWhatTheDeadNodeHadAnsweredFor(Landscape landscape) throws Exception {
    landscape.needsSatellite();
    RealOap living = landscape.one;
    RealOap dead = landscape.two;
    try (var satellite = SatelliteProcess.inFrontOf("satellite-bereaved", living, dead);
        Feed feed = new Feed(satellite.address())) {
      Sending<SegmentObject> stream = feed.segmentStream();
      List<String> before = send(stream);
      exactly(before, "segments", () -> landscape.segmentIds(SERVICE));
      assertFalse(dead.segmentIds(SERVICE).isEmpty(), "it took nothing when alive");

      // Some of these are under way to it when it dies.
      List<String> meanwhile = send(stream);
      dead.kill();
      List<String> after = send(stream);
      stream.end();
      equal((long) SENT, "forwarded", () -> sent(satellite, "success"));

      long withTheDead = answeredFor(satellite, dead);
      long withTheLiving = answeredFor(satellite, living);
      assertEquals(SENT, withTheLiving + withTheDead);
      assertTrue(withTheDead <= 2 * EACH_TIME, "it answered for " + withTheDead + " when dead");
      Eventually.until(
          withTheLiving + " segments, at least, are at the other node",
          () -> new HashSet<>(living.segmentIds(SERVICE)).size(),
          segments -> segments >= withTheLiving);
      equal(Set.of(), "missing of what was sent after the death", () -> notAt(living, after));
      assertTrue(notAt(living, meanwhile).size() < EACH_TIME, "the living got no share");
      Set<String> lost = notAt(living, all(before, meanwhile, after));
      assertTrue(lost.size() <= withTheDead, lost.size() + " are lost, not " + withTheDead);

      assertEquals(0, sent(satellite, "failure"));
      assertEquals(0, satellite.metrics().sum("satellite_dropped_messages"));
      assertEquals(0, satellite.stop());
      assertTrue(
          Account.ofLastLine(satellite.output()).closedWith(SENT), satellite.output().toString());
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

  @SafeVarargs
  private static List<String> all(List<String>... parts) {
    List<String> all = new ArrayList<>();
    for (List<String> part : parts) {
      all.addAll(part);
    }
    return all;
  }

  private static List<String> send(Sending<SegmentObject> stream) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < EACH_TIME; i++) {
      String id = Samples.id();
      stream.send(Samples.segment(SERVICE, id));
      ids.add(id);
    }
    return ids;
  }
}
