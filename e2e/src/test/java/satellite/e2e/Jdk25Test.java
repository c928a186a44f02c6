package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import java.util.List;
import org.apache.skywalking.apm.network.common.v3.Commands;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Built for Java 17, the program runs on Java 25 with the same options, and no complaints. */
@Order(7)
@ExtendWith(TestEnvironmentResolver.class)
@ResourceLock(TestEnvironment.ACCESS_LOG_COUNTERS)
class Jdk25Test {

  private static final int SEGMENTS = 200;

  @Test
  void itCarriesAndDrainsAndTheJvmHasNothingToWarnOf(TestEnvironment environment) {
    environment.needsSatellite();
    Jdk jdk = Jdk.from(25);
    try (var satellite =
            SatelliteProcess.inFrontOf("satellite-jdk25", jdk, environment.one, environment.two);
        SampleSender feed = new SampleSender(satellite.address())) {
      List<String> segments = feed.segments("modern", SEGMENTS);
      feed.accessLogs("modern-envoy", List.of(List.of("/a", "/b"), List.of("/c")));
      Commands configuration = feed.configuration("modern");
      assertEquals("ConfigurationDiscoveryCommand", configuration.getCommands(0).getCommand());

      assertEquals(0, satellite.stop());
      List<String> output = satellite.output();
      assertTrue(Account.ofLastLine(output).closedWith(SEGMENTS + 2), output.toString());
      exactly(segments, "segments", () -> environment.segmentIds("modern"));
      equal(3L, "calls", () -> environment.total("sum(service_cpm)", "modern-envoy.shop"));
      assertEquals(List.of(), output.stream().filter(Jdk25Test::isOfTheJvm).toList());
    }
  }

  /** The JVM's own warnings; Satellite's say {@code [warning]}. */
  private static boolean isOfTheJvm(String line) {
    return line.contains("WARNING") || line.contains("VM warning");
  }
}
