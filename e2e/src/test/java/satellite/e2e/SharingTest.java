package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.e2e.Eventually.exactly;

import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two OAPs share the load of one client, which a connection to one of them would not give. */
@Order(4)
@ExtendWith(TestEnvironmentResolver.class)
class SharingTest {

  private static final int SEGMENTS = 2000;

  @Test
  void bothOapsGetTheirShareOfOneStream(TestEnvironment environment) throws Exception {
    environment.needsSatellite();
    List<String> sent;
    try (SampleSender feed = new SampleSender(environment.address())) {
      sent = feed.segments("shared", SEGMENTS);
    }
    exactly(sent, "segments", () -> environment.segmentIds("shared"));
    int one = environment.one.segmentIds("shared").size();
    assertTrue(one > SEGMENTS / 4 && one < SEGMENTS * 3 / 4, one + " of " + SEGMENTS);
  }
}
