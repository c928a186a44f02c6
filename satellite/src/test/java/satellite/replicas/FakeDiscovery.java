package satellite.replicas;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import satellite.discovery.Discovery;
import satellite.discovery.Node;
import satellite.discovery.SourceStatus;

/** Finds what the test says. */
final class FakeDiscovery implements Discovery {

  private Consumer<Set<Node>> listener;

  @Override
  public void start(Consumer<Set<Node>> to) {
    listener = to;
  }

  void find(Set<Node> nodes) {
    listener.accept(nodes);
  }

  @Override
  public List<SourceStatus> statuses() {
    return List.of();
  }

  @Override
  public void close() {}
}
