package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static satellite.e2e.Eventually.exactly;

import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Two OAPs share the load of one client, which a connection to one of them would not give. How
 * evenly, {@link ScalingTest} tells: it counts whole batches, which these do not.
 */
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
    for (RealOap oap : environment.oaps()) {
      assertFalse(oap.segmentIds("shared").isEmpty(), oap.address() + " got nothing");
    }
  }
}
