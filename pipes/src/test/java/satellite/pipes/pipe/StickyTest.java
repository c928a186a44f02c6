package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EBPF_ACCESS_LOG;
import static satellite.pipes.protocol.ReceiverPlugin.ENVOY_METRICS_V2;
import static satellite.pipes.protocol.ReceiverPlugin.ENVOY_METRICS_V3;
import static satellite.pipes.protocol.ReceiverPlugin.METER;
import static satellite.pipes.protocol.ReceiverPlugin.OTLP_METRICS;

import io.envoyproxy.envoy.service.metrics.v3.StreamMetricsMessage;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import satellite.discovery.Node;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.grpc.ClientConfig;
import satellite.pipes.grpc.GrpcForwarder;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.queue.QueueConfig;
import satellite.standin.StandInOap;

/** Meters of one instance stay on one node, in their order, for as long as that node is there. */
class StickyTest extends FlowFixture {

  private static final int INSTANCES = 40;
  private ManagedChannel agent;
  private int round;

  /** A report of each instance. */
  private void report() {
    if (agent == null) {
      agent = client();
    }
    Caller caller = Caller.stream(agent, Samples.METERS);
    round++;
    for (int i = 0; i < INSTANCES; i++) {
      caller.send(Samples.meters("shop-" + i, round));
    }
    caller.finish();
    awaitForwarded((long) round * INSTANCES);
  }

  /** Where the reports of the latest round are, by instance. */
  private Map<String, String> places() {
    Map<String, String> places = new HashMap<>();
    for (StandInOap node : nodes) {
      for (byte[] meters : messages(node, Samples.METERS)) {
        if (Samples.value(meters) == round) {
          places.put(Samples.instance(meters), address(node));
        }
      }
    }
    assertEquals(INSTANCES, places.size());
    return places;
  }

  @Test
  void anInstanceStaysOnItsNode() {
    node();
    node();
    node();
    start(METER);
    awaitUp(3);
    report();
    Map<String, String> first = places();
    assertEquals(3, Set.copyOf(first.values()).size(), "each node has instances");
    for (int i = 0; i < 3; i++) {
      report();
      assertEquals(first, places());
    }
  }

  @Test
  void aNewNodeMovesNoKnownInstance() {
    node();
    node();
    start(METER);
    awaitUp(2);
    report();
    Map<String, String> first = places();
    StandInOap added = node();
    Set<Node> all = Set.of(at(nodes.get(0), 1), at(nodes.get(1), 1), at(added, 1));
    router.nodes(all);
    awaitUp(3);
    report();
    assertEquals(first, places());
    assertEquals(0, pipe(METER).stickyRouting().moved());
  }

  @Test
  void aDeadNodeMovesOnlyItsInstances() {
    node();
    node();
    StandInOap dies = node();
    start(METER);
    awaitUp(3);
    report();
    Map<String, String> before = places();
    dies.stop();
    awaitUp(2);
    report();
    Map<String, String> after = places();
    before.forEach(
        (instance, node) -> {
          if (node.equals(address(dies))) {
            assertNotEquals(node, after.get(instance));
          } else {
            assertEquals(node, after.get(instance));
          }
        });
    dies.start(dies.port());
    awaitUp(3);
    report();
    assertEquals(after, places(), "its return moves none back");
  }

  /**
   * What must stay on its node, whichever stream it comes on.
   *
   * @param report of an identity; a stream, or the message of a unary call
   * @param identities that a message upstream names
   */
  private record Kind(
      ReceiverPlugin receiver,
      String method,
      Function<String, List<byte[]>> report,
      Function<byte[], List<String>> identities) {

    @Override
    public String toString() {
      return method;
    }
  }

