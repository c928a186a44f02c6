package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
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

  private static String latest(String metric, String instance) {
    return Questions.figure("latest(" + metric + ")", SERVICE, instance);
  }

  @Test
  void oapKnowsTheLayerTheMeanOfAllReplicasAndEachOfThem() throws Exception {
    try (RealOap oap =
            RealOap.startWithRules(
                    "oap-own-meters",
                    SatelliteProcess.ROOT.resolve("hpa/oap/satellite-instances.yaml"))
                .awaitReady();
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
      // The mean over two replicas, of a minute in which both have reported.
      Eventually.until(
          "the mean of the connections",
          Duration.ofSeconds(150),
          () -> oap.figure(latest("satellite_service_grpc_connect_count")),
          mean -> mean == AGENTS / 2);
      assertEquals(AGENTS, oap.figure(latest("satellite_instance_connect_count", "satellite-0")));
      assertEquals(0, oap.figure(latest("satellite_instance_connect_count", "satellite-1")));
      Eventually.equal(
          50L,
          "share of the limit that is used",
          () ->
              oap.figure(
                  latest("satellite_instance_connection_limit_used_percent", "satellite-0")));
      String received = "satellite_instance_receive_event_count{pipe='tracingpipe',status='all'}";
      assertTrue(oap.figure(latest(received, "satellite-0")) > 0);
      assertEquals(0, oap.figure(latest(received, "satellite-1")));
      for (SatelliteProcess replica : List.of(busy, idle)) {
        assertTrue(replica.metrics().sum("satellite_own_reports", "result=\"delivered\"") > 0);
        assertEquals(0, replica.metrics().sum("satellite_own_reports", "result=\"failed\""));
      }
    }
  }
}
