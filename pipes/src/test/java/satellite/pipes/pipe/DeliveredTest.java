package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.ENVOY_ALS_V3;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.JVM;
import static satellite.pipes.protocol.ReceiverPlugin.LOG;
import static satellite.pipes.protocol.ReceiverPlugin.MANAGEMENT;
import static satellite.pipes.protocol.ReceiverPlugin.METER;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.pipes.pipe.PipeConfig.Retry;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.queue.Acknowledgement;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;
import satellite.standin.StandInOap;

/** Pipes whose senders are answered when OAP has answered, and as it did. */
class DeliveredTest extends FlowFixture {

  private static final String EVENTS = Samples.EVENTS.substring(1);
  private static final String BAD = "poisoned";

  @BeforeEach
  void delivered() {
    queue = answering(Acknowledgement.DELIVERED);
  }

  private static Caller send(ManagedChannel agent, Protocol row) {
    MethodType type =
        row.kind() == Protocol.Kind.UNARY ? MethodType.UNARY : MethodType.CLIENT_STREAMING;
    return Caller.open(agent, type, row.method()).send(Samples.good(row)).halfClose();
  }

  private long received() {
    return pipes.stream().mapToLong(pipe -> pipe.account().received()).sum();
  }

  private void assertNoneIsAnswered(List<Caller> callers) {
    callers.forEach(caller -> assertFalse(caller.isOver()));
  }

  @Test
  void everyMethodIsAnsweredWhenTheNodeHasAnswered() {
    StandInOap oap = node();
    oap.hold();
    start(ReceiverPlugin.values());
    awaitUp(1);
    ManagedChannel agent = client();
    List<Protocol> rows =
        Protocols.TABLE.stream().filter(row -> row.mode() == Protocol.Mode.ASYNCHRONOUS).toList();
    List<Caller> callers = new ArrayList<>(rows.stream().map(row -> send(agent, row)).toList());
    await("all came in", () -> received() == rows.size());
    // One connection: an answer that was given would be here before this one.
    Caller.stream(agent, Samples.EVENTS).finish();
    assertNoneIsAnswered(callers);
    oap.release();
    callers.forEach(Caller::assertAccepted);
    assertEquals(rows.size(), pipes.stream().mapToLong(p -> p.account().forwarded()).sum());
  }

