package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.ENVOY_ALS_V3;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.JVM;
import static satellite.pipes.protocol.ReceiverPlugin.LOG;
import static satellite.pipes.protocol.ReceiverPlugin.MANAGEMENT;
import static satellite.pipes.protocol.ReceiverPlugin.METER;
import static satellite.pipes.protocol.ReceiverPlugin.TRACING;

import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor.MethodType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.skywalking.apm.network.language.agent.v3.MeterDataCollection;
import org.junit.jupiter.api.Test;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.standin.StandInOap;

/** The healthy path: what goes in, what arrives at the nodes, when, and at which of them. */
class ForwardingTest extends FlowFixture {

  @Test
  void everyAsynchronousMethodIsAnsweredAndArrivesAsItsTarget() {
    StandInOap oap = node();
    start(ReceiverPlugin.values());
    ManagedChannel agent = client();
    Map<String, Integer> targets = new LinkedHashMap<>();
    for (Protocol protocol : Protocols.TABLE) {
      if (protocol.mode() != Protocol.Mode.ASYNCHRONOUS) {
        continue;
      }
      MethodType type =
          protocol.kind() == Protocol.Kind.UNARY ? MethodType.UNARY : MethodType.CLIENT_STREAMING;
      Caller caller = Caller.open(agent, type, protocol.method());
      caller.send(Samples.good(protocol)).finish();
      targets.merge(protocol.forwarding().target(), 1, Integer::sum);
    }
    awaitSettled();
    assertTrue(targets.size() > 20, () -> "only " + targets.keySet());
    targets.forEach(
        (target, calls) -> assertTrue(!messages(oap, target).isEmpty(), "nothing at " + target));
    long received = pipes.stream().mapToLong(pipe -> pipe.account().received()).sum();
    long forwarded = pipes.stream().mapToLong(pipe -> pipe.account().forwarded()).sum();
    assertEquals(targets.values().stream().mapToInt(Integer::intValue).sum(), received);
    assertEquals(received, forwarded);
  }

  @Test
  void segmentsOfAStreamBecomeOneUnaryCollection() {
    batch = new BatchLimits(Duration.ofSeconds(10), 3, 1 << 20, 4);
    StandInOap oap = node();
    start(TRACING);
    Caller.stream(client(), Samples.SEGMENTS)
        .send(Samples.segment("a"))
        .send(Samples.segment("b"))
        .send(Samples.segment("c"))
        .finish();
    awaitForwarded(3);
    List<byte[]> calls = messages(oap, Samples.SEGMENTS_IN_SYNC);
    assertEquals(1, calls.size());
    assertEquals(List.of("a", "b", "c"), Samples.segmentIds(calls));
    assertEquals(0, messages(oap, Samples.SEGMENTS).size());
  }

  @Test
  void accessLogsOfAStreamBecomeOneMessageWithTheIdentifierOnce() {
    StandInOap oap = node();
    start(ENVOY_ALS_V3);
    Caller.stream(client(), Samples.ALS)
        .send(Samples.accessLog("envoy-1", "/1"))
        .send(Samples.accessLog(null, "/2"))
        .send(Samples.accessLog(null, "/3"))
        .finish();
    awaitForwarded(3);
    List<byte[]> messages = messages(oap, Samples.SATELLITE_ALS);
    assertEquals(List.of("/1", "/2", "/3"), Samples.paths(messages));
    assertEquals(1, messages.size());
    assertEquals("envoy-1", Samples.envoy(messages.get(0)));
  }

  @Test
  void envoysOnOneUpstreamStreamKeepTheirNames() {
    batch = new BatchLimits(Duration.ofMillis(200), 200, 1 << 20, 4);
    StandInOap oap = node();
    start(ENVOY_ALS_V3);
    ManagedChannel one = client();
    ManagedChannel two = client();
    Caller first = Caller.stream(one, Samples.ALS).send(Samples.accessLog("envoy-1", "/1"));
    Caller second = Caller.stream(two, Samples.ALS).send(Samples.accessLog("envoy-2", "/2"));
    first.finish();
    second.finish();
    awaitForwarded(2);
    for (byte[] message : messages(oap, Samples.SATELLITE_ALS)) {
      assertEquals(
          Samples.envoy(message).replace("envoy-", "/"), Samples.paths(List.of(message)).get(0));
    }
  }

