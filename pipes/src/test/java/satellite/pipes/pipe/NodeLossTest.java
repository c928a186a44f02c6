package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.TRACING;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.grpc.ClientConfig;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.standin.StandInOap;

/** Nodes that are away, die, hang, refuse and return: every message reaches some node. */
class NodeLossTest extends FlowFixture {

  private static final String EVENTS = Samples.EVENTS.substring(1);
  private int sent;

  /** Sends on a stream of its own, which is accepted. */
  private void send(int count) {
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    IntStream.range(0, count).forEach(i -> caller.send(Samples.event("e" + sent++)));
    caller.finish();
  }

  private void assertNothingLost() {
    awaitForwarded(sent);
    assertEquals(sent, Set.copyOf(Samples.eventIds(messages(Samples.EVENTS))).size());
  }

  @Test
  void aNodeThatIsDownAtStartIsSkipped() {
    StandInOap up = node();
    deadNode();
    start(EVENT);
    awaitUp(1);
    send(50);
    assertNothingLost();
    assertEquals(50, messages(up, Samples.EVENTS).size());
  }

  @Test
  void eventsWaitForTheFirstNode() {
    StandInOap late = deadNode();
    start(EVENT);
    send(20);
    await("they are queued", () -> account().received() == 20);
    assertEquals(0, account().forwarded());
    late.start(late.port());
    assertNothingLost();
    assertEquals(0, account().dropped());
  }

  @Test
  void aNodeThatDiesInTheMiddleLosesNothing() {
    batch = new BatchLimits(Duration.ofMillis(5), 5, 1 << 20, 4);
    StandInOap dies = node();
    StandInOap stays = node();
    start(EVENT);
    awaitUp(2);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    for (; sent < 400; sent++) {
      caller.send(Samples.event("e" + sent));
      if (sent == 200) {
        await("it got some", () -> dies.count(EVENTS).messages() > 0);
        dies.stop();
      }
    }
    caller.finish();
    assertNothingLost();
    assertEquals(0, account().dropped());
    assertTrue(stays.count(EVENTS).messages() > 0);
  }

  @Test
  void aNodeThatDiesWithoutAnAnswerIsNotBelieved() {
    StandInOap dies = node();
    start(EVENT);
    awaitUp(1);
    dies.hold();
    send(10);
    await("it has them", () -> dies.count(EVENTS).messages() == 10);
    dies.stop();
    await("they wait again", () -> router.up().isEmpty());
    dies.release();
    dies.start(dies.port());
    awaitForwarded(10);
    assertEquals(20, dies.count(EVENTS).messages(), "sent again, as nobody answered for them");
  }

  @Test
  void aNodeThatReturnsIsUsedAgain() {
    client = new ClientConfig(null, "", Duration.ofMillis(300), Duration.ofSeconds(5), LONG);
    StandInOap returns = node();
    node();
    start(EVENT);
    awaitUp(2);
    returns.stop();
    awaitUp(1);
    send(20);
    assertNothingLost();
    long before = returns.count(EVENTS).messages();
    returns.start(returns.port());
    awaitUp(2);
    await(
        "it is sent to",
        () -> {
          send(1);
          return returns.count(EVENTS).messages() > before;
        });
    assertNothingLost();
  }

  @Test
  void anOutageOfAllNodesIsSurvived() {
    batch = new BatchLimits(Duration.ofMillis(5), 10, 1 << 20, 4);
    node();
    node();
    start(EVENT);
    awaitUp(2);
    send(50);
    nodes.forEach(StandInOap::stop);
    await("all nodes are down", () -> router.up().isEmpty());
    send(50);
    nodes.get(1).start(nodes.get(1).port());
    assertNothingLost();
    assertEquals(0, account().dropped());
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {
        "UNAVAILABLE",
        "DEADLINE_EXCEEDED",
        "ABORTED",
        "PERMISSION_DENIED",
        "UNAUTHENTICATED",
        "RESOURCE_EXHAUSTED",
        "CANCELLED"
      })
  void aRefusalOfTheNodeIsTriedAtAnother(Status.Code code) {
    StandInOap unhappy = node();
    StandInOap happy = node();
    unhappy.endAfter(EVENTS, 0, status(code, "Watermark exceeded"));
    start(EVENT);
    awaitUp(2);
    for (int i = 0; i < 10; i++) {
      send(5);
      awaitForwarded(sent);
    }
    assertNothingLost();
    assertEquals(0, account().dropped());
    assertEquals(50, happy.count(EVENTS).messages());
    assertTrue(unhappy.count(EVENTS).calls() > 0);
  }

