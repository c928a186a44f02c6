package satellite.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import satellite.discovery.Node;
import satellite.routing.Connection.State;
import satellite.routing.FakeConnector.FakeConnection;

/** The live set: who is met, when, and what a change of the set or of a connection brings. */
class RouterTest extends RouterFixture {

  RouterTest() {
    super(State.UP);
  }

  @Test
  void aTurnMeetsEveryNode() {
    nodes("a", "b", "c");
    assertEquals(List.of("a", "b", "c", "a", "b", "c"), walk(router.cursor(), 6));
  }

  @Test
  void turnsStartAtDifferentPlacesAndDoNotMoveEachOther() {
    nodes("a", "b", "c");
    Router<FakeConnection>.Cursor first = router.cursor();
    Router<FakeConnection>.Cursor second = router.cursor();
    assertEquals(List.of("a", "b"), walk(first, 2));
    assertEquals(List.of("b", "c", "a", "b"), walk(second, 4));
    assertEquals(List.of("c", "a"), walk(first, 2));
  }

  @Test
  void weightsAreMetInTheirRatio() {
    nodes(new Node("a", PORT, 5), new Node("b", PORT, 1), new Node("c", PORT, 1));
    assertEquals(List.of("a", "a", "b", "a", "c", "a", "a"), walk(router.cursor(), 7));
  }

  @Test
  void withoutNodesThereIsNone() {
    assertNull(router.cursor().next(any -> true));
    assertNull(router.cursor().nextNow());
    nodes(new Node[0]);
    assertNull(router.cursor().next(any -> true));
  }

  @Test
  void aNodeThatIsDownIsSkippedAtOnce() {
    nodes("a", "b", "c");
    Router<FakeConnection>.Cursor cursor = router.cursor();
    connections.to("b").become(State.DOWN);
    assertEquals(List.of("a", "c", "a", "c"), walk(cursor, 4));
    assertEquals(2, router.up().size());
    assertEquals(3, router.upstreams().size());
  }

  @Test
  void aNodeThatIsBackIsUsedAtOnce() {
    nodes("a", "b");
    connections.to("b").become(State.DOWN);
    connections.to("b").become(State.CONNECTING);
    assertEquals(List.of("a", "a"), walk(router.cursor(), 2));
    connections.to("b").become(State.UP);
    assertEquals(Set.of("a", "b"), Set.copyOf(walk(router.cursor(), 2)));
  }

  @Test
  void aNodeThatIsDownIsTriedAgainEachPeriod() {
    nodes("a", "b");
    connections.to("b").become(State.DOWN);
    checkPeriods(3);
    assertEquals(3, connections.to("b").reconnects);
    assertEquals(0, connections.to("a").reconnects);
    connections.to("b").become(State.CONNECTING);
    checkPeriods(1);
    assertEquals(3, connections.to("b").reconnects);
  }

  @Test
  void nodesThatStayKeepTheirConnections() {
    nodes("a", "b");
    FakeConnection a = connections.to("a");
    nodes("a", "c");
    assertSame(a, upstream("a").connection());
    assertEquals(0, a.closes);
    assertEquals(3, connections.opened());
  }

  @Test
  void nodesThatAreGoneAreMetNoMoreAtOnceAndClosedAMomentLater() {
    nodes("a", "b");
    nodes("a");
    assertNull(upstream("b"));
    assertEquals(List.of("a", "a"), walk(router.cursor(), 2));
    assertEquals(0, connections.to("b").closes, "somebody may have chosen it just before");
    time.advance(1, TimeUnit.SECONDS);
    assertEquals(1, connections.to("b").closes);
    assertEquals(0, connections.to("b").brokenOff);
  }

  @Test
  void aNodeThatIsGoneMayEndItsCalls() {
    nodes("a", "b");
    var batch = begin("b", 1).get(0);
    Upstream<FakeConnection> gone = upstream("b");
    gone.passThroughStarted();
    nodes("a");
    time.advance(5, TimeUnit.SECONDS);
    assertEquals(Set.of(gone), Set.copyOf(router.draining()));
    assertEquals(Upstream.Condition.DRAINING, gone.condition());
    assertEquals("no longer among the nodes, 2 calls under way", gone.why());
    batch.answered(time.nanoTime());
    time.advance(5, TimeUnit.SECONDS);
    assertEquals(0, connections.to("b").closes);
    gone.passThroughEnded();
    time.advance(1, TimeUnit.SECONDS);
    assertEquals(1, connections.to("b").closes);
    assertEquals(0, connections.to("b").brokenOff);
    assertTrue(router.draining().isEmpty());
  }

