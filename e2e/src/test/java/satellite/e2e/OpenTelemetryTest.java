package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import java.util.List;
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
@ExtendWith(LandscapeResolver.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenTelemetryTest {

  private static final int REQUESTS = 30;
  private static final List<String> LOGS =
      IntStream.range(0, 50).mapToObj(i -> "line " + i).toList();

  /** By oap/config/otel-rules/vm.yaml, meter_vm_cpu_load1 is 100 times this. */
  private static final double LOAD = 2.5;

  private static final long SOCKETS = 17;

  private final Landscape landscape;
  private List<Sender> senders;
  private OtlpJson json;

  OpenTelemetryTest(Landscape landscape) {
    this.landscape = landscape;
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
    landscape.needsSatellite();
    json = new OtlpJson("otel-json", landscape.http());
    senders =
        List.of(
            Sender.sdk("otel-grpc-straight", Protocol.GRPC, landscape.straight(), "none"),
            Sender.sdk("otel-grpc", Protocol.GRPC, landscape.address(), "none"),
            Sender.sdk("otel-grpc-gzip", Protocol.GRPC, landscape.address(), "gzip"),
            Sender.sdk("otel-http", Protocol.HTTP_PROTOBUF, landscape.http(), "none"),
            Sender.sdk("otel-http-gzip", Protocol.HTTP_PROTOBUF, landscape.http(), "gzip"),
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
    equal(2L * REQUESTS, "spans", () -> landscape.zipkinSpans(sender.service));
  }

  /** In JSON they are hex; read as base64, as in other JSON of protobuf, they would be others. */
  @Test
  void idsOfTracesInJsonAreKept() {
    for (String id : json.traceIds()) {
      equal(2L, "spans of " + id, () -> landscape.zipkinSpansOfTrace(id));
    }
  }

  @ParameterizedTest
  @MethodSource("senders")
  void gaugesAndSumsAreMeasured(Sender sender) {
    equal(
        (long) (100 * LOAD),
        "load",
        () -> landscape.highest("latest(meter_vm_cpu_load1)", sender.service));
    equal(
        SOCKETS,
        "sockets",
        () -> landscape.highest("latest(meter_vm_sockets_used)", sender.service));
  }

  /** As collectors send them; straight, OAP 10.1 keeps the first two and says yes to all. */
  @Test
  void everyResourceOfARequestIsStored() {
    List<String> services = List.of("otel-one", "otel-two", "otel-three");
    try (Feed feed = new Feed(landscape.address())) {
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
    try (Feed feed = new Feed(landscape.straight())) {
      feed.otlpLogs(services, "hello");
      feed.otlpLog("otel-s-later", "hello");
    }
    for (String service : List.of("otel-s-one", "otel-s-two", "otel-s-later")) {
      exactly(List.of("hello"), "logs of " + service, () -> logs(service));
    }
    assertFalse(logs("otel-s-three").contains("hello"));
  }

  private List<String> logs(String service) throws Exception {
    return landscape.strings("content", Questions.logs(service));
  }
}
