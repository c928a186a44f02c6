package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** SIGTERM: what was accepted is delivered, and the books are closed. */
@Order(5)
@ExtendWith(LandscapeResolver.class)
class ShutdownTest {

  @Test
  void deliversWhatItAcceptedAndEndsWithItsAccount(Landscape landscape) {
    landscape.needsSatellite();
    try (var satellite =
            SatelliteProcess.inFrontOf("satellite-stopped", landscape.one, landscape.two);
        Feed feed = new Feed(satellite.address())) {
      List<String> sent = feed.segments("stopped", 300);
      assertEquals(0, satellite.stop());
      assertTrue(
          Account.ofLastLine(satellite.output()).closedWith(300), satellite.output().toString());
      Eventually.exactly(sent, "segments", () -> landscape.segmentIds("stopped"));
    }
  }
}