  @Test
  void callsThatOutliveTheDrainTimeAreBrokenOff() {
    nodes("a", "b");
    begin("b", 1);
    nodes("a");
    time.advance(DRAIN_TIME.toMillis() - 1, TimeUnit.MILLISECONDS);
    assertEquals(0, connections.to("b").brokenOff);
    time.advance(1, TimeUnit.SECONDS);
    assertEquals(1, connections.to("b").brokenOff);
    assertTrue(router.draining().isEmpty());
  }

  @Test
  void aNodeThatIsAddedToOthersThatWorkStartsSlowly() {
    nodes("a");
    assertEquals(Upstream.Condition.UP, upstream("a").condition());
    nodes("a", "b");
    assertEquals(Upstream.Condition.SLOW_START, upstream("b").condition());
    assertEquals(1, upstream("b").window());
    answer("b", 1);
    assertEquals(2, upstream("b").window());
  }

  @Test
  void theFirstNodesAndThoseThatReplaceAllNeedNoSlowStart() {
    nodes("a", "b");
    connections.to("a").become(State.DOWN);
    connections.to("b").become(State.DOWN);
    nodes("c");
    assertEquals(Upstream.Condition.UP, upstream("c").condition());
  }

  @Test
  void aNodeThatIsDownSaysWhy() {
    nodes("a", "b");
    connections.to("b").become(State.DOWN);
    assertEquals(Upstream.Condition.DOWN, upstream("b").condition());
    assertEquals("unplugged", upstream("b").why());
    assertEquals("", upstream("a").why());
    fail("a", 3);
    assertTrue(upstream("a").why().startsWith("left out for "), upstream("a").why());
  }

  @Test
  void nodesOfAHigherPriorityNumberWaitUntilNoneOfALowerOneCanBeTrusted() {
    nodes(ranked("a", 1), ranked("b", 1), ranked("c", 2), ranked("d", 3));
    assertEquals(Set.of("a", "b"), Set.copyOf(walk(router.cursor(), 4)));
    connections.to("a").become(State.DOWN);
    assertEquals(Set.of("b"), Set.copyOf(walk(router.cursor(), 4)));
    fail("b", 3);
    assertEquals(Set.of("c"), Set.copyOf(walk(router.cursor(), 4)));
    connections.to("c").become(State.DOWN);
    assertEquals(Set.of("d"), Set.copyOf(walk(router.cursor(), 4)));
    connections.to("a").become(State.UP);
    assertEquals(Set.of("a"), Set.copyOf(walk(router.cursor(), 4)));
  }

  private static Node ranked(String host, int priority) {
    return new Node(host, PORT, 1, "", priority);
  }

  @Test
  void aNodeThatComesAgainIsOpenedAnew() {
    nodes("a", "b");
    FakeConnection first = connections.to("b");
    nodes("a");
    nodes("a", "b");
    time.advance(1, TimeUnit.SECONDS);
    assertEquals(1, first.closes);
    assertEquals(0, connections.to("b").closes);
    assertEquals(3, connections.opened());
  }

  @Test
  void aChangedWeightKeepsTheConnection() {
    nodes(new Node("a", PORT, 1), new Node("b", PORT, 1));
    nodes(new Node("a", PORT, 3), new Node("b", PORT, 1));
    assertEquals(2, connections.opened());
    assertEquals(3, Collections.frequency(walk(router.cursor(), 4), "a"));
  }

  @Test
  void aChangedWeightForgetsNoFailureAndNoDelivery() {
    nodes("a", "b");
    Upstream<FakeConnection> before = upstream("a");
    before.delivered(7);
    fail("a", 2);
    var call = begin("a", 1).get(0);
    nodes(new Node("a", PORT, 3), new Node("b", PORT, 1));
    assertEquals(7, upstream("a").delivered());
    assertEquals(1, upstream("a").inFlight());
    call.failed(time.nanoTime());
    assertEquals(0, before.inFlight());
    assertEquals(State.DOWN, upstream("a").state());
    assertEquals(List.of("b", "b"), walk(router.cursor(), 2));
  }

  @Test
  void listenersAreToldOfEveryChangeWhenItCanBeSeen() {
    List<Integer> up = new ArrayList<>();
    router.onChange(() -> up.add(router.up().size()));
    nodes("a", "b");
    connections.to("a").become(State.DOWN);
    connections.to("a").become(State.UP);
    nodes("a");
    assertEquals(List.of(2, 1, 2, 1), up);
  }

