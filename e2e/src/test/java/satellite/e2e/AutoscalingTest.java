package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;
import satellite.hpa.Autoscaler;
import satellite.hpa.AutoscalerSpec;
import satellite.hpa.SwckAdapter;

/**
 * The demonstration: at most 11 connections, a target of (a little less than) 10. The eleventh
 * agent brings a second replica, the twelfth connects there, and it stays at two. Real are OAP, the
 * Satellites, their meters and twelve Java agents; what a cluster would do is arithmetic: the
 * autoscaler with the manifest of {@code hpa/demonstration.yaml}, SWCK's adapter, and a Service.
 *
 * <p>A quarter of an hour, so only with {@code mvn verify -Pautoscaling -pl e2e -am}. Draws {@code
 * target/autoscaling.svg}, the picture in docs/.
 */
@Tag("slow")
class AutoscalingTest {

  private static final int LIMIT = 11;
  private static final long ORDER_MILLIS = 2000;
  private static final int SECONDS_TO_START = 60;
  private static final int SECONDS_ALONE = 150;
  private static final int SECONDS_OF_TWO = 420;

  private static final DateTimeFormatter MINUTE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HHmm").withZone(ZoneOffset.UTC);

  private final AutoscalerSpec spec = spec();
  private final String serviceName =
      SwckAdapter.argument("service", spec.metrics().get(0).labels());
  private final Autoscaler autoscaler = new Autoscaler(spec, Autoscaler.Tolerance.SINCE_1_33);
  private final List<double[]> seen = new ArrayList<>();
  private final long beganNanos = System.nanoTime();
  private RealOap oap;
  private ReplicaSet replicas;
  private ClusterIp service;
  private int wanted = 1;

