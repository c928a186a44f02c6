package satellite.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import satellite.discovery.Node;
import satellite.routing.Connection.State;
import satellite.routing.FakeConnector.FakeConnection;

/** Where identities go, and what moves them. */
class StickyRoutingTest extends RouterFixture {

  private static final int MANY = 100_000;
  private static final int SECONDS_TO_LIVE = 180;

  private final StickyRouting<FakeConnection> routing = routing(MANY);

  StickyRoutingTest() {
    super(State.UP);
  }

  private StickyRouting<FakeConnection> routing(int maxIdentities) {
    return new StickyRouting<>(
        router, maxIdentities, Duration.ofSeconds(SECONDS_TO_LIVE), time::nanoTime);
  }

  private static List<String> identities(int count) {
    return IntStream.range(0, count).mapToObj(i -> "service-" + i % 50 + "\0pod-" + i).toList();
  }

  private static Map<String, String> places(
      StickyRouting<FakeConnection> routing, Collection<String> identities) {
    Map<String, String> hosts = new HashMap<>();
    identities.forEach(identity -> hosts.put(identity, host(routing.pick(identity))));
    return hosts;
  }

  private Map<String, String> places(int count) {
    return places(routing, identities(count));
  }

  private static double share(Map<String, String> places, String host) {
    return Collections.frequency(places.values(), host) / (double) places.size();
  }

  @Test
  void oneIdentityOneNode() {
    nodes("a", "b", "c");
    assertEquals(places(1000), places(1000));
    assertEquals(0, routing.moved());
    assertEquals(1000, routing.identities());
  }

  @Test
  void equalNodesGetEqualShares() {
    nodes("a", "b", "c", "d");
    Map<String, String> places = places(20_000);
    for (String host : List.of("a", "b", "c", "d")) {
      assertEquals(0.25, share(places, host), 0.02, host);
    }
  }

  @Test
  void weightsShiftShares() {
    nodes(new Node("a", PORT, 5), new Node("b", PORT, 3), new Node("c", PORT, 2));
    Map<String, String> places = places(20_000);
    assertEquals(0.5, share(places, "a"), 0.02);
    assertEquals(0.3, share(places, "b"), 0.02);
    assertEquals(0.2, share(places, "c"), 0.02);
  }

  @Test
  void aNewNodeMovesNoKnownIdentity() {
    nodes("a", "b", "c");
    Map<String, String> before = places(1000);
    nodes("a", "b", "c", "d");
    assertEquals(before, places(1000));
    assertEquals(0, routing.moved());
  }

  @Test
  void aNewNodeGetsItsShareOfNewIdentities() {
    nodes("a", "b", "c");
    places(100);
    nodes("a", "b", "c", "d");
    List<String> later = identities(20_000).subList(100, 20_000);
    assertEquals(0.25, share(places(routing, later), "d"), 0.02);
  }

  @Test
  void aChangedWeightMovesNoKnownIdentity() {
    nodes("a", "b");
    Map<String, String> before = places(1000);
    nodes(new Node("a", PORT, 100), new Node("b", PORT, 1));
    assertEquals(before, places(1000));
  }

  @Test
  void aNodeThatIsGoneMovesOnlyItsIdentities() {
    nodes("a", "b", "c");
    Map<String, String> before = places(3000);
    nodes("a", "c");
    assertOnlyThoseOfBMoved(before, places(3000));
  }

  @Test
  void anIdentityThatMayNotLeaveStaysWithItsLostNode() {
    nodes("a", "b");
    String place = routing.address("identity", any -> true);
    nodes(place.startsWith("a") ? "b" : "a");
    assertEquals(place, routing.address("identity", lost -> !lost.equals(place)));
    assertEquals(0, routing.moved());
    assertNotEquals(place, routing.address("identity", any -> true));
    assertEquals(1, routing.moved());
  }

  @Test
  void aNodeThatIsDownMovesOnlyItsIdentities() {
    nodes("a", "b", "c");
    Map<String, String> before = places(3000);
    connections.to("b").become(State.DOWN);
    assertOnlyThoseOfBMoved(before, places(3000));
  }

  @Test
  void aNodeThatIsLeftOutMovesOnlyItsIdentities() {
    nodes("a", "b", "c");
    Map<String, String> before = places(3000);
    fail("b", 3);
    assertOnlyThoseOfBMoved(before, places(3000));
  }

  @Test
  void aNodeThatIsProbedGetsNoIdentityWhileTheProbeIsUnderWay() {
    nodes("a", "b", "c");
    fail("b", 3);
    checkPeriods(1);
    var probe = begin("b", 1);
    assertEquals(0, share(places(1000), "b"));
    probe.get(0).answered(time.nanoTime());
    List<String> later = identities(5000).subList(1000, 5000);
    assertEquals(0.33, share(places(routing, later), "b"), 0.04);
  }

  /** Else nobody would try it where all traffic has identities. */
  @Test
  void aNodeThatWaitsForItsProbeGetsIt() {
    nodes("a", "b", "c");
    fail("b", 3);
    checkPeriods(1);
    assertEquals(0.33, share(places(1000), "b"), 0.05);
  }

