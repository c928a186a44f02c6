package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.ENVOY_ALS_V3;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.METER;
import static satellite.pipes.protocol.ReceiverPlugin.TRACING;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.grpc.ClientConfig;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.pipes.pipe.PipeConfig.Retry;
import satellite.standin.StandInOap;

/** A message that a node does not take costs only itself, and is counted with the reason. */
class PoisonTest extends FlowFixture {

  private static final String BAD = "poisoned";

  /** Ids of what the node took in calls that it answered with OK. */
  private final TreeSet<String> accepted = new TreeSet<>();

  @BeforeEach
  void oneBatchOfAll() {
    batch = new BatchLimits(Duration.ofMillis(300), 200, 1 << 20, 4);
  }

  private void refusePoison(StandInOap oap, Status.Code code) {
    oap.endWhen(
        (method, message, index) ->
            Samples.contains(message, BAD) ? status(code, "Application error") : null);
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"UNKNOWN", "INVALID_ARGUMENT", "INTERNAL", "DATA_LOSS"})
  void oneBadMessageOfAStreamIsDroppedAlone(Status.Code code) {
    StandInOap oap = node();
    refusePoison(oap, code);
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    for (int i = 0; i < 20; i++) {
      caller.send(Samples.event(i == 7 ? BAD : "e" + i));
    }
    caller.finish();
    awaitSettled();
    assertEquals(19, account().forwarded());
    assertEquals(Map.of(code.name().toLowerCase(Locale.ROOT), 1L), account().droppedByReason());
    accepted.addAll(Samples.eventIds(messages(oap, Samples.EVENTS)));
    IntStream.range(0, 20)
        .filter(i -> i != 7)
        .forEach(i -> assertTrue(accepted.contains("e" + i), () -> "e" + i + " is missing"));
  }

  @Test
  void oneBadSegmentOfACollectionIsDroppedAlone() {
    StandInOap oap = node();
    refusePoison(oap, Status.Code.UNKNOWN);
    start(TRACING);
    Caller caller = Caller.stream(client(), Samples.SEGMENTS);
    for (int i = 0; i < 20; i++) {
      caller.send(Samples.segment(i == 13 ? BAD : "s" + i));
    }
    caller.finish();
    awaitSettled();
    assertEquals(19, account().forwarded());
    assertEquals(Map.of("unknown", 1L), account().droppedByReason());
    List<byte[]> taken =
        messages(oap, Samples.SEGMENTS_IN_SYNC).stream()
            .filter(message -> !Samples.contains(message, BAD))
            .toList();
    assertEquals(19, Samples.segmentIds(taken).size(), "each good one once");
  }

  @Test
  void oneBadAccessLogOfAGatheredEventIsDroppedAlone() {
    gather = new PipeConfig.Gather(Duration.ofMillis(200), 500);
    StandInOap oap = node();
    refusePoison(oap, Status.Code.UNKNOWN);
    start(ENVOY_ALS_V3);
    Caller caller = Caller.stream(client(), Samples.ALS);
    for (int i = 0; i < 20; i++) {
      caller.send(Samples.accessLog(i == 0 ? "envoy-1" : null, i == 5 ? BAD : "/" + i));
    }
    caller.finish();
    awaitSettled();
    assertEquals(19, account().forwarded());
    assertEquals(Map.of("unknown", 1L), account().droppedByReason());
    List<byte[]> taken =
        messages(oap, Samples.SATELLITE_ALS).stream()
            .filter(message -> !Samples.contains(message, BAD))
            .toList();
    assertEquals(19, Samples.paths(taken).size(), "each good one once");
    taken.forEach(message -> assertEquals("envoy-1", Samples.envoy(message)));
  }

  @Test
  void badMessagesOfManyEnvoysCostOnlyThemselves() {
    StandInOap oap = node();
    refusePoison(oap, Status.Code.UNKNOWN);
    start(ENVOY_ALS_V3);
    for (int envoy = 0; envoy < 5; envoy++) {
      Caller caller = Caller.stream(client(), Samples.ALS);
      for (int i = 0; i < 6; i++) {
        String path = "/" + envoy + "/" + i;
        caller.send(Samples.accessLog(i == 0 ? "envoy-" + envoy : null, i == envoy ? BAD : path));
      }
      caller.finish();
    }
    awaitSettled();
    assertEquals(25, account().forwarded());
    assertEquals(Map.of("unknown", 5L), account().droppedByReason());
  }

  @Test
  void oneBadReportOfAStickyStreamIsDroppedAlone() {
    StandInOap oap = node();
    refusePoison(oap, Status.Code.UNKNOWN);
    start(METER);
    Caller caller = Caller.stream(client(), Samples.METERS);
    for (int i = 0; i < 9; i++) {
      caller.send(Samples.meters(i == 4 ? BAD : "shop-" + i, i));
    }
    caller.finish();
    awaitSettled();
    assertEquals(8, account().forwarded());
    assertEquals(Map.of("unknown", 1L), account().droppedByReason());
  }

  @Test
  void anUnknownMethodDropsTheBatchAtOnce() {
    StandInOap oap = node();
    oap.endAfter(Samples.EVENTS.substring(1), 0, status(Status.Code.UNIMPLEMENTED, "module off"));
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    IntStream.range(0, 10).forEach(i -> caller.send(Samples.event("e" + i)));
    caller.finish();
    awaitSettled();
    assertEquals(Map.of("unimplemented", 10L), account().droppedByReason());
    assertEquals(1, oap.count(Samples.EVENTS.substring(1)).calls());
    assertEquals(1, router.up().size(), "the node is not to blame");
  }

  @Test
  void theAttemptLimitDrops() {
    retry = new Retry(3, Duration.ofMillis(1), Duration.ofMillis(5));
    StandInOap oap = node();
    oap.endAfter(Samples.EVENTS.substring(1), 0, Status.UNAVAILABLE);
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    IntStream.range(0, 10).forEach(i -> caller.send(Samples.event("e" + i)));
    caller.finish();
    awaitSettled();
    assertEquals(Map.of("attempts_exhausted_unavailable", 10L), account().droppedByReason());
    assertEquals(3, oap.count(Samples.EVENTS.substring(1)).calls());
  }

  @Test
  void theAttemptLimitAlsoCountsWhereABatchIsBoundToANode() {
    client = new ClientConfig(null, "", Duration.ofMillis(50), Duration.ofSeconds(5), LONG);
    retry = new Retry(5, Duration.ofMillis(1), Duration.ofMillis(5));
    node().endAfter(Samples.METERS.substring(1), 0, Status.UNAVAILABLE);
    node().endAfter(Samples.METERS.substring(1), 0, Status.UNAVAILABLE);
    start(METER);
    Caller.stream(client(), Samples.METERS).send(Samples.meters("shop-1", 1)).finish();
    await("it is given up", () -> account().dropped() == 1);
    assertEquals(Map.of("attempts_exhausted_unavailable", 1L), account().droppedByReason());
    assertEquals(
        5, nodes.stream().mapToLong(n -> n.count(Samples.METERS.substring(1)).calls()).sum());
  }

  @Test
  void overloadIsRetriedUntilItPasses() {
    StandInOap oap = node();
    oap.endAfter(
        Samples.EVENTS.substring(1),
        0,
        status(Status.Code.RESOURCE_EXHAUSTED, "Watermark exceeded"));
    start(EVENT);
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("e")).finish();
    await("it was refused", () -> oap.count(Samples.EVENTS.substring(1)).calls() >= 2);
    oap.behave();
    awaitForwarded(1);
    assertEquals(0, account().dropped());
  }

  @Test
  void aMessageOverTheSizeLimitIsSplit() {
    StandInOap oap = node();
    oap.endWhen(
        (method, message, index) ->
            message.length > 5_000
                ? status(
                    Status.Code.RESOURCE_EXHAUSTED,
                    "gRPC message exceeds maximum size 5000: " + message.length)
                : null);
    start(TRACING);
    Caller caller = Caller.stream(client(), Samples.SEGMENTS);
    IntStream.range(0, 10)
        .forEach(i -> caller.send(Samples.segment("s" + i, i == 3 ? 6_000 : 1_500)));
    caller.finish();
    awaitSettled();
    assertEquals(9, account().forwarded());
    assertEquals(Map.of("too_large", 1L), account().droppedByReason());
    assertEquals(1, router.up().size());
  }

  @Test
  void anAnswerBeforeEverythingWasSentIsNotBelieved() {
    batch = new BatchLimits(Duration.ofMillis(300), 200, 8 << 20, 4);
    StandInOap oap = node();
    String method = Samples.EVENTS.substring(1);
    oap.endAfter(method, 1, Status.OK);
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    // More than flow control lets out at once.
    IntStream.range(0, 40).forEach(i -> caller.send(Samples.event("e" + i, 100_000)));
    caller.finish();
    await("it was answered early", () -> oap.count(method).calls() >= 2);
    oap.behave();
    awaitForwarded(40);
    assertEquals(0, account().dropped());
  }
}