  @Test
  void aCallWaitsForANodeToCome() {
    StandInOap late = deadNode();
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).halfClose();
    await("it waits", () -> account().received() == 1 && pipes.get(0).openStreams() == 0);
    assertFalse(caller.isOver());
    late.start(late.port());
    caller.assertAccepted();
    assertEquals(1, account().forwarded());
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"UNKNOWN", "INVALID_ARGUMENT", "INTERNAL", "UNIMPLEMENTED"})
  void whatTheNodeRefusesIsRefusedInItsWords(Status.Code code) {
    StandInOap oap = node();
    oap.endAfter(Samples.JVM.substring(1), 0, status(code, "no such layer"));
    start(JVM);
    Caller caller = Caller.unary(client(), Samples.JVM, Samples.jvm("shop-1", 1));
    assertEquals(code, caller.code());
    String words = caller.status().getDescription();
    assertEquals(
        "pipe jvm: "
            + Samples.JVM
            + ": "
            + code.name().toLowerCase()
            + ": node "
            + address(oap)
            + " answered: no such layer",
        words);
    assertEquals(1, account().dropped());
  }

  /** OAP would end the stream at once; here nothing that comes behind is lost for it. */
  @Test
  void aStreamWithOneBadMessageIsForwardedAndItsSenderLearnsOfItAtTheEnd() {
    StandInOap oap = node();
    oap.endWhen(
        (method, message, index) ->
            Samples.contains(message, BAD) ? status(Status.Code.INVALID_ARGUMENT, "bad") : null);
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    caller.send(Samples.event("e1")).send(Samples.event(BAD)).send(Samples.event("e2"));
    await("it is refused", () -> account().dropped() == 1);
    caller.send(Samples.event("e3"));
    await("the others are forwarded", () -> account().forwarded() == 3);
    assertFalse(caller.isOver());
    caller.halfClose();
    assertEquals(Status.Code.INVALID_ARGUMENT, caller.code());
    assertTrue(
        new TreeSet<>(Samples.eventIds(messages(Samples.EVENTS))).containsAll(Set.of("e1", "e3")));
  }

  @Test
  void aStreamIsForwardedWhileItIsOpen() {
    node();
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    for (int i = 1; i <= 3; i++) {
      caller.send(Samples.event("e" + i));
      awaitForwarded(i);
    }
    assertFalse(caller.isOver());
    caller.finish();
  }

  @Test
  void whatIsGatheredLeavesWhenItsStreamEnds() {
    gather = new PipeConfig.Gather(Duration.ofMinutes(5), 500);
    batch = new BatchLimits(Duration.ofMillis(20), 200, 1 << 20, 4);
    StandInOap oap = node();
    oap.hold();
    start(ENVOY_ALS_V3, METER);
    ManagedChannel agent = client();
    Caller logs = Caller.stream(agent, Samples.ALS);
    logs.send(Samples.accessLog("envoy-1", "/1")).send(Samples.accessLog(null, "/2")).halfClose();
    Caller meters = Caller.stream(agent, Samples.METER);
    meters.send(Samples.meter("shop", "shop-1", 1).toByteArray());
    meters.send(Samples.meter(null, null, 2).toByteArray()).halfClose();
    await("the node has both", () -> oap.held() == 2);
    assertNoneIsAnswered(List.of(logs, meters));
    oap.release();
    logs.assertAccepted();
    meters.assertAccepted();
  }

  @Test
  void aGatheredEventThatWasSplitIsAnsweredOnce() {
    gather = new PipeConfig.Gather(Duration.ofMinutes(5), 500);
    StandInOap oap = node();
    oap.endWhen(
        (method, message, index) ->
            Samples.contains(message, BAD) ? status(Status.Code.UNKNOWN, "bad") : null);
    start(ENVOY_ALS_V3);
    Caller caller = Caller.stream(client(), Samples.ALS);
    for (int i = 0; i < 20; i++) {
      caller.send(Samples.accessLog(i == 0 ? "envoy-1" : null, i == 5 ? BAD : "/" + i));
    }
    caller.halfClose();
    assertEquals(Status.Code.UNKNOWN, caller.code());
    assertEquals(19, account().forwarded());
    assertEquals(Map.of("unknown", 1L), account().droppedByReason());
  }

  @Test
  void repeatsThatAreSentOnceAreAllAnswered() {
    batch = new BatchLimits(Duration.ofMillis(200), 200, 1 << 20, 4);
    StandInOap oap = node();
    start(MANAGEMENT);
    ManagedChannel agent = client();
    List<Caller> callers =
        IntStream.range(0, 3)
            .mapToObj(i -> Caller.unary(agent, Samples.KEEP_ALIVE, Samples.keepAlive("a")))
            .toList();
    callers.forEach(Caller::assertAccepted);
    assertTrue(messages(oap, Samples.KEEP_ALIVE).size() < 3);
  }

  /** OAP would answer OK and throw it away. */
  @Test
  void aReportOfNobodyIsAnsweredAsOapWould() {
    node();
    start(METER);
    Caller.stream(client(), Samples.METER)
        .send(Samples.meter(null, null, 1).toByteArray())
        .finish();
    Caller.stream(client(), Samples.METERS).finish();
    assertEquals(Map.of("no_identity", 1L), account().droppedByReason());
  }

  @Test
  void whatIsGivenUpIsAnsweredWithTheReason() {
    retry = new Retry(2, Duration.ofMillis(5), Duration.ofMillis(10));
    node().endAfter(EVENTS, 0, status(Status.Code.UNAVAILABLE, "not today"));
    start(EVENT);
    awaitUp(1);
    Caller caller = Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).halfClose();
    assertEquals(Status.Code.UNAVAILABLE, caller.code());
    assertTrue(
        caller.status().getDescription().endsWith("attempts_exhausted_unavailable: not today"),
        () -> caller.status().toString());
  }

  @Test
  void whatAClientSentBeforeItWentAwayIsForwarded() {
    StandInOap oap = node();
    oap.hold();
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    IntStream.range(0, 10).forEach(i -> caller.send(Samples.event("e" + i)));
    caller.halfClose();
    await("the node has it", () -> oap.count(EVENTS).messages() == 10);
    caller.call.cancel("no more", null);
    oap.release();
    awaitForwarded(10);
  }

  @Test
  void whatMissedItsDeadlineIsForwarded() {
    StandInOap oap = node();
    start(EVENT);
    ManagedChannel agent = client();
    Caller.stream(agent, Samples.EVENTS).send(Samples.event("before")).finish();
    oap.hold();
    CallOptions soon = CallOptions.DEFAULT.withDeadlineAfter(1500, TimeUnit.MILLISECONDS);
    Caller caller =
        Caller.open(agent, MethodType.CLIENT_STREAMING, Samples.EVENTS, new Metadata(), soon);
    caller.send(Samples.event("late")).halfClose();
    await("the node has it", () -> oap.held() == 1);
    assertEquals(Status.Code.DEADLINE_EXCEEDED, caller.code());
    oap.release();
    awaitForwarded(2);
  }

  @Test
  void theQueuesBoundIsThatOfThoseWhoWait() {
    queue = new QueueConfig(1, 2, Duration.ofMillis(100), WhenFull.REFUSE);
    queue = answering(Acknowledgement.DELIVERED);
    StandInOap oap = node();
    oap.hold();
    start(EVENT);
    Caller waits = Caller.stream(client(), Samples.EVENTS);
    waits.send(Samples.event("1")).send(Samples.event("2")).halfClose();
    await("the queue is full", () -> account().received() == 2);
    Caller refused = Caller.stream(client(), Samples.EVENTS).send(Samples.event("3")).halfClose();
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, refused.code());
    assertFalse(waits.isOver());
    oap.release();
    waits.assertAccepted();
  }

  @Test
  void aPausedStreamGoesOnAndIsAnswered() {
    queue = new QueueConfig(1, 2, LONG, WhenFull.REFUSE);
    queue = answering(Acknowledgement.DELIVERED);
    batch = new BatchLimits(Duration.ofMillis(1), 2, 1 << 20, 1);
    node();
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    IntStream.range(0, 200).forEach(i -> caller.send(Samples.event("e" + i)));
    caller.finish();
    assertEquals(200, account().forwarded());
  }

  @Test
  void whoIsDroppedToMakeRoomIsTold() {
    queue = new QueueConfig(1, 2, Duration.ofMillis(50), WhenFull.DROP_OLDEST);
    queue = answering(Acknowledgement.DELIVERED);
    StandInOap late = deadNode();
    start(EVENT);
    ManagedChannel agent = client();
    Caller first = Caller.stream(agent, Samples.EVENTS).send(Samples.event("1")).halfClose();
    await("it waits", () -> account().received() == 1);
    Caller others = Caller.stream(agent, Samples.EVENTS);
    others.send(Samples.event("2")).send(Samples.event("3")).halfClose();
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, first.code());
    assertTrue(
        first.status().getDescription().contains("queue_full"), () -> first.status().toString());
    late.start(late.port());
    others.assertAccepted();
    assertEquals(Map.of("queue_full", 1L), account().droppedByReason());
  }

  @Test
  void whoWaitsWhenSatelliteStopsGetsTheNodesAnswer() {
    // So long that only a flush brings it out.
    batch = new BatchLimits(LONG, 200, 1 << 20, 4);
    StandInOap oap = node();
    start(EVENT);
    awaitUp(1);
    Caller caller = Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).halfClose();
    await("it waits", () -> account().received() == 1 && pipes.get(0).openStreams() == 0);
    oap.hold();
    CompletableFuture<Void> stopped = CompletableFuture.runAsync(this::stopSoon);
    await("the node has it", () -> oap.held() == 1);
    oap.release();
    caller.assertAccepted();
    stopped.join();
  }

  private void stopSoon() {
    try {
      stopServer(1_500);
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
  }

  @Test
  void whoWaitsForWhatIsGivenUpIsTold() {
    StandInOap oap = node();
    oap.hold();
    start(EVENT, JVM);
    ManagedChannel agent = client();
    Caller underWay = Caller.unary(agent, Samples.JVM, Samples.jvm("a", 1));
    await("the node has it", () -> oap.held() == 1);
    deadNodeInstead(oap);
    Caller queued = Caller.stream(agent, Samples.EVENTS).send(Samples.event("1")).halfClose();
    await("it waits", () -> account().received() == 1);
    pipes.forEach(Pipe::persist);
    for (Caller told : Arrays.asList(queued, underWay)) {
      assertEquals(Status.Code.UNAVAILABLE, told.code());
      String words = told.status().getDescription();
      assertTrue(words.endsWith("shutdown: Satellite is stopping"), words);
    }
    assertEquals(Map.of("shutdown", 1L), account().droppedByReason());
  }

  private void deadNodeInstead(StandInOap oap) {
    oap.stop();
    await("no node is up", () -> router.up().isEmpty());
  }

  @Test
  void twoModesStandBesideEachOther() {
    StandInOap oap = node();
    oap.hold();
    modes = Map.of(LOG, Acknowledgement.QUEUED);
    start(EVENT, LOG);
    ManagedChannel agent = client();
    Caller waits = Caller.stream(agent, Samples.EVENTS).send(Samples.event("1")).halfClose();
    Caller.stream(agent, Samples.LOGS).send(Samples.log("shop", "1")).finish();
    await("the node has both", () -> oap.held() == 2);
    assertFalse(waits.isOver());
    oap.release();
    waits.assertAccepted();
  }

  private Map<ReceiverPlugin, Acknowledgement> modes = Map.of();

  @Override
  public PipeConfig config(ReceiverPlugin receiver) {
    QueueConfig before = queue;
    queue = answering(modes.getOrDefault(receiver, before.acknowledgement()));
    try {
      return super.config(receiver);
    } finally {
      queue = before;
    }
  }
}
