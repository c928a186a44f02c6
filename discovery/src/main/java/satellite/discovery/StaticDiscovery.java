package satellite.discovery;

import java.time.Clock;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** {@code finder_type: static}: the nodes that the configuration lists; told once, at start. */
public final class StaticDiscovery implements Discovery {

  private final Source source = new Source("static", Clock.systemUTC());
  private final Set<Node> nodes;

  public StaticDiscovery(Collection<Node> nodes) {
    this.nodes = Set.copyOf(new LinkedHashSet<>(nodes));
  }

  @Override
  public void start(Consumer<Set<Node>> listener) {
    source.listen(listener);
    source.found(nodes);
  }

  @Override
  public List<SourceStatus> statuses() {
    return List.of(source.status());
  }

  @Override
  public void close() {
    source.close();
  }
}
