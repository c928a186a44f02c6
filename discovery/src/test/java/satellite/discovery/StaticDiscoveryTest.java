package satellite.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** {@link DiscoveryContract} for a list, and what is a list's own. */
class StaticDiscoveryTest extends DiscoveryContract {

  @Override
  Discovery discovery(Set<Node> nodes) {
    return new StaticDiscovery(nodes);
  }

  @Test
  void aNodeThatIsListedTwiceIsOne() {
    List<Set<Node>> told = new ArrayList<>();
    new StaticDiscovery(List.of(A, B, A)).start(told::add);
    assertEquals(List.of(Set.of(A, B)), told);
  }

  @Test
  void keepsTheListThatItWasMadeOf() {
    List<Node> nodes = new ArrayList<>(List.of(A));
    StaticDiscovery discovery = new StaticDiscovery(nodes);
    nodes.add(B);
    discovery.start(told -> assertEquals(Set.of(A), told));
  }

  @Test
  void keepsWeights() {
    Node heavy = new Node("a", 11800, 5);
    new StaticDiscovery(List.of(heavy)).start(told -> assertEquals(Set.of(heavy), told));
  }
}