  static Stream<Kind> kinds() {
    Function<String, List<byte[]>> elements =
        id ->
            List.of(
                Samples.meter("shop", id, 1).toByteArray(),
                Samples.meter(null, null, 2).toByteArray());
    Function<byte[], List<String>> instance = message -> List.of(Samples.instance(message));
    Function<String, List<byte[]>> scrape = id -> List.of(Samples.envoyMetrics(id));
    Function<byte[], List<String>> envoy =
        message -> {
          var scraped = Samples.parse(StreamMetricsMessage.parser(), message);
          return scraped.hasIdentifier()
              ? List.of(scraped.getIdentifier().getNode().getId())
              : List.of();
        };
    return Stream.of(
        new Kind(METER, Samples.METER, elements, instance),
        new Kind(METER, "/MeterReportService/collect", elements, instance),
        new Kind(METER, Samples.METERS, id -> List.of(Samples.meters(id, 1)), instance),
        new Kind(
            ENVOY_METRICS_V2,
            "/envoy.service.metrics.v2.MetricsService/StreamMetrics",
            scrape,
            envoy),
        new Kind(
            ENVOY_METRICS_V3,
            "/envoy.service.metrics.v3.MetricsService/StreamMetrics",
            scrape,
            envoy),
        new Kind(
            OTLP_METRICS,
            "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            id -> List.of(Samples.otlpMetrics("sidecar", id)),
            Samples::otlpServices),
        new Kind(
            EBPF_ACCESS_LOG,
            "/skywalking.v3.EBPFAccessLogService/collect",
            id -> List.of(Samples.ebpfAccessLog(id), Samples.ebpfAccessLog(null)),
            message -> {
              String node = Samples.ebpfNode(message);
              return node.isEmpty() ? List.of() : List.of(node);
            }));
  }

  /** Many clients at once, several times over, in front of three nodes. */
  @ParameterizedTest
  @MethodSource("kinds")
  void whatMustStayOnItsNodeStaysThere(Kind kind) {
    queue = new QueueConfig(4, 5000, LONG, queue.whenFull());
    node();
    node();
    node();
    start(kind.receiver());
    awaitUp(3);
    List<ManagedChannel> clients = List.of(client(), client(), client(), client());
    boolean unary = Protocols.of(kind.method()).kind() == Protocol.Kind.UNARY;
    for (int i = 0; i < 4 * INSTANCES; i++) {
      List<byte[]> report = kind.report().apply("id-" + i % INSTANCES);
      ManagedChannel channel = clients.get(i % 4 ^ i / INSTANCES);
      Caller caller =
          Caller.open(
              channel, unary ? MethodType.UNARY : MethodType.CLIENT_STREAMING, kind.method());
      report.forEach(caller::send);
      caller.finish();
    }
    awaitSettled();
    Map<String, Set<String>> places = new HashMap<>();
    for (StandInOap node : nodes) {
      for (Taken one : taken(node)) {
        for (String identity : kind.identities().apply(one.message())) {
          places.computeIfAbsent(identity, any -> new HashSet<>()).add(address(node));
        }
      }
    }
    if (kind.receiver() == OTLP_METRICS) {
      places.remove("sidecar");
    }
    assertEquals(INSTANCES, places.size());
    places.forEach((identity, at) -> assertEquals(1, at.size(), identity + " is on " + at));
    assertEquals(3, Set.copyOf(places.values()).size(), "each node has some");
  }

  @Test
  void twoSatellitesAgree() {
    node();
    node();
    start(METER);
    awaitUp(2);
    report();
    Map<String, String> first = places();
    Pipe other =
        new Pipe(
            config(METER),
            router,
            new GrpcForwarder(client, PipeMetrics.NOOP, System::nanoTime),
            Storage.inMemory(memory),
            PipeMetrics.NOOP,
            new java.util.concurrent.ScheduledThreadPoolExecutor(0),
            System::nanoTime);
    first.forEach(
        (instance, node) ->
            assertEquals(
                node, other.stickyRouting().pick("shop\u0000" + instance).node().address()));
  }

  @Test
  void theOrderOfAnInstanceIsKept() {
    batch = new BatchLimits(Duration.ofMillis(1), 3, 1 << 20, 4);
    queue = new QueueConfig(4, 5000, LONG, queue.whenFull());
    node();
    node();
    start(METER);
    awaitUp(2);
    Caller caller = Caller.stream(client(), Samples.METERS);
    for (int value = 0; value < 100; value++) {
      for (int i = 0; i < 5; i++) {
        caller.send(Samples.meters("shop-" + i, value));
      }
    }
    caller.finish();
    awaitForwarded(500);
    Map<String, List<Double>> values = new HashMap<>();
    for (byte[] meters : messages(Samples.METERS)) {
      values
          .computeIfAbsent(Samples.instance(meters), any -> new ArrayList<>())
          .add(Samples.value(meters));
    }
    values.forEach(
        (instance, seen) -> assertEquals(seen.stream().sorted().toList(), seen, instance));
    assertEquals(5, values.size());
  }

