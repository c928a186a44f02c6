package satellite.pipes.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.LOG;
import static satellite.pipes.protocol.ReceiverPlugin.MANAGEMENT;
import static satellite.pipes.protocol.ReceiverPlugin.TRACING;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.ScriptedNode;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;
import satellite.standin.StandInOap;

/**
 * Nodes that do not keep up: clients are slowed down, memory stays bounded, nothing is lost unsaid.
 */
class FullQueueTest extends FlowFixture {

  private static final String EVENTS = Samples.EVENTS.substring(1);

  @BeforeEach
  void smallQueue() {
    queue = new QueueConfig(1, 10, LONG, WhenFull.REFUSE);
    batch = new BatchLimits(Duration.ofMillis(1), 2, 1 << 20, 1);
  }

  private static QueueConfig full(Duration timeout, WhenFull whenFull) {
    return new QueueConfig(1, 10, timeout, whenFull);
  }

  private void awaitFull() {
    await("the queue is full", () -> account().received() >= 10);
  }

  @Test
  void aStreamPausesWhileTheQueueIsFullAndGoesOnAfterwards() {
    StandInOap oap = node();
    oap.hold();
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    byte[] kilobyte = Samples.event("e", 1000);
    int[] sent = {0};
    await(
        "the stream is paused",
        () -> {
          sent[0] += caller.sendWhileReady(kilobyte, 5000 - sent[0]);
          return account().received() == 10 && !caller.call.isReady();
        });
    // What flow control lets out, what the client buffers, what the queue holds.
    assertTrue(sent[0] < 400, () -> sent[0] + " messages of 1 kB were let out");
    assertFalse(caller.isOver());
    oap.release();
    await(
        "all are sent",
        () -> {
          sent[0] += caller.sendWhileReady(kilobyte, 2000 - sent[0]);
          return sent[0] == 2000;
        });
    caller.finish();
    awaitForwarded(2000);
    assertEquals(0, account().refused());
  }