  @Test
  void aMeterStreamBecomesOneReportThatKeepsItsReporter() {
    StandInOap oap = node();
    start(METER);
    Caller caller = Caller.stream(client(), Samples.METER);
    caller.send(Samples.meter("shop", "shop-1", 1).toByteArray());
    caller.send(Samples.meter(null, null, 2).toByteArray());
    await("both are read", () -> account().received() == 2);
    assertEquals(0, account().forwarded(), "a report is sent when it is complete");
    caller.finish();
    awaitForwarded(2);
    List<byte[]> reports = messages(oap, Samples.METERS);
    assertEquals(1, reports.size());
    var report = Samples.parse(MeterDataCollection.parser(), reports.get(0));
    assertEquals(2, report.getMeterDataCount());
    assertEquals("shop-1", report.getMeterData(0).getServiceInstance());
  }

  @Test
  void jvmMetricsOfOneInstanceAreJoinedAndOfTwoAreNot() {
    batch = new BatchLimits(Duration.ofSeconds(10), 3, 1 << 20, 4);
    StandInOap oap = node();
    start(JVM);
    ManagedChannel agent = client();
    Caller.unary(agent, Samples.JVM, Samples.jvm("a", 1)).assertAccepted();
    Caller.unary(agent, Samples.JVM, Samples.jvm("b", 2)).assertAccepted();
    Caller.unary(agent, Samples.JVM, Samples.jvm("a", 3)).assertAccepted();
    awaitForwarded(3);
    assertEquals(2, oap.count(Samples.JVM.substring(1)).calls());
  }

  @Test
  void repeatedKeepAlivesOfAFlushAreSentOnceAndAllCounted() {
    batch = new BatchLimits(Duration.ofSeconds(10), 5, 1 << 20, 4);
    StandInOap oap = node();
    start(MANAGEMENT);
    ManagedChannel agent = client();
    for (String instance : List.of("a", "a", "b", "a", "b")) {
      Caller.unary(agent, Samples.KEEP_ALIVE, Samples.keepAlive(instance)).assertAccepted();
    }
    awaitForwarded(5);
    assertEquals(2, oap.count(Samples.KEEP_ALIVE.substring(1)).calls());
  }

  @Test
  void logsOfTwoServicesGoOnTwoUpstreamStreams() {
    batch = new BatchLimits(Duration.ofSeconds(10), 4, 1 << 20, 4);
    StandInOap oap = node();
    start(LOG);
    Caller.stream(client(), Samples.LOGS)
        .send(Samples.log("shop", "1"))
        .send(Samples.log("cart", "2"))
        .send(Samples.log("shop", "3"))
        .send(Samples.log("", "4"))
        .finish();
    awaitForwarded(4);
    assertEquals(2, oap.count(Samples.LOGS.substring(1)).calls());
    Map<Long, List<String>> byStream = new LinkedHashMap<>();
    taken(oap)
        .forEach(
            one ->
                byStream
                    .computeIfAbsent(one.call().id(), id -> new ArrayList<>())
                    .add(Samples.logText(one.message())));
    assertEquals(Set.of(List.of("1", "3", "4"), List.of("2")), Set.copyOf(byStream.values()));
  }

