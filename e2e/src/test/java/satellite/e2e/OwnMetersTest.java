package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** What a real OAP makes of what two replicas tell of themselves. */
@Order(15)
class OwnMetersTest {

  private static final String SERVICE = "satellite::satellite-service";
  private static final int AGENTS = 4;

  private static SatelliteProcess start(RealOap oap, int number) {
    return SatelliteProcess.inFrontOf(
        "own-meters-" + number,
        Map.of(
            "SATELLITE_GRPC_ACCEPT_LIMIT_CONNECTION_COUNT", "8",
            "SATELLITE_TELEMETRY_EXPORT_TYPE", "prometheus,metrics_service",
            "SATELLITE_TELEMETRY_METRICS_SERVICE_INTERVAL", "2",
            "SATELLITE_TELEMETRY_SERVICE", SERVICE,
            "SATELLITE_TELEMETRY_INSTANCE", "satellite-" + number),
        oap);
  }

  private static String latest(String metric) {
    return Questions.figure("latest(" + metric + ")", SERVICE);
  }

  @Test
  void oapKnowsTheLayerAndTheMeanOfAllReplicas() throws Exception {
    try (RealOap oap = RealOap.start("oap-own-meters").awaitReady();
        SatelliteProcess busy = start(oap, 0);
        SatelliteProcess idle = start(oap, 1);
        SegmentAgents agents = new SegmentAgents(busy.address(), 500)) {
      agents.add(AGENTS);
      Eventually.equal(
          (long) AGENTS, "connections", () -> busy.metrics().sum("grpc_server_connection_count"));
      Eventually.equal(
          List.of(SERVICE),
          "services of the layer",
          () -> oap.strings("name", "{ listServices(layer: \"SO11Y_SATELLITE\") { name } }"));
      // OAP's figures are means of a minute: right in one in which everything stays as it is.
      await(
          oap,
          "mean of the connections",
          AGENTS / 2,
          latest("satellite_service_grpc_connect_count"));
      for (SatelliteProcess replica : List.of(busy, idle)) {
        assertTrue(replica.metrics().sum("satellite_own_reports", "result=\"delivered\"") > 0);
      }
    }
  }

  private static void await(RealOap oap, String what, long expected, String question) {
    Eventually.until(
        what + " is " + expected,
        Duration.ofSeconds(180),
        () -> oap.figure(question),
        figure -> figure == expected);
  }
}