  /** With the stream went what its client had sent behind that message: 908 for 4. */
  @Test
  void aStreamIsReadOnPastWhatWaitedTooLongAndToldAtItsEnd() {
    queue = full(Duration.ofMillis(200), WhenFull.REFUSE);
    StandInOap oap = node();
    oap.hold();
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    IntStream.range(0, 12).forEach(i -> caller.send(Samples.event("e" + i)));
    await("two are refused", () -> account().refused() == 2);
    assertFalse(caller.isOver());
    oap.release();
    awaitForwarded(10);
    caller.send(Samples.event("later"));
    awaitForwarded(11);
    caller.halfClose();
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, caller.code());
    assertEquals(
        "pipe event: the queue has been full for too long, 2 of its messages were refused",
        caller.status().getDescription());
    assertEquals(Map.of("queue_full", 2L), account().refusedByReason());
  }

  @Test
  void aUnaryCallThatWaitedTooLongIsRefused() {
    queue = new QueueConfig(1, 1, Duration.ofMillis(100), WhenFull.REFUSE);
    StandInOap oap = node();
    oap.hold();
    start(MANAGEMENT);
    ManagedChannel agent = client();
    Caller.unary(agent, Samples.KEEP_ALIVE, Samples.keepAlive("a")).assertAccepted();
    Caller refused = Caller.unary(agent, Samples.KEEP_ALIVE, Samples.keepAlive("b"));
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, refused.code());
    assertEquals(Map.of("queue_full", 1L), account().refusedByReason());
    oap.release();
    awaitForwarded(1);
  }

  @Test
  void aUnaryCallThatWaitedIsAccepted() {
    queue = new QueueConfig(1, 1, LONG, WhenFull.REFUSE);
    StandInOap oap = node();
    oap.hold();
    start(MANAGEMENT);
    ManagedChannel agent = client();
    Caller.unary(agent, Samples.KEEP_ALIVE, Samples.keepAlive("a")).assertAccepted();
    Caller waits = Caller.unary(agent, Samples.KEEP_ALIVE, Samples.keepAlive("b"));
    await("the node has the first", () -> oap.held() == 1);
    assertFalse(waits.isOver());
    oap.release();
    waits.assertAccepted();
    awaitForwarded(2);
  }

  @Test
  void theOldestAreDroppedWhereSoConfigured() {
    queue = full(Duration.ofMillis(50), WhenFull.DROP_OLDEST);
    StandInOap oap = node();
    oap.hold();
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    IntStream.range(0, 30).forEach(i -> caller.send(Samples.event("e" + i)));
    caller.finish();
    await("the account says so", () -> account().dropped() == 20);
    assertEquals(Map.of("queue_full", 20L), account().droppedByReason());
    assertEquals(0, account().refused());
    oap.release();
    awaitForwarded(10);
    List<String> ids = Samples.eventIds(messages(Samples.EVENTS));
    // Two batches of two had left the queue, or were about to; of the others the latest stay.
    assertEquals(
        IntStream.range(24, 30).mapToObj(i -> "e" + i).toList(),
        ids.subList(ids.size() - 6, ids.size()));
  }

  @Test
  void theOldestAreGivenTimeAgainWhenTheQueueIsFullASecondTime() {
    queue = full(Duration.ofMillis(400), WhenFull.DROP_OLDEST);
    StandInOap oap = node();
    oap.hold();
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    IntStream.range(10, 21).forEach(i -> caller.send(Samples.event("e" + i)));
    await("one is dropped", () -> account().dropped() == 1);
    long dropped = System.nanoTime();
    oap.release();
    awaitForwarded(10);
    // It goes well for a while.
    await("as long as a pause", () -> System.nanoTime() - dropped > 400_000_000L);
    caller.send(Samples.event("yes"));
    awaitForwarded(11);
    oap.hold();
    long since = System.nanoTime();
    IntStream.range(10, 21).forEach(i -> caller.send(Samples.event("f" + i)));
    await("another one is dropped", () -> account().dropped() == 2);
    Duration took = Duration.ofNanos(System.nanoTime() - since);
    assertTrue(took.toMillis() >= 350, () -> "dropped already after " + took);
    oap.release();
    caller.finish();
  }

  @Test
  void manyPausedStreamsGoOnWithoutLoss() {
    StandInOap oap = node();
    oap.hold();
    start(EVENT);
    List<Caller> callers = new ArrayList<>();
    for (int c = 0; c < 20; c++) {
      Caller caller = Caller.stream(client(), Samples.EVENTS);
      IntStream.range(0, 20).forEach(i -> caller.send(Samples.event("e" + i)));
      callers.add(caller.halfClose());
    }
    awaitFull();
    oap.release();
    callers.forEach(Caller::assertAccepted);
    awaitForwarded(400);
    assertEquals(0, account().refused());
  }

  @Test
  void aPausedStreamThatGoesAwayTakesNoOthersTurn() {
    queue = new QueueConfig(1, 1, LONG, WhenFull.REFUSE);
    StandInOap oap = node();
    oap.hold();
    start(EVENT);
    ManagedChannel agent = client();
    Caller.stream(agent, Samples.EVENTS).send(Samples.event("first")).finish();
    await("the node has it", () -> oap.count(EVENTS).messages() == 1);
    Caller goes = Caller.stream(agent, Samples.EVENTS).send(Samples.event("goes"));
    Caller stays = Caller.stream(agent, Samples.EVENTS).send(Samples.event("stays")).halfClose();
    await("both wait", () -> pipes.get(0).openStreams() == 2);
    goes.call.cancel("enough", null);
    await("one waits", () -> pipes.get(0).openStreams() == 1);
    oap.release();
    await("the other is served", stays::isOver);
    stays.assertAccepted();
    awaitForwarded(2);
    assertEquals(Map.of("cancelled", 1L), account().refusedByReason());
  }

  @Test
  void memoryStaysWithinTheBudget() {
    memoryBytes = 1 << 20;
    queue = new QueueConfig(4, 100_000, Duration.ofMillis(500), WhenFull.REFUSE);
    StandInOap oap = node();
    oap.hold();
    start(EVENT, TRACING, LOG);
    List<Caller> callers = new ArrayList<>();
    for (int c = 0; c < 3; c++) {
      ManagedChannel agent = client();
      Caller events = Caller.stream(agent, Samples.EVENTS);
      Caller segments = Caller.stream(client(), Samples.SEGMENTS);
      for (int i = 0; i < 60; i++) {
        events.send(Samples.event("e" + i, 20_000));
        segments.send(Samples.segment("s" + i, 20_000));
      }
      callers.add(events.halfClose());
      callers.add(segments.halfClose());
    }
    AtomicLong most = new AtomicLong();
    await(
        "all are refused",
        () -> {
          most.accumulateAndGet(memory.usedBytes(), Math::max);
          return callers.stream().allMatch(Caller::isOver);
        });
    // Who asks in vain is counted for an instant: one message of each stream.
    long within = memoryBytes + callers.size() * 21_000L;
    assertTrue(most.get() <= within, () -> most + " bytes of " + memoryBytes);
    assertTrue(memory.usedBytes() <= memoryBytes);
    assertTrue(memory.usedBytes() > memoryBytes / 2, () -> memory.usedBytes() + " bytes");
    callers.forEach(caller -> assertEquals(Status.Code.RESOURCE_EXHAUSTED, caller.code()));
    // Some is left for a pipe that had nothing until now.
    Caller.stream(client(), Samples.LOGS).send(Samples.log("shop", "x")).finish();
    oap.release();
  }

  @Test
  void aFullPipeDoesNotHoldUpAnother() {
    try (ScriptedNode oap = new ScriptedNode()) {
      start(Set.of(oap.place()), EVENT, MANAGEMENT);
      Caller paused = Caller.stream(client(), Samples.EVENTS);
      IntStream.range(0, 40).forEach(i -> paused.send(Samples.event("e" + i)));
      awaitFull();
      ScriptedNode.Taken events = oap.next();
      Caller.unary(client(), Samples.KEEP_ALIVE, Samples.keepAlive("a")).assertAccepted();
      ScriptedNode.Taken ping = oap.next();
      assertEquals(Samples.KEEP_ALIVE.substring(1), ping.method());
      answer(ping);
      await("it is forwarded", () -> pipe(MANAGEMENT).account().forwarded() == 1);
      answer(events);
      paused.halfClose();
      while (account().forwarded() < 40) {
        await("another batch", () -> oap.hasCalls() || account().forwarded() == 40);
        if (oap.hasCalls()) {
          answer(oap.next());
        }
      }
    }
  }

  private static void answer(ScriptedNode.Taken call) {
    call.call.request(1000);
    call.awaitHalfClose();
    call.accept();
  }

  @Test
  void aPausedStreamLeavesItsConnectionToTheOthers() {
    StandInOap oap = node();
    oap.hold();
    start(EVENT, MANAGEMENT, LOG);
    ManagedChannel agent = client();
    Caller paused = Caller.stream(agent, Samples.EVENTS);
    // More than HTTP/2 lets out.
    IntStream.range(0, 1000).forEach(i -> paused.send(Samples.event("e" + i, 1000)));
    awaitFull();
    await("the client cannot send more", () -> !paused.call.isReady());
    Caller ping = Caller.unary(agent, Samples.KEEP_ALIVE, Samples.keepAlive("a"));
    await("a call of another pipe is answered", ping::isOver);
    ping.assertAccepted();
    Caller logs = Caller.stream(agent, Samples.LOGS);
    IntStream.range(0, 10).forEach(i -> logs.send(Samples.log("shop", "x".repeat(10_000))));
    logs.halfClose();
    await("a stream of another pipe is answered", logs::isOver);
    logs.assertAccepted();
    oap.release();
    paused.finish();
    awaitForwarded(1000);
  }
}