  @Test
  void identitiesHaveANodeWhenAllFail() {
    nodes("a", "b");
    fail("a", 3);
    fail("b", 3);
    assertEquals(0.5, share(places(1000), "a"), 0.05);
  }

  private void assertOnlyThoseOfBMoved(Map<String, String> before, Map<String, String> after) {
    before.forEach(
        (identity, host) -> {
          if (host.equals("b")) {
            assertNotEquals("b", after.get(identity));
          } else {
            assertEquals(host, after.get(identity));
          }
        });
    assertEquals(Collections.frequency(before.values(), "b"), routing.moved());
    // Those that had to go are shared by all who stay.
    assertEquals(0.5, share(after, "a"), 0.04);
  }

  @Test
  void anIdentityThatHadToMoveDoesNotMoveBack() {
    nodes("a", "b");
    places(100);
    connections.to("b").become(State.DOWN);
    Map<String, String> moved = places(100);
    connections.to("b").become(State.UP);
    assertEquals(moved, places(100));
  }

  @Test
  void aNodeThatConnectsMovesNothing() {
    nodes("a", "b");
    Map<String, String> before = places(100);
    connections.to("b").become(State.CONNECTING);
    assertEquals(before, places(100));
    assertEquals(before, places(routing(MANY), identities(100)));
  }

  @Test
  void twoReplicasAgreeOnNewIdentities() {
    nodes("a", "b", "c");
    FakeConnector others = new FakeConnector(State.UP);
    try (Router<FakeConnection> other =
        new Router<>(
            others, time, time::nanoTime, CHECK_PERIOD, DRAIN_TIME, LoadBalancing.ROUND_ROBIN)) {
      // It found its nodes one after the other, and lost one that the first never knew.
      other.nodes(Set.of(node("d"), node("c")));
      other.nodes(Set.of(node("c"), node("b"), node("a")));
      StickyRouting<FakeConnection> replica =
          new StickyRouting<>(other, MANY, Duration.ofSeconds(SECONDS_TO_LIVE), time::nanoTime);
      assertEquals(places(1000), places(replica, identities(1000)));
    }
    others.assertAllClosedOnce();
  }

  @Test
  void identitiesGoToTheNodesOfTheLowestPriorityNumber() {
    nodes(
        new Node("a", PORT, 1, "", 1),
        new Node("b", PORT, 1, "", 2),
        new Node("c", PORT, 1, "", 1));
    assertEquals(Set.of("a", "c"), Set.copyOf(places(100).values()));
    connections.to("a").become(State.DOWN);
    connections.to("c").become(State.DOWN);
    assertEquals(Set.of("b"), Set.copyOf(places(100).values()));
  }

  /** Changing the hash moves every identity of every installation when it is updated. */
  @Test
  void theHashStaysAsItIs() {
    nodes("a", "b", "c");
    assertEquals(
        "aaccccbaccbcbcccaaab",
        String.join("", identities(20).stream().map(id -> host(routing.pick(id))).toList()));
  }

  @Test
  void withoutANodeThereIsNone() {
    assertNull(routing.pick("identity"));
    nodes("a", "b");
    connections.to("a").become(State.DOWN);
    connections.to("b").become(State.DOWN);
    assertNull(routing.pick("identity"));
    assertEquals(0, routing.identities());
  }

  @Test
  void anIdentityFindsItsNodeAgainAfterAllWereDown() {
    nodes("a", "b");
    Map<String, String> before = places(100);
    connections.to("a").become(State.DOWN);
    connections.to("b").become(State.DOWN);
    assertNull(routing.pick(identities(1).get(0)));
    connections.to("a").become(State.UP);
    connections.to("b").become(State.UP);
    assertEquals(before, places(100));
    assertEquals(0, routing.moved());
  }

  @Test
  void holdsNoMoreIdentitiesThanItMay() {
    nodes("a", "b");
    StickyRouting<FakeConnection> small = routing(100);
    places(small, identities(5000));
    assertTrue(small.identities() <= 100, () -> small.identities() + " identities");
  }

  @Test
  void anIdentityThatIsSeenIsNotForgotten() {
    nodes("a");
    Map<String, String> before = places(100);
    nodes("a", "b");
    for (int i = 0; i < 10; i++) {
      time.advance(SECONDS_TO_LIVE - 1, TimeUnit.SECONDS);
      assertEquals(before, places(100));
    }
  }

  @Test
  void anIdentityThatIsNotSeenForItsTimeIsNewAgain() {
    nodes("a");
    Map<String, String> before = places(100);
    nodes("a", "b");
    time.advance(SECONDS_TO_LIVE, TimeUnit.SECONDS);
    Map<String, String> after = places(100);
    assertNotEquals(before, after);
    assertEquals(places(routing(MANY), identities(100)), after);
    assertEquals(0, routing.moved());
    assertFalse(after.containsValue(null));
  }
}