  @Test
  void eventsOutliveRefusalsOfAllNodes() {
    node().endAfter(EVENTS, 0, Status.UNAVAILABLE);
    node().endAfter(EVENTS, 0, Status.UNAVAILABLE);
    start(EVENT);
    awaitUp(2);
    send(20);
    await(
        "both refused more than once",
        () -> nodes.stream().allMatch(node -> node.count(EVENTS).calls() > 3));
    nodes.forEach(StandInOap::behave);
    assertNothingLost();
    assertEquals(0, account().dropped());
  }

  @Test
  void aHungNodeIsLeftOutAndItsEventsGoToAnother() {
    client =
        new ClientConfig(
            null, "", Duration.ofMinutes(5), Duration.ofMillis(300), Duration.ofMillis(300));
    batch = new BatchLimits(Duration.ofMillis(5), 5, 1 << 20, 4);
    StandInOap hung = node();
    StandInOap works = node();
    hung.hold();
    start(EVENT);
    awaitUp(2);
    send(200);
    assertNothingLost();
    await("it is left out", () -> router.up().size() == 1);
    assertEquals(address(works), router.up().get(0).node().address());
    long calls = hung.count(EVENTS).calls();
    send(50);
    assertNothingLost();
    assertEquals(calls, hung.count(EVENTS).calls(), "calls to the node that is left out");
  }

  @Test
  void aHungNodeDoesNotHoldUpTheOthers() {
    batch = new BatchLimits(Duration.ofMillis(5), 5, 1 << 20, 2);
    StandInOap hung = node();
    StandInOap works = node();
    hung.hold();
    start(EVENT);
    awaitUp(2);
    send(500);
    // Two batches of five at most are with the node that hangs; it is still up, as no time is out.
    await("the rest is through", () -> account().forwarded() >= 490);
    assertTrue(works.count(EVENTS).messages() >= 490);
    assertEquals(2, router.up().size());
    hung.release();
    assertNothingLost();
  }

  @Test
  void unaryCallsToAHungNodeAreTriedAtAnother() {
    client = new ClientConfig(null, "", Duration.ofMinutes(5), Duration.ofMillis(200), LONG);
    StandInOap hung = node();
    node();
    hung.hold();
    start(TRACING);
    awaitUp(2);
    for (int i = 0; i < 8; i++) {
      Caller.stream(client(), Samples.SEGMENTS).send(Samples.segment("s" + i)).finish();
      awaitForwarded(i + 1);
    }
    await("it is left out", () -> router.up().size() == 1);
    assertEquals(8, Set.copyOf(Samples.segmentIds(messages(Samples.SEGMENTS_IN_SYNC))).size());
  }

  @Test
  void aNodeThatLeavesTheListFinishesWhatItHas() {
    batch = new BatchLimits(Duration.ofMinutes(5), 5, 1 << 20, 4);
    StandInOap leaves = node();
    StandInOap stays = node();
    start(EVENT);
    awaitUp(2);
    leaves.hold();
    for (int i = 0; i < 4; i++) {
      send(5);
    }
    await("it has some", () -> leaves.held() > 0);
    router.nodes(Set.of(at(stays, 1)));
    leaves.release();
    assertNothingLost();
    assertEquals(20, messages(Samples.EVENTS).size(), "none was sent twice");
    assertEquals(List.of(address(stays)), List.copyOf(router.upstreams().keySet()));
  }
}
