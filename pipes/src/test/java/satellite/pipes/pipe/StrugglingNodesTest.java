package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.LOG;
import static satellite.pipes.protocol.ReceiverPlugin.TRACING;

import io.grpc.Status;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import satellite.discovery.Node;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.grpc.Cable;
import satellite.pipes.grpc.ClientConfig;
import satellite.pipes.grpc.GrpcConnection;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.queue.QueueConfig;
import satellite.routing.Upstream;
import satellite.standin.StandInOap;

/** Nodes that take calls and do not do well: how much they get, and that nothing is lost. */
class StrugglingNodesTest extends FlowFixture {

  private static final String EVENTS = Samples.EVENTS.substring(1);

  /** What a node gets that has answered for nothing yet. */
  private static final int FIRST_WINDOW = 10;

  private static final int LARGEST_WINDOW = 256;

  private final ScheduledExecutorService faults = Executors.newSingleThreadScheduledExecutor();
  private final AtomicInteger sent = new AtomicInteger();

  @BeforeEach
  void manySmallBatches() {
    queue = new QueueConfig(4, 50_000, LONG, queue.whenFull());
    batch = new BatchLimits(Duration.ofMillis(5), 5, 1 << 20, 64);
    client =
        new ClientConfig(
            null, "", Duration.ofMillis(500), Duration.ofSeconds(5), Duration.ofSeconds(1));
  }

  @AfterEach
  void noMoreFaults() {
    faults.shutdownNow();
  }

  /** On streams of their own, each of which has its partition. */
  private void send(int count) {
    for (int stream = 0; stream < 10; stream++) {
      Caller caller = Caller.stream(client(), Samples.EVENTS);
      IntStream.range(0, count / 10)
          .forEach(i -> caller.send(Samples.event("e" + sent.getAndIncrement())));
      caller.finish();
    }
  }

  private void assertNothingLost() {
    awaitForwarded(sent.get());
    assertEquals(sent.get(), Set.copyOf(Samples.eventIds(messages(Samples.EVENTS))).size());
    assertEquals(0, account().dropped());
  }

  /** It answers what it has, once in a while. */
  private void answersOnlyEvery(StandInOap node, int millis) {
    node.hold();
    faults.scheduleAtFixedRate(
        () -> {
          node.release();
          node.hold();
        },
        millis,
        millis,
        TimeUnit.MILLISECONDS);
  }

  private Upstream<GrpcConnection> upstream(StandInOap node) {
    return router.upstreams().get(address(node));
  }

  @Test
  void aHungNodeStopsAtTheWindowAndItsBatchesGoElsewhere() {
    StandInOap hung = node();
    StandInOap works = node();
    hung.hold();
    start(EVENT);
    awaitUp(2);
    send(2000);
    await("all but the window is through", () -> account().forwarded() >= 2000 - 5 * FIRST_WINDOW);
    assertHungOnlyWithinTheWindow(hung);
    assertNothingLost();
    assertEquals(2000, messages(works, Samples.EVENTS).size());
    assertTrue(upstream(hung).ejections() >= 1);
    send(500);
    assertNothingLost();
    assertHungOnlyWithinTheWindow(hung);
  }

  /** But for a probe after each ejection. */
  private void assertHungOnlyWithinTheWindow(StandInOap hung) {
    long ejections = upstream(hung).ejections();
    long calls = hung.count(EVENTS).calls();
    assertTrue(
        calls <= FIRST_WINDOW + ejections, () -> calls + " calls, " + ejections + " ejections");
  }

  @Test
  void theWindowIsThatOfAllPipesTogether() {
    client = new ClientConfig(null, "", Duration.ofSeconds(5), LONG, LONG);
    StandInOap hung = node();
    hung.hold();
    start(EVENT, LOG, TRACING);
    awaitUp(1);
    send(200);
    for (String method : Set.of(Samples.SEGMENTS, Samples.LOGS)) {
      Caller caller = Caller.stream(client(), method);
      for (int i = 0; i < 100; i++) {
        caller.send(
            method.equals(Samples.LOGS) ? Samples.log("shop", "l" + i) : Samples.segment("s" + i));
      }
      caller.finish();
    }
    await("its window is full", () -> hung.openCalls() == FIRST_WINDOW);
    await(
        "all is received",
        () -> pipes.stream().mapToLong(p -> p.account().received()).sum() == 400);
    assertEquals(FIRST_WINDOW, hung.openCalls());
    assertEquals(FIRST_WINDOW, upstream(hung).inFlight());
    hung.release();
    awaitSettled();
    assertEquals(0, upstream(hung).inFlight());
  }