  @Test
  void oneLongStreamIsSpreadEvenlyOverThreeNodes() {
    // A node that is busy gets less than its turn; here none is too busy.
    batch = new BatchLimits(Duration.ofSeconds(10), 10, 1 << 20, 1000);
    node();
    node();
    node();
    start(TRACING);
    awaitUp(3);
    // As many at a time as all have places for at first.
    for (int sent = 200; sent <= 600; sent += 200) {
      sendSegments(200);
      awaitForwarded(sent);
    }
    for (StandInOap node : nodes) {
      int share = Samples.segmentIds(messages(node, Samples.SEGMENTS_IN_SYNC)).size();
      assertTrue(share > 150 && share < 250, () -> share + " of 600 at one of three nodes");
    }
    assertEquals(600, Set.copyOf(Samples.segmentIds(messages(Samples.SEGMENTS_IN_SYNC))).size());
  }

  @Test
  void weightsShiftTheShares() {
    batch = new BatchLimits(Duration.ofSeconds(10), 10, 1 << 20, 1000);
    StandInOap heavy = node();
    StandInOap light = node();
    start(Set.of(at(heavy, 3), at(light, 1)), TRACING);
    awaitUp(2);
    // As many at a time as both have places for at first.
    for (int sent = 80; sent <= 800; sent += 80) {
      sendSegments(80);
      awaitForwarded(sent);
    }
    int share = Samples.segmentIds(messages(heavy, Samples.SEGMENTS_IN_SYNC)).size();
    assertEquals(600, share, 60);
  }

  private int segments;

  private void sendSegments(int count) {
    Caller caller = Caller.stream(client(), Samples.SEGMENTS);
    IntStream.range(0, count).forEach(i -> caller.send(Samples.segment("s" + segments++)));
    caller.finish();
  }

  @Test
  void aBatchLeavesAtItsCount() {
    batch = new BatchLimits(Duration.ofMinutes(5), 4, 1 << 20, 4);
    StandInOap oap = node();
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    IntStream.range(0, 4).forEach(i -> caller.send(Samples.event("e" + i)));
    awaitForwarded(4);
    assertEquals(1, oap.count(Samples.EVENTS.substring(1)).calls());
    caller.finish();
  }

  @Test
  void aBatchLeavesAtItsBytes() {
    batch = new BatchLimits(Duration.ofMinutes(5), 1000, 10_000, 4);
    StandInOap oap = node();
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    IntStream.range(0, 3).forEach(i -> caller.send(Samples.event("e" + i, 4_000)));
    await("a batch left", () -> account().forwarded() > 0);
    pipes.get(0).flush();
    awaitForwarded(3);
    assertEquals(2, oap.count(Samples.EVENTS.substring(1)).calls());
    caller.finish();
  }

  @Test
  void anEventWaitsNoLongerThanTheFlushTime() {
    batch = new BatchLimits(Duration.ofMillis(300), 1000, 1 << 20, 4);
    node();
    start(EVENT);
    awaitUp(1);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    for (int i = 1; i <= 3; i++) {
      long sent = System.nanoTime();
      caller.send(Samples.event("e" + i));
      awaitForwarded(i);
      Duration took = Duration.ofNanos(System.nanoTime() - sent);
      assertTrue(took.toMillis() >= 250, () -> "left alone already after " + took);
    }
    caller.finish();
  }

  @Test
  void gatheringDoesNotMakeAnAccessLogWaitLonger() {
    gather = new PipeConfig.Gather(Duration.ofMinutes(5), 1_000_000);
    batch = new BatchLimits(Duration.ofMillis(200), 1000, 1 << 20, 4);
    node();
    start(ENVOY_ALS_V3);
    Caller caller = Caller.stream(client(), Samples.ALS);
    // Several, as the reads of a connection are coalesced only once it is known.
    for (int i = 1; i <= 4; i++) {
      caller.send(Samples.accessLog("envoy-1", "/" + i));
      awaitForwarded(i);
    }
    caller.finish();
  }

  @Test
  void flushSendsWhatWaits() {
    batch = new BatchLimits(Duration.ofMinutes(5), 1000, 1 << 20, 4);
    node();
    start(EVENT);
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("e")).finish();
    await("it is queued", () -> pipes.get(0).queue().events() == 1);
    pipes.get(0).flush();
    awaitForwarded(1);
  }
}
