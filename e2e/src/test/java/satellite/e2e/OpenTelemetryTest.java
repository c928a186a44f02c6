package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import satellite.e2e.OpenTelemetrySdk.Protocol;

/**
 * What a real OpenTelemetry SDK reports reaches OAP, whatever protocol it speaks. One of them
 * reports straight to an OAP; the facts are stated of all.
 */
@Order(8)
@ExtendWith(TestEnvironmentResolver.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenTelemetryTest {

  private static final int REQUESTS = 30;
  private static final List<String> LOGS =
      IntStream.range(0, 50).mapToObj(i -> "line " + i).toList();

  /** By oap/config/otel-rules/vm.yaml, meter_vm_cpu_load1 is 100 times this. */
  private static final double LOAD = 2.5;

  private static final long SOCKETS = 17;

  private final TestEnvironment environment;
  private List<Sender> senders;
  private OtlpJson json;

  OpenTelemetryTest(TestEnvironment environment) {
    this.environment = environment;
  }

  private record Sender(String service, Telemetry telemetry) {

    static Sender sdk(String service, Protocol protocol, String address, String compression) {
      return new Sender(service, new OpenTelemetrySdk(service, protocol, address, compression));
    }

    void work() {
      IntStream.range(0, REQUESTS).forEach(i -> telemetry.request("GET /items/" + i));
      LOGS.forEach(telemetry::log);
      telemetry.gauge("node_load1", LOAD);
      telemetry.level("node_sockstat_sockets_used", SOCKETS);
      telemetry.report();
      telemetry.close();
    }

    /** For the names of tests. */
    @Override
    public String toString() {
      return service;
    }
  }

  @BeforeAll
  void work() {
    // OAP 10.1 takes no OTLP over HTTP.
    environment.needsSatellite();
    json = new OtlpJson("otel-json", environment.http());
    senders =
        List.of(
            Sender.sdk("otel-grpc-straight", Protocol.GRPC, environment.straight(), "none"),
            Sender.sdk("otel-grpc", Protocol.GRPC, environment.address(), "none"),
            Sender.sdk("otel-grpc-gzip", Protocol.GRPC, environment.address(), "gzip"),
            Sender.sdk("otel-http", Protocol.HTTP_PROTOBUF, environment.http(), "none"),
            Sender.sdk("otel-http-gzip", Protocol.HTTP_PROTOBUF, environment.http(), "gzip"),
            new Sender("otel-json", json));
    senders.forEach(Sender::work);
  }

  private Stream<Sender> senders() {
    return senders.stream();
  }

  @ParameterizedTest
  @MethodSource("senders")
  void everyLogIsStored(Sender sender) {
    exactly(LOGS, "logs", () -> logs(sender.service));
  }

  /** OAP stores them as Zipkin spans. */
  @ParameterizedTest
  @MethodSource("senders")
  void everySpanIsStored(Sender sender) {
    equal(2 * REQUESTS, "spans", () -> environment.spanIds(sender.service).size());
  }

  /** In JSON they are hex; read as base64, as in other JSON of protobuf, they would be others. */
  @Test
  void idsOfTracesInJsonAreKept() {
    for (String id : json.traceIds()) {
      equal(2, "spans of " + id, () -> environment.spanIdsOfTrace(id).size());
    }
  }

  @ParameterizedTest
  @MethodSource("senders")
  void gaugesAndSumsAreMeasured(Sender sender) {
    equal(
        (long) (100 * LOAD),
        "load",
        () -> environment.highest("latest(meter_vm_cpu_load1)", sender.service));
    equal(
        SOCKETS,
        "sockets",
        () -> environment.highest("latest(meter_vm_sockets_used)", sender.service));
  }

  /** As collectors send them; straight, OAP 10.1 keeps the first two and says yes to all. */
  @Test
  void everyResourceOfARequestIsStored() {
    List<String> services = List.of("otel-one", "otel-two", "otel-three");
    try (SampleSender feed = new SampleSender(environment.address())) {
      feed.otlpLogs(services, "hello");
    }
    for (String service : services) {
      exactly(List.of("hello"), "logs of " + service, () -> logs(service));
    }
  }

  /** The reason for the test before; when it fails, OAP is newer and Satellite need not split. */
  @Test
  void oapItselfLosesTheThirdResourceOfARequest() throws Exception {
    List<String> services = List.of("otel-s-one", "otel-s-two", "otel-s-three");
    try (SampleSender feed = new SampleSender(environment.straight())) {
      feed.otlpLogs(services, "hello");
      feed.otlpLog("otel-s-later", "hello");
    }
    for (String service : List.of("otel-s-one", "otel-s-two", "otel-s-later")) {
      exactly(List.of("hello"), "logs of " + service, () -> logs(service));
    }
    assertFalse(logs("otel-s-three").contains("hello"));
  }

  /**
   * OAP 10.1 fails on a span under a microsecond, and on what comes behind it in the same request.
   * What comes before it is stored, and may be sent again, under the same id.
   */
  @Test
  void aSpanThatOapFailsOnCostsNoOther() {
    List<String> good = new ArrayList<>();
    try (SampleSender feed = new SampleSender(environment.address())) {
      for (int i = 0; i < 20; i++) {
        if (i == 10) {
          feed.otlpSpan("otel-quick", 0);
        } else {
          good.add(feed.otlpSpan("otel-quick", 5_000_000));
        }
      }
    }
    equal(Set.copyOf(good), "spans", () -> Set.copyOf(environment.spanIds("otel-quick")));
  }

  private List<String> logs(String service) throws Exception {
    return environment.strings("content", GraphqlQueries.logs(service));
  }
}
