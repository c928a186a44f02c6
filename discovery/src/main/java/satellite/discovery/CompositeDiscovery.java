package satellite.discovery;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The nodes of several discoveries. Tells when all have told, or {@value #INITIAL_WAIT_SECONDS} s
 * after the start without those that have not. A node that two know is as the first of them says.
 * Takes over the discoveries that it is made of: it starts and closes them.
 */
public final class CompositeDiscovery implements Discovery {

  static final int INITIAL_WAIT_SECONDS = 5;

  private final List<Discovery> discoveries;
  private final ScheduledExecutorService timer;

  /** What each told last; null for one that has not. Guarded by this, as all below. */
  private final List<Set<Node>> known = new ArrayList<>();

  private Consumer<Set<Node>> listener;
  private Future<?> initialWait;
  private boolean waiting = true;
  private boolean closed;
  private Set<Node> told;

  public CompositeDiscovery(Collection<Discovery> discoveries, ScheduledExecutorService timer) {
    this.discoveries = List.copyOf(discoveries);
    this.timer = timer;
    this.discoveries.forEach(each -> known.add(null));
  }

  @Override
  public void start(Consumer<Set<Node>> listener) {
    synchronized (this) {
      if (closed) {
        return;
      }
      this.listener = listener;
      initialWait = timer.schedule(this::endInitialWait, INITIAL_WAIT_SECONDS, TimeUnit.SECONDS);
    }
    for (int i = 0; i < discoveries.size(); i++) {
      int index = i;
      discoveries.get(i).start(nodes -> heard(index, nodes));
    }
  }

  private synchronized void endInitialWait() {
    waiting = false;
    tell();
  }

  private synchronized void heard(int index, Set<Node> nodes) {
    known.set(index, nodes);
    if (!known.contains(null)) {
      waiting = false;
      initialWait.cancel(false);
    }
    tell();
  }

  private void tell() {
    if (closed || waiting || known.stream().allMatch(Objects::isNull)) {
      return;
    }
    Set<Node> nodes = union();
    if (!nodes.equals(told)) {
      told = nodes;
      listener.accept(nodes);
    }
  }

  private Set<Node> union() {
    Map<String, Node> byAddress = new LinkedHashMap<>();
    known.stream()
        .filter(Objects::nonNull)
        .flatMap(Set::stream)
        .forEach(node -> byAddress.putIfAbsent(node.address(), node));
    return Set.copyOf(byAddress.values());
  }

  @Override
  public List<SourceStatus> statuses() {
    return discoveries.stream().flatMap(each -> each.statuses().stream()).toList();
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      if (initialWait != null) {
        initialWait.cancel(false);
      }
    }
    // Without the lock: one that is just telling waits for it.
    discoveries.forEach(Discovery::close);
  }
}