  /** The batch is halved until the bad one stands alone; others wait behind it all the time. */
  @Test
  void theOrderOfAnInstanceOutlivesABadReport() {
    batch = new BatchLimits(Duration.ofMillis(1), 20, 1 << 20, 4);
    for (int i = 0; i < 2; i++) {
      node()
          .endWhen(
              (method, message, index) ->
                  Samples.instance(message).startsWith("bad") ? Status.UNKNOWN : null);
    }
    start(METER);
    awaitUp(2);
    Caller caller = Caller.stream(client(), Samples.METERS);
    for (int value = 0; value < 60; value++) {
      for (int i = 0; i < 5; i++) {
        caller.send(Samples.meters(i == 2 && value % 10 == 5 ? "bad" + value : "shop-" + i, value));
      }
    }
    caller.finish();
    awaitSettled();
    assertEquals(Map.of("unknown", 6L), account().droppedByReason());
    for (int i = 0; i < 5; i++) {
      String instance = "shop-" + i;
      int bad = i == 2 ? 6 : 0;
      List<Double> seen =
          nodes.stream().flatMap(node -> accepted(node, instance).stream()).toList();
      assertEquals(60 - bad, seen.size(), instance);
      assertEquals(seen.stream().sorted().toList(), seen, instance);
    }
  }

  /** What a node has of an instance from the calls that it answered with OK. */
  private List<Double> accepted(StandInOap node, String instance) {
    Set<Long> refused = new HashSet<>();
    for (Taken one : taken(node)) {
      if (Samples.instance(one.message()).startsWith("bad")) {
        refused.add(one.call().id());
      }
    }
    return taken(node).stream()
        .filter(one -> !refused.contains(one.call().id()) && of(instance, one.message()))
        .map(one -> Samples.value(one.message()))
        .toList();
  }

  /** A stream each, as the Java agent's reports come. */
  @Test
  void theOrderOfAnInstanceIsKeptOverItsStreams() {
    batch = new BatchLimits(Duration.ofMillis(1), 3, 1 << 20, 4);
    queue = new QueueConfig(4, 5000, LONG, queue.whenFull());
    node();
    node();
    start(METER);
    awaitUp(2);
    ManagedChannel channel = client();
    // Until a channel is connected its calls have no order.
    channel.getState(true);
    await("a connection", () -> channel.getState(false) == ConnectivityState.READY);
    List<Caller> callers = new ArrayList<>();
    for (int value = 0; value < 60; value++) {
      for (int i = 0; i < 5; i++) {
        Caller report = Caller.stream(channel, Samples.METER);
        report.send(Samples.meter("shop", "shop-" + i, value).toByteArray());
        callers.add(report.halfClose());
      }
    }
    callers.forEach(Caller::assertAccepted);
    awaitForwarded(300);
    List<Double> reported = IntStream.range(0, 60).mapToObj(value -> (double) value).toList();
    Map<String, List<Double>> seen = new HashMap<>();
    for (byte[] meters : messages(Samples.METERS)) {
      seen.computeIfAbsent(Samples.instance(meters), any -> new ArrayList<>())
          .add(Samples.value(meters));
    }
    assertEquals(5, seen.size());
    seen.forEach((instance, order) -> assertEquals(reported, order, instance));
  }

  @Test
  void aHungNodeHoldsUpOnlyItsOwnInstances() {
    batch = new BatchLimits(Duration.ofMillis(5), 10, 1 << 20, 1);
    StandInOap hung = node();
    StandInOap works = node();
    start(METER);
    awaitUp(2);
    report();
    Map<String, String> places = places();
    long onHung = places.values().stream().filter(address(hung)::equals).count();
    assertTrue(onHung > 0 && onHung < INSTANCES);
    hung.hold();
    Caller caller = Caller.stream(agent, Samples.METERS);
    for (int i = 0; i < INSTANCES; i++) {
      caller.send(Samples.meters("shop-" + i, 2));
    }
    caller.finish();
    await("the other node's are through", () -> works.messages() == 2 * (INSTANCES - onHung));
    hung.release();
    awaitForwarded(2 * INSTANCES);
  }

