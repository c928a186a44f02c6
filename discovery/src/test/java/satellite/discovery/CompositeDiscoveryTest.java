package satellite.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** {@link DiscoveryContract} for a union, and what is a union's own. */
class CompositeDiscoveryTest extends DiscoveryContract {

  private static final Node C = new Node("10.0.0.3", 11800);

  private final ManualTime time = new ManualTime();
  private final List<Set<Node>> told = new ArrayList<>();
  private final FakeDiscovery first = new FakeDiscovery("first");
  private final FakeDiscovery second = new FakeDiscovery("second");
  private final CompositeDiscovery joined = new CompositeDiscovery(List.of(first, second), time);

  /** Says what the test says. */
  private static final class FakeDiscovery implements Discovery {
    private final Source source;
    private boolean closed;

    FakeDiscovery(String name) {
      source = new Source(name, Clock.systemUTC());
    }

    @Override
    public void start(Consumer<Set<Node>> listener) {
      source.listen(listener);
    }

    @Override
    public List<SourceStatus> statuses() {
      return List.of(source.status());
    }

    @Override
    public void close() {
      closed = true;
      source.close();
    }
  }

  @Override
  Discovery discovery(Set<Node> nodes) {
    List<Discovery> halves = new ArrayList<>(List.of(new StaticDiscovery(nodes)));
    nodes.forEach(node -> halves.add(new StaticDiscovery(List.of(node))));
    return new CompositeDiscovery(halves, time);
  }

  @Override
  void lookAgain() {
    time.advance(10, TimeUnit.SECONDS);
  }

  @Test
  void tellsTheUnionOnceAllHaveTold() {
    joined.start(told::add);
    first.source.found(Set.of(A));
    assertEquals(List.of(), told);
    second.source.found(Set.of(B));
    assertEquals(List.of(Set.of(A, B)), told);
    assertEquals(0, time.scheduled());
  }

  @Test
  void waitsFiveSecondsForThoseThatHaveNotTold() {
    joined.start(told::add);
    second.source.found(Set.of(B));
    time.advance(4_999, TimeUnit.MILLISECONDS);
    assertEquals(List.of(), told);
    time.advance(1, TimeUnit.MILLISECONDS);
    assertEquals(List.of(Set.of(B)), told);
    first.source.found(Set.of(A));
    assertEquals(List.of(Set.of(B), Set.of(A, B)), told);
  }

  @Test
  void tellsNothingWhileNoneHasTold() {
    joined.start(told::add);
    time.advance(1, TimeUnit.MINUTES);
    assertEquals(List.of(), told);
    first.source.found(Set.of());
    assertEquals(List.of(Set.of()), told);
  }

  @Test
  void aNodeThatTwoKnowIsAsTheFirstSays() {
    Node heavy = new Node(A.host(), A.port(), 7, "eu-1", 0);
    joined.start(told::add);
    second.source.found(Set.of(A, B));
    first.source.found(Set.of(heavy));
    assertEquals(List.of(Set.of(heavy, B)), told);
    first.source.found(Set.of());
    assertEquals(Set.of(A, B), told.get(1));
  }

  @Test
  void aChangeThatDoesNotChangeTheUnionIsNotTold() {
    joined.start(told::add);
    first.source.found(Set.of(A, B));
    second.source.found(Set.of(A));
    second.source.found(Set.of(B));
    assertEquals(1, told.size());
    second.source.found(Set.of(B, C));
    assertEquals(Set.of(A, B, C), told.get(1));
  }

  @Test
  void anErrorOfOneKeepsItsNodes() {
    joined.start(told::add);
    first.source.found(Set.of(A));
    second.source.found(Set.of(B));
    first.source.failed("is away");
    second.source.found(Set.of(C));
    assertEquals(Set.of(A, C), told.get(1));
    assertEquals(
        List.of("is away", ""), joined.statuses().stream().map(SourceStatus::error).toList());
  }

  @Test
  void closesAllAndTellsNothingMore() {
    joined.start(told::add);
    first.source.found(Set.of(A));
    joined.close();
    assertTrue(first.closed && second.closed);
    assertEquals(0, time.scheduled());
    time.advance(10, TimeUnit.SECONDS);
    assertEquals(List.of(), told);
  }
}
