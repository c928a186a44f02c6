package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a real OAP makes of what two replicas tell of themselves. */
@Order(15)
@ExtendWith(TestEnvironmentResolver.class)
class OwnMetersTest {

  private static final String SERVICE = "satellite::satellite-service";
  private static final int AGENTS = 4;

  private final TestEnvironment environment;

  OwnMetersTest(TestEnvironment environment) {
    this.environment = environment;
  }

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
    return GraphqlQueries.figure("latest(" + metric + ")", SERVICE);
  }

  private static String latest(String metric, String instance) {
    return GraphqlQueries.figure("latest(" + metric + ")", SERVICE, instance);
  }

  @Test
  void oapKnowsTheLayerTheMeanOfAllReplicasAndEachOfThem() throws Exception {
    RealOap oap = environment.oaps().get(0);
    try (SatelliteProcess busy = start(oap, 0);
        SatelliteProcess idle = start(oap, 1);
        SegmentAgents agents = new SegmentAgents(busy.address(), 500)) {
      agents.add(AGENTS);
      Eventually.equal(
          (long) AGENTS, "connections", () -> busy.metrics().sum("grpc_server_connection_count"));
      Eventually.until(
          "it is in the layer",
          () -> oap.strings("name", "{ listServices(layer: \"SO11Y_SATELLITE\") { name } }"),
          names -> names.contains(SERVICE));
      // OAP's figures are means of a minute: right in one in which everything stays as it is.
      String connections = "satellite_instance_connect_count";
      await(oap, AGENTS, latest(connections, "satellite-0"));
      await(oap, 0, latest(connections, "satellite-1"));
      await(oap, AGENTS / 2, latest("satellite_service_grpc_connect_count"));
      await(oap, 50, latest("satellite_instance_connection_limit_used_percent", "satellite-0"));
      String received = "satellite_instance_receive_event_count{pipe='tracingpipe',status='all'}";
      Eventually.until(
          "events of the busy one",
          Duration.ofSeconds(90),
          () -> oap.figure(latest(received, "satellite-0")),
          events -> events > 0);
      assertEquals(0, oap.figure(latest(received, "satellite-1")));
      for (String metric : ownRules()) {
        Eventually.until(
            metric + " of an instance",
            Duration.ofSeconds(90),
            () -> oap.strings("value", latest(metric, "satellite-0")),
            values -> !values.isEmpty());
      }
      for (SatelliteProcess replica : List.of(busy, idle)) {
        assertTrue(replica.metrics().sum("satellite_own_reports", "result=\"delivered\"") > 0);
        assertEquals(0, replica.metrics().sum("satellite_own_reports", "result=\"failed\""));
      }
    }
  }

  /** The metrics of the rule file for instances, which the tests' OAP reads as well. */
  private static List<String> ownRules() throws IOException {
    Path file = SatelliteProcess.ROOT.resolve("hpa/oap/satellite-instances.yaml");
    return Pattern.compile("- name: (\\w+)")
        .matcher(Files.readString(file))
        .results()
        .map(name -> "satellite_" + name.group(1))
        .toList();
  }

  private static void await(RealOap oap, long expected, String question) {
    Eventually.until(
        question + " is " + expected,
        Duration.ofSeconds(180),
        () -> oap.figure(question),
        figure -> figure == expected);
  }
}
