package satellite.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import satellite.discovery.Node;
import satellite.routing.Balancing.By;
import satellite.routing.Connection.State;
import satellite.routing.FakeConnector.FakeConnection;

/** Zones, and the choice by calls under way. */
class BalancingTest extends RouterFixture {

  BalancingTest() {
    super(State.UP);
  }

  /** A second router, on a balancing of its own, that is closed with the test. */
  private Router<FakeConnection> other(Balancing balancing, Node... nodes) {
    router.close();
    Router<FakeConnection> other = router(balancing);
    other.nodes(Set.of(nodes));
    return other;
  }

  private static Node in(String zone, String host) {
    return node(host).in(zone);
  }

  @Test
  void nodesOfTheOwnZoneComeFirst() {
    try (var here =
        other(
            new Balancing(By.ROUND_ROBIN, "z1"),
            in("z1", "a"),
            in("z2", "b"),
            in("z1", "c"),
            node("d"))) {
      assertEquals(List.of("a", "c", "a", "c"), walk(here.turn(), 4));
    }
  }

  @Test
  void whatTheOwnZoneHasNoRoomForGoesElsewhere() {
    try (var here =
        other(new Balancing(By.ROUND_ROBIN, "z1"), in("z1", "a"), in("z2", "b"), in("z3", "c"))) {
      var turn = here.turn();
      int local = Window.FIRST;
      for (int i = 0; i < local; i++) {
        assertEquals("a", host(turn.next(Upstream::tryEnter)));
      }
      assertEquals(
          Set.of("b", "c"),
          Set.of(host(turn.next(Upstream::tryEnter)), host(turn.next(Upstream::tryEnter))));
    }
  }

  @Test
  void withoutANodeInTheOwnZoneAllAreAlike() {
    try (var here = other(new Balancing(By.ROUND_ROBIN, "z9"), in("z1", "a"), in("z2", "b"))) {
      assertEquals(List.of("a", "b", "a"), walk(here.turn(), 3));
    }
  }

  @Test
  void aZoneWhoseNodesAreDownIsLeft() {
    try (var here = other(new Balancing(By.ROUND_ROBIN, "z1"), in("z1", "a"), in("z2", "b"))) {
      connections.to("a").become(State.DOWN);
      assertEquals(List.of("b", "b"), walk(here.turn(), 2));
      assertEquals("b", host(here.turn().nextNow()));
    }
  }

  @Test
  void identitiesDoNotLookAtZones() {
    Node[] nodes = {in("z1", "a"), in("z2", "b"), in("z3", "c")};
    Map<String, String> first = new HashMap<>();
    for (String zone : List.of("z1", "z2")) {
      try (var here = other(new Balancing(By.ROUND_ROBIN, zone), nodes)) {
        var fixed = new FixedRouting<>(here, 1000, CHECK_PERIOD, time::nanoTime);
        for (int i = 0; i < 100; i++) {
          String host = host(fixed.pick("identity " + i));
          assertEquals(first.getOrDefault("" + i, host), host, "replicas in two zones agree");
          first.put("" + i, host);
        }
      }
    }
    assertEquals(Set.of("a", "b", "c"), Set.copyOf(first.values()));
  }

  @Test
  void theOneWithFewerCallsForItsWeightIsTaken() {
    Balancing least = new Balancing(By.LEAST_OUTSTANDING, "");
    try (var here = other(least, new Node("a", PORT, 3), node("b"))) {
      var turn = here.turn();
      for (int i = 0; i < 40; i++) {
        turn.next(any -> true).passes();
      }
      Map<String, Integer> underWay = new HashMap<>();
      here.upstreams().values().forEach(u -> underWay.put(u.node().host(), u.outstanding()));
      assertEquals(Map.of("a", 30, "b", 10), underWay);
    }
  }

  @Test
  void amongManyNoneIsFarAheadAndNoneIsLeftOut() {
    Node[] nodes = new Node[20];
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] = node("n" + i);
    }
    try (var here = other(new Balancing(By.LEAST_OUTSTANDING, ""), nodes)) {
      var turn = here.turn();
      for (int i = 0; i < 2000; i++) {
        turn.next(any -> true).passes();
      }
      var counts = here.upstreams().values().stream().mapToInt(Upstream::outstanding);
      var summary = counts.summaryStatistics();
      assertTrue(summary.getMax() - summary.getMin() <= 10, summary.toString());
    }
  }

  @Test
  void aNodeThatDoesNotAnswerGetsNoMoreThanTheOthersHaveUnderWay() {
    try (var here = other(new Balancing(By.LEAST_OUTSTANDING, ""), node("hangs"), node("works"))) {
      var turn = here.turn();
      for (int i = 0; i < 1000; i++) {
        Upstream<FakeConnection> next = turn.next(any -> true);
        next.passes();
        if (next.node().host().equals("works")) {
          next.passed();
        }
      }
      assertEquals(1, here.upstreams().get(node("hangs").address()).outstanding());
    }
  }

  @Test
  void theOtherOnesAreAskedWhenTheTwoAreNotUsable() {
    Balancing least = new Balancing(By.LEAST_OUTSTANDING, "");
    try (var here = other(least, node("a"), node("b"), node("c"), node("d"))) {
      var turn = here.turn();
      for (int i = 0; i < 20; i++) {
        assertEquals("d", host(turn.next(u -> u.node().host().equals("d"))));
      }
      assertNull(turn.next(any -> false));
    }
  }

  @Test
  void withoutNodesThereIsNone() {
    try (var here = other(new Balancing(By.LEAST_OUTSTANDING, ""))) {
      assertNull(here.turn().next(any -> true));
      assertNull(here.turn().nextNow());
    }
  }
}
