package satellite.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import satellite.discovery.Node;
import satellite.routing.FakeConnector.FakeConnection;

/** The order in which upstreams are gone round. */
class RoundRobinTest {

  private final FakeConnector connector = new FakeConnector(Connection.State.UP);

  /** {@code "a5"}: host a of weight 5. */
  private RoundRobin<FakeConnection> of(String... nodes) {
    return RoundRobin.of(Stream.of(nodes).map(this::upstream).toList());
  }

  private Upstream<FakeConnection> upstream(String node) {
    int weight = Integer.parseInt(node.substring(1));
    Node parsed = new Node(node.substring(0, 1), 1, weight);
    return new Upstream<>(
        parsed,
        connector.open(parsed, () -> {}),
        () -> {},
        new RetryBudget(0),
        RouterFixture.CHECK_PERIOD,
        0);
  }

  private static String walk(RoundRobin<FakeConnection> round, int steps) {
    StringBuilder hosts = new StringBuilder();
    for (int place = 0; place < steps; place++) {
      hosts.append(round.pick(place, any -> true).node().host());
    }
    return hosts.toString();
  }

  @Test
  void equalNodesTakeTurns() {
    assertEquals("abcabc", walk(of("a1", "b1", "c1"), 6));
  }

  @Test
  void equalWeightsMakeNoLongerRound() {
    assertEquals("abcabc", walk(of("a7", "b7", "c7"), 6));
  }

  @Test
  void aHeavyNodeIsSpreadOverTheRound() {
    assertEquals("aabacaa" + "aabacaa", walk(of("a5", "b1", "c1"), 14));
  }

  @Test
  void weightsWithACommonDivisorAreReduced() {
    assertEquals("aabacaa" + "aabacaa", walk(of("a50", "b10", "c10"), 14));
  }

  @Test
  void everyRoundGivesEachNodeItsWeight() {
    String round = walk(of("a7", "b3", "c1", "d100"), 111);
    Function<Character, Long> count = host -> round.chars().filter(c -> c == host).count();
    assertEquals(List.of(7L, 3L, 1L, 100L), Stream.of('a', 'b', 'c', 'd').map(count).toList());
  }

  @Test
  void goesOnPastWhatIsNotUsable() {
    RoundRobin<FakeConnection> round = of("a1", "b1", "c1");
    assertEquals("c", round.pick(1, upstream -> !upstream.node().host().equals("b")).node().host());
    assertEquals("a", round.pick(2, upstream -> upstream.node().host().equals("a")).node().host());
  }

  @Test
  void asksEveryoneBeforeItGivesUp() {
    List<String> asked = new ArrayList<>();
    assertNull(
        of("a1", "b1", "c1")
            .pick(
                1,
                upstream -> {
                  asked.add(upstream.node().host());
                  return false;
                }));
    assertEquals(List.of("b", "c", "a"), asked);
  }

  @Test
  void nobodyIsNobody() {
    assertNull(of().pick(0, any -> true));
  }

  /** A place is counted up for ever, and passes the largest number. */
  @Test
  void anyPlaceIsAPlace() {
    RoundRobin<FakeConnection> round = of("a1", "b1", "c1");
    Set<String> met =
        Stream.of(Integer.MAX_VALUE - 1, Integer.MAX_VALUE, Integer.MIN_VALUE, -1)
            .map(place -> round.pick(place, any -> true).node().host())
            .collect(Collectors.toSet());
    assertEquals(Set.of("a", "b", "c"), met);
  }
}