  @Test
  void anEmptySetIsTakenAtItsWord() {
    nodes("a", "b");
    nodes(new Node[0]);
    assertTrue(router.up().isEmpty());
    time.advance(1, TimeUnit.SECONDS);
    assertEquals(1, connections.to("a").closes);
  }

  @Test
  void aCallThatCannotWaitTakesOneThatIsUp() {
    nodes("a", "b");
    connections.to("a").become(State.CONNECTING);
    Router<FakeConnection>.Cursor cursor = router.cursor();
    assertEquals("b", host(cursor.nextNow()));
    assertEquals("b", host(cursor.nextNow()));
  }

  @Test
  void aCallThatCannotWaitTakesOneThatMayComeUp() {
    nodes("a", "b");
    connections.to("a").become(State.DOWN);
    connections.to("b").become(State.CONNECTING);
    assertNull(router.cursor().next(any -> true));
    assertEquals("b", host(router.cursor().nextNow()));
  }

  @Test
  void aCallThatCannotWaitTakesNoneThatIsDown() {
    nodes("a", "b");
    connections.to("a").become(State.DOWN);
    connections.to("b").become(State.DOWN);
    assertNull(router.cursor().nextNow());
  }

  @Test
  void threeFailuresInARowLeaveANodeOut() {
    nodes("a", "b");
    fail("a", 2);
    assertEquals(2, router.up().size());
    fail("a", 1);
    assertEquals(List.of("b", "b"), walk(router.cursor(), 2));
    assertEquals(0, connections.to("a").closes);
  }

  @Test
  void aSuccessInBetweenStartsTheCountAnew() {
    nodes("a");
    fail("a", 2);
    answer("a", 1);
    fail("a", 2);
    assertTrue(upstream("a").isUp());
  }

  @Test
  void aNodeThatWasLeftOutIsReadmittedAfterTheCheckPeriod() {
    nodes("a", "b");
    time.advance(2, TimeUnit.SECONDS);
    fail("a", 3);
    time.advance(4999, TimeUnit.MILLISECONDS);
    assertFalse(upstream("a").isUp());
    time.advance(1, TimeUnit.MILLISECONDS);
    assertTrue(upstream("a").isUp());
    assertEquals(2, router.up().size());
  }

  @Test
  void theLastNodeThatIsUpIsNeverLeftOut() {
    nodes("a", "b");
    fail("a", 3);
    assertFalse(upstream("a").isUp());
    fail("b", 3);
    assertTrue(upstream("a").isUp());
    assertTrue(upstream("b").isUp());
  }

  @Test
  void aNodeThatWasReadmittedIsLeftOutByOneMoreFailure() {
    nodes("a", "b");
    fail("a", 3);
    checkPeriods(2);
    assertTrue(upstream("a").isUp());
    fail("a", 1);
    assertFalse(upstream("a").isUp());
  }

  @Test
  void aNodeThatWasReadmittedAndDeliversIsAsGoodAsAny() {
    nodes("a", "b");
    fail("a", 3);
    checkPeriods(2);
    answer("a", 1);
    fail("a", 1);
    fail("a", 1);
    assertTrue(upstream("a").isUp());
  }

  @Test
  void callsThatFailLateDoNotProlongIt() {
    nodes("a", "b");
    time.advance(1, TimeUnit.SECONDS);
    var late = begin("a", 5);
    fail("a", 3);
    time.advance(4, TimeUnit.SECONDS);
    late.forEach(call -> call.failed(time.nanoTime()));
    time.advance(1, TimeUnit.SECONDS);
    assertTrue(upstream("a").isUp());
  }

  @Test
  void aNodeThatIsLeftOutAndDownComesBackOnlyWhenItIsUp() {
    nodes("a");
    fail("a", 3);
    connections.to("a").become(State.DOWN);
    checkPeriods(2);
    assertFalse(upstream("a").isUp());
    connections.to("a").become(State.UP);
    assertTrue(upstream("a").isUp());
  }

  @Test
  void listenersAreToldWhenANodeIsLeftOutAndReadmitted() {
    nodes("a", "b");
    List<Integer> up = new ArrayList<>();
    router.onChange(() -> up.add(router.up().size()));
    fail("a", 3);
    checkPeriods(2);
    assertEquals(List.of(1, 2), up);
  }

  @Test
  void onceClosedItTakesNoNodes() {
    nodes("a");
    router.close();
    nodes("a", "b");
    assertEquals(1, connections.opened());
  }

  @Test
  void closesTwice() {
    nodes("a");
    router.close();
    router.close();
    assertEquals(1, connections.to("a").closes);
  }
}