  /** Reports of some instances, a round of them for each of the values. */
  private void reports(int instances, int from, int to) {
    Caller caller = Caller.stream(client(), Samples.METERS);
    for (int value = from; value < to; value++) {
      for (int i = 0; i < instances; i++) {
        caller.send(Samples.meters("shop-" + i, value));
      }
    }
    caller.finish();
  }

  /** What a node has of each instance is what it reported, in its order. */
  private void assertOrdered(StandInOap node, int instances, int values) {
    Map<String, List<Double>> seen = new HashMap<>();
    for (byte[] meters : messages(node, Samples.METERS)) {
      seen.computeIfAbsent(Samples.instance(meters), any -> new ArrayList<>())
          .add(Samples.value(meters));
    }
    List<Double> reported = IntStream.range(0, values).mapToObj(value -> (double) value).toList();
    assertEquals(instances, seen.size());
    seen.forEach((instance, order) -> assertEquals(reported, order, instance));
  }

  @Test
  void aReportThatIsTriedAgainIsNotOvertaken() {
    batch = new BatchLimits(Duration.ofMillis(1), 3, 1 << 20, 4);
    retry = new PipeConfig.Retry(0, Duration.ofMillis(100), Duration.ofMillis(100));
    client = new ClientConfig(null, "", LONG, Duration.ofSeconds(5), LONG);
    StandInOap refuses = node();
    refuses.endAfter(Samples.METERS.substring(1), 0, Status.UNAVAILABLE);
    StandInOap takes = node();
    start(METER);
    awaitUp(2);
    reports(10, 0, 20);
    awaitForwarded(200);
    assertTrue(refuses.count(Samples.METERS.substring(1)).calls() >= 3, "it was tried");
    assertOrdered(takes, 10, 20);
  }

  @Test
  void aReportThatANodeTookWithItIsNotOvertaken() {
    batch = new BatchLimits(Duration.ofMillis(1), 3, 1 << 20, 4);
    retry = new PipeConfig.Retry(0, Duration.ofMillis(100), Duration.ofMillis(100));
    StandInOap dies = node();
    StandInOap stays = node();
    start(METER);
    awaitUp(2);
    dies.hold();
    reports(10, 0, 10);
    await("it has some", () -> dies.messages() > 0);
    dies.stop();
    reports(10, 10, 20);
    awaitForwarded(200);
    assertOrdered(stays, 10, 20);
  }

  private static boolean of(String instance, byte[] meters) {
    return Samples.instance(meters).equals(instance);
  }

  /** It is out of the list, and still has a report: what follows of its instances waits. */
  @Test
  void aReportIsNotOvertakenOnAnotherNode() {
    batch = new BatchLimits(Duration.ofMillis(1), 100, 1 << 20, 4);
    StandInOap leaves = node();
    StandInOap stays = node();
    start(METER);
    awaitUp(2);
    report();
    Map<String, String> places = places();
    List<String> moving =
        places.keySet().stream().filter(i -> places.get(i).equals(address(leaves))).toList();
    leaves.hold();
    String first = moving.get(0);
    Caller caller = Caller.stream(agent, Samples.METERS).send(Samples.meters(first, 2));
    await("it has the report", () -> leaves.held() == 1);
    router.nodes(Set.of(at(stays, 1)));
    caller.send(Samples.meters(first, 3));
    moving.stream().skip(1).forEach(other -> caller.send(Samples.meters(other, 3)));
    caller.finish();
    await("the others moved", () -> messages(stays, Samples.METERS).size() == INSTANCES - 1);
    assertFalse(messages(stays, Samples.METERS).stream().anyMatch(m -> of(first, m)));
    leaves.release();
    awaitForwarded(INSTANCES + 1 + moving.size());
    assertEquals(1, messages(stays, Samples.METERS).stream().filter(m -> of(first, m)).count());
  }
}