  @Test
  void aSlowNodeGetsLess() {
    StandInOap slow = node();
    StandInOap fast = node();
    client = new ClientConfig(null, "", Duration.ofSeconds(5), LONG, LONG);
    slow.hold();
    start(Set.of(), EVENT);
    send(4000);
    await("they wait", () -> account().received() == 4000);
    router.nodes(Set.of(at(slow, 1), at(fast, 1)));
    await(
        "all is forwarded but what the slow one has",
        () -> account().forwarded() == 4000 - messages(slow, Samples.EVENTS).size());
    assertEquals(FIRST_WINDOW, slow.openCalls(), "its window, and not half of all batches");
    slow.release();
    assertNothingLost();
    long ofSlow = messages(slow, Samples.EVENTS).size();
    long ofFast = messages(fast, Samples.EVENTS).size();
    assertEquals(4000, ofSlow + ofFast);
    assertTrue(ofSlow <= 5 * FIRST_WINDOW, () -> ofSlow + " to " + ofFast);
    assertEquals(0, upstream(slow).ejections());
  }

  @Test
  void aNodeThatFailsAFifthLosesNothing() {
    Random random = new Random(5);
    StandInOap bad = node();
    StandInOap good = node();
    bad.endWhen(
        (method, message, index) ->
            index == 0 && random.nextInt(5) == 0 ? Status.UNAVAILABLE : null);
    start(EVENT);
    awaitUp(2);
    for (int i = 0; i < 10; i++) {
      send(400);
    }
    assertNothingLost();
    assertTrue(router.retryBudget().taken() > 0);
    long calls = bad.count(EVENTS).calls() + good.count(EVENTS).calls();
    long first = calls - router.retryBudget().taken();
    assertTrue(calls < 1.2 * first, () -> calls + " calls for " + first + " batches");
  }

  @Test
  void aNodeThatResetsInTheMiddleLosesNothing() throws Exception {
    StandInOap resets = node();
    StandInOap good = node();
    answersOnlyEvery(resets, 30);
    try (Cable cable = new Cable(resets.port())) {
      start(Set.of(new Node("127.0.0.1", cable.port()), at(good, 1)), EVENT);
      awaitUp(2);
      faults.scheduleAtFixedRate(cable::reset, 50, 50, TimeUnit.MILLISECONDS);
      for (int i = 0; i < 10; i++) {
        send(400);
      }
      assertNothingLost();
      assertTrue(router.retryBudget().taken() > 0, "a reset met a call");
    }
  }

  @Test
  void aNodeThatHasTooMuchIsLeftAlone() {
    StandInOap full = node();
    StandInOap works = node();
    full.endAfter(EVENTS, 0, status(Status.Code.RESOURCE_EXHAUSTED, "Watermark exceeded"));
    client =
        new ClientConfig(
            null, "", Duration.ofMinutes(1), Duration.ofSeconds(5), Duration.ofSeconds(5));
    start(EVENT);
    awaitUp(2);
    send(2000);
    assertNothingLost();
    assertEquals(2000, messages(works, Samples.EVENTS).size());
    assertTrue(full.count(EVENTS).calls() <= FIRST_WINDOW, "no more than were under way at once");
  }

  /** Many dispatchers share few places: whoever waits is woken. */
  @Test
  void narrowWindowsLetEverybodyThrough() {
    queue = new QueueConfig(8, 50_000, LONG, queue.whenFull());
    batch = new BatchLimits(Duration.ofMillis(5), 2, 1 << 20, 64);
    StandInOap slow = node();
    answersOnlyEvery(slow, 10);
    start(EVENT);
    awaitUp(1);
    AtomicInteger most = new AtomicInteger();
    faults.scheduleAtFixedRate(
        () -> most.accumulateAndGet(slow.openCalls(), Math::max), 1, 1, TimeUnit.MILLISECONDS);
    send(4000);
    assertNothingLost();
    assertTrue(most.get() <= LARGEST_WINDOW, () -> most + " at a time, of 512 by the lanes");
  }
}
