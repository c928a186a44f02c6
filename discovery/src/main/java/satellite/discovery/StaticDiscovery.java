package satellite.discovery;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;

/** {@code finder_type: static}: the nodes that the configuration lists; told once, at start. */
public final class StaticDiscovery implements Discovery {

  private final Set<Node> nodes;

  public StaticDiscovery(Collection<Node> nodes) {
    this.nodes = Set.copyOf(new LinkedHashSet<>(nodes));
  }

  @Override
  public void start(Consumer<Set<Node>> listener) {
    listener.accept(nodes);
  }

  @Override
  public void close() {}
}
