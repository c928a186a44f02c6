package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.e2e.Eventually.exactly;

import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two OAPs share the load of one client, which a connection to one of them would not give. */
@Order(4)
@ExtendWith(LandscapeResolver.class)
class SharingTest {

  private static final int SEGMENTS = 2000;

  @Test
  void bothOapsGetTheirShareOfOneStream(Landscape landscape) throws Exception {
    landscape.needsSatellite();
    List<String> sent;
    try (Feed feed = new Feed(landscape.address())) {
      sent = feed.segments("shared", SEGMENTS);
    }
    exactly(sent, "segments", () -> landscape.segmentIds("shared"));
    int one = landscape.one.segmentIds("shared").size();
    assertTrue(one > SEGMENTS / 4 && one < SEGMENTS * 3 / 4, one + " of " + SEGMENTS);
  }
}
