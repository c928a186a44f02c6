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
  private static final int BEFORE = 400;
  private static final int MEANWHILE = 400;
  private static final int AFTER = 400;

  @Test
  void whatTheDeadNodeHadNotTakenArrivesAtTheOther(Landscape landscape) throws Exception {
    landscape.needsSatellite();
    try (var satellite =
            SatelliteProcess.inFrontOf("satellite-bereaved", landscape.one, landscape.two);
        Feed feed = new Feed(satellite.address())) {
      Sending<SegmentObject> stream = feed.segmentStream();
      List<String> before = send(stream, BEFORE);
      exactly(before, "segments", () -> landscape.segmentIds(SERVICE));
      assertFalse(landscape.two.segmentIds(SERVICE).isEmpty(), "it took nothing when alive");

      // What it takes between now and its death is gone with it; what comes later must not be.
      List<String> meanwhile = send(stream, MEANWHILE);
      landscape.two.kill();
      List<String> after = send(stream, AFTER);
      stream.end();

      Eventually.until(
          "all that was sent after the death is at the other node",
          () -> notAt(landscape.one, after).size(),
          missing -> missing == 0);
      equal(
          (long) BEFORE + MEANWHILE + AFTER,
          "forwarded",
          () -> satellite.metrics().sum("sender_output_count", "tracingpipe", "success"));
      assertTrue(notAt(landscape.one, meanwhile).size() < MEANWHILE, "the living got no share");
      assertEquals(0, satellite.stop());
      assertTrue(
          Account.ofLastLine(satellite.output()).closedWith(BEFORE + MEANWHILE + AFTER),
          satellite.output().toString());
    }
  }

  private static Set<String> notAt(RealOap oap, List<String> sent) throws Exception {
    Set<String> missing = new HashSet<>(sent);
    oap.segmentIds(SERVICE).forEach(missing::remove);
    return missing;
  }

  private static List<String> send(Sending<SegmentObject> stream, int count) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String id = Samples.id();
      stream.send(Samples.segment(SERVICE, id));
      ids.add(id);
    }
    return ids;
  }
}