  private static AutoscalerSpec spec() {
    try {
      Path manifest = SatelliteProcess.ROOT.resolve("hpa/demonstration.yaml");
      return AutoscalerSpec.of(new Yaml().load(Files.readString(manifest)));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Starts one more agent; seconds pass until it is there. */
  private void connect(int number, Customers customers) throws Exception {
    String name = "agent-" + number;
    JavaAgent agent = JavaAgent.start(name, name, service.address());
    for (int waited = 0; !agent.isReady(); waited++) {
      assertTrue(waited < SECONDS_TO_START, name + " starts");
      second();
    }
    customers.add(name, agent);
  }

  private Map<String, String> settings(int number) {
    return Map.of(
        "SATELLITE_GRPC_CLIENT",
        oap.address(),
        "SATELLITE_GRPC_ACCEPT_LIMIT_CONNECTION_COUNT",
        "" + LIMIT,
        "SATELLITE_TELEMETRY_EXPORT_TYPE",
        "prometheus,metrics_service",
        "SATELLITE_TELEMETRY_SERVICE",
        serviceName,
        "SATELLITE_TELEMETRY_INSTANCE",
        "satellite-" + number);
  }

  /** The Service's endpoints are the ready ones. */
  private void probe() throws Exception {
    service.endpoints(replicas.readyAddresses());
  }

  private double[] connections() throws Exception {
    return replicas.connections(2);
  }

  private long seconds() {
    return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - beganNanos);
  }

  /** A second: probes, and each 15 s what the controller does. */
  private void second() throws Exception {
    probe();
    seen.add(connections());
    if (seen.size() % Autoscaler.SYNC_SECONDS == 0) {
      List<Autoscaler.Pod> pods = new ArrayList<>();
      List<String> readyOnes = replicas.readyAddresses();
      for (String address : replicas.addresses()) {
        boolean ready = readyOnes.contains(address);
        pods.add(
            new Autoscaler.Pod(
                ready ? Autoscaler.PodState.READY : Autoscaler.PodState.NOT_READY, Map.of()));
      }
      long value = adapter("satellite_service_grpc_connect_count");
      wanted =
          autoscaler.sync(
              seconds(), replicas.size(), pods, metric -> OptionalLong.of(value * 1000));
      System.out.printf(
          "autoscaling: %d s, connections %s, metric %d, wanted %d%n",
          seconds(), Arrays.toString(seen.get(seen.size() - 1)), value, wanted);
    }
    LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
  }

  /** As SWCK's adapter does: three minutes, of which the last but one counts; none is 0. */
  private long adapter(String expression) throws Exception {
    List<Long> minutes = minutes(expression);
    return minutes.get(minutes.size() - 2);
  }

  private List<Long> minutes(String expression) throws Exception {
    Instant now = Instant.now();
    String duration =
        String.format(
            "{start: \"%s\", end: \"%s\", step: MINUTE}",
            MINUTE.format(now.minus(Duration.ofMinutes(3))), MINUTE.format(now));
    String answer =
        oap.query(GraphqlQueries.figure(expression, serviceName).replace("DURATION", duration));
    List<Long> values = new ArrayList<>();
    Matcher value = Pattern.compile("\"value\":(?:\"(-?\\d+)\"|null)").matcher(answer);
    while (value.find()) {
      values.add(value.group(1) == null ? 0 : Long.parseLong(value.group(1)));
    }
    assertTrue(values.size() >= 2, answer);
    return values;
  }

  @Test
  void theEleventhAgentBringsASecondReplicaTheTwelfthConnectsThereAndItStaysAtTwo()
      throws Exception {
    try (RealOap real = RealOap.start("oap-autoscaling").awaitReady();
        ClusterIp clusterIp = new ClusterIp();
        ReplicaSet set = new ReplicaSet("autoscaling", this::settings);
        Customers customers = new Customers(ORDER_MILLIS)) {
      oap = real;
      service = clusterIp;
      replicas = set;
      set.scaleOut(1);
      probe();
      for (int i = 1; i <= 10; i++) {
        connect(i, customers);
      }
      for (int i = 0; i < SECONDS_ALONE; i++) {
        second();
        assertEquals(1, wanted, "ten agents need one replica");
      }
      assertEquals(10, adapter("satellite_service_grpc_connect_count"));
      connect(11, customers);
      int waited = 0;
      while (wanted == 1) {
        second();
        assertTrue(++waited < 240, "the eleventh agent brings a second replica");
      }
      assertEquals(LIMIT, connections()[0]);
      assertEquals(2, wanted);
      set.scaleOut(2);
      SatelliteProcess first = replicas.get(0);
      // It is ready again when it has given some away: before, it is full and another has room.
      Eventually.equal(
          503,
          "readiness of the full one",
          () -> {
            probe();
            return first.readiness();
          });
      connect(12, customers);
      Eventually.until(
          "the twelfth is connected",
          this::connections,
          now -> now[0] <= LIMIT && now[0] + now[1] == 12);
      assertTrue(connections()[1] >= 1);
      for (int i = 0; i < SECONDS_OF_TWO; i++) {
        second();
        assertEquals(2, wanted, "it stays at two");
      }
      double[] now = connections();
      assertEquals(12, now[0] + now[1]);
      // Each replica's own growth, averaged: totals of two in one window would be off by hundreds.
      List<Long> perMinute =
          minutes("satellite_service_receive_event_count{pipe='tracingpipe',status='all'}");
      long each = 12 * Customers.SEGMENTS * TimeUnit.MINUTES.toMillis(1) / ORDER_MILLIS / 2;
      System.out.println("autoscaling: events a minute and replica " + perMinute + " of " + each);
      for (long events : perMinute.subList(0, 2)) {
        assertTrue(Math.abs(events - each) <= each * 0.15, perMinute + " are not " + each);
      }
      draw();
      customers.assertAllArrive(oap);
    }
  }

  private void draw() throws IOException {
    List<double[]> lines = new ArrayList<>();
    for (int replica = 0; replica < 2; replica++) {
      int of = replica;
      lines.add(seen.stream().mapToDouble(now -> now[of]).toArray());
    }
    Files.writeString(
        ChildProcess.TARGET.resolve("autoscaling.svg"),
        LineChart.of(
            "Limit 11, target 9.5: ten agents, the eleventh, the twelfth",
            "connections",
            (double) seconds() / seen.size(),
            List.of("replica 1", "replica 2"),
            lines));
  }
}
