package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** SIGTERM: what was accepted is delivered, and the account is closed. */
@Order(5)
@ExtendWith(TestEnvironmentResolver.class)
class ShutdownTest {

  @Test
  void deliversWhatItAcceptedAndEndsWithItsAccount(TestEnvironment environment) {
    environment.needsSatellite();
    try (var satellite =
            SatelliteProcess.inFrontOf("satellite-stopped", environment.one, environment.two);
        SampleSender feed = new SampleSender(satellite.address())) {
      List<String> sent = feed.segments("stopped", 300);
      assertEquals(0, satellite.stop());
      assertTrue(
          Account.ofLastLine(satellite.output()).closedWith(300), satellite.output().toString());
      Eventually.exactly(sent, "segments", () -> environment.segmentIds("stopped"));
    }
  }
}
