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
import satellite.routing.Connection.State;
import satellite.routing.FakeConnector.FakeConnection;
import satellite.routing.LoadBalancing.Policy;

/** Zones, and the choice by calls under way. */
class LoadBalancingTest extends RouterFixture {

  LoadBalancingTest() {
    super(State.UP);
  }

  /** A second router, on a balancing of its own, that is closed with the test. */
  private Router<FakeConnection> other(LoadBalancing balancing, Node... nodes) {
    router.close();
    Router<FakeConnection> other = router(balancing);
    other.nodes(Set.of(nodes));
    return other;
  }

  private static Node inZone(String zone, String host) {
    return node(host).withZone(zone);
  }

  @Test
  void nodesOfTheOwnZoneComeFirst() {
    try (var here =
        other(
            new LoadBalancing(Policy.ROUND_ROBIN, "z1"),
            inZone("z1", "a"),
            inZone("z2", "b"),
            inZone("z1", "c"),
            node("d"))) {
      assertEquals(List.of("a", "c", "a", "c"), walk(here.cursor(), 4));
    }
  }

  @Test
  void whatTheOwnZoneHasNoRoomForGoesElsewhere() {
    try (var here =
        other(
            new LoadBalancing(Policy.ROUND_ROBIN, "z1"),
            inZone("z1", "a"),
            inZone("z2", "b"),
            inZone("z3", "c"))) {
      var cursor = here.cursor();
      int local = Window.INITIAL_LIMIT;
      for (int i = 0; i < local; i++) {
        assertEquals("a", host(cursor.next(Upstream::tryAcquire)));
      }
      assertEquals(
          Set.of("b", "c"),
          Set.of(host(cursor.next(Upstream::tryAcquire)), host(cursor.next(Upstream::tryAcquire))));
    }
  }

  @Test
  void withoutANodeInTheOwnZoneAllAreAlike() {
    try (var here =
        other(new LoadBalancing(Policy.ROUND_ROBIN, "z9"), inZone("z1", "a"), inZone("z2", "b"))) {
      assertEquals(List.of("a", "b", "a"), walk(here.cursor(), 3));
    }
  }

  @Test
  void aZoneWhoseNodesAreDownIsLeft() {
    try (var here =
        other(new LoadBalancing(Policy.ROUND_ROBIN, "z1"), inZone("z1", "a"), inZone("z2", "b"))) {
      connections.to("a").become(State.DOWN);
      assertEquals(List.of("b", "b"), walk(here.cursor(), 2));
      assertEquals("b", host(here.cursor().nextNow()));
    }
  }

  @Test
  void identitiesDoNotLookAtZones() {
    Node[] nodes = {inZone("z1", "a"), inZone("z2", "b"), inZone("z3", "c")};
    Map<String, String> first = new HashMap<>();
    for (String zone : List.of("z1", "z2")) {
      try (var here = other(new LoadBalancing(Policy.ROUND_ROBIN, zone), nodes)) {
        var fixed = new StickyRouting<>(here, 1000, CHECK_PERIOD, time::nanoTime);
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
    LoadBalancing least = new LoadBalancing(Policy.LEAST_OUTSTANDING, "");
    try (var here = other(least, new Node("a", PORT, 3), node("b"))) {
      var cursor = here.cursor();
      for (int i = 0; i < 40; i++) {
        cursor.next(any -> true).passThroughStarted();
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
    try (var here = other(new LoadBalancing(Policy.LEAST_OUTSTANDING, ""), nodes)) {
      var cursor = here.cursor();
      for (int i = 0; i < 2000; i++) {
        cursor.next(any -> true).passThroughStarted();
      }
      var counts = here.upstreams().values().stream().mapToInt(Upstream::outstanding);
      var summary = counts.summaryStatistics();
      assertTrue(summary.getMax() - summary.getMin() <= 10, summary.toString());
    }
  }

  @Test
  void aNodeThatDoesNotAnswerGetsNoMoreThanTheOthersHaveUnderWay() {
    try (var here =
        other(new LoadBalancing(Policy.LEAST_OUTSTANDING, ""), node("hangs"), node("works"))) {
      var cursor = here.cursor();
      for (int i = 0; i < 1000; i++) {
        Upstream<FakeConnection> next = cursor.next(any -> true);
        next.passThroughStarted();
        if (next.node().host().equals("works")) {
          next.passThroughEnded();
        }
      }
      assertEquals(1, here.upstreams().get(node("hangs").address()).outstanding());
    }
  }

  @Test
  void theOtherOnesAreAskedWhenTheTwoAreNotUsable() {
    LoadBalancing least = new LoadBalancing(Policy.LEAST_OUTSTANDING, "");
    try (var here = other(least, node("a"), node("b"), node("c"), node("d"))) {
      var cursor = here.cursor();
      for (int i = 0; i < 20; i++) {
        assertEquals("d", host(cursor.next(u -> u.node().host().equals("d"))));
      }
      assertNull(cursor.next(any -> false));
    }
  }

  @Test
  void withoutNodesThereIsNone() {
    try (var here = other(new LoadBalancing(Policy.LEAST_OUTSTANDING, ""))) {
      assertNull(here.cursor().next(any -> true));
      assertNull(here.cursor().nextNow());
    }
  }
}
