package satellite.pipes.pipe;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import satellite.queue.Batch;
import satellite.queue.Event;
import satellite.routing.Connection;
import satellite.routing.Upstream;

/** What one dispatcher has for one node. It belongs to whoever runs the dispatcher. */
final class Lane<C extends Connection> {

  /** Batches that must go to this node. */
  final Deque<Batch> waiting = new ArrayDeque<>();

  /**
   * Those of them that are under way, or rest after a failure, by their order: the next of an order
   * waits for it.
   */
  final Map<String, Batch> busy = new HashMap<>();

  int inFlight;

  /** A permit of its window, granted and not used yet. */
  private Upstream<C> permit;

  /** Where it waits for a permit; each connection has a window of its own. */
  private C awaits;

  /** Keys of all its events; null until somebody asks. */
  private Set<String> keys;

  boolean isEmpty() {
    return inFlight == 0 && busy.isEmpty() && waiting.isEmpty();
  }

  /** Behind what waits already. */
  void add(Batch batch) {
    waiting.addLast(batch);
    if (keys != null) {
      batch.events().forEach(event -> keys.add(event.key()));
    }
  }

  /**
   * Whether it has something of this source, or had at the latest {@link #recount}: a yes may be
   * late, a no never is. It is asked for each event of a lost node, so it looks through all events
   * once.
   */
  boolean holds(String key) {
    if (keys == null) {
      keys = new HashSet<>();
      for (Iterable<Batch> batches : List.of(busy.values(), waiting)) {
        for (Batch batch : batches) {
          for (Event event : batch.events()) {
            keys.add(event.key());
          }
        }
      }
    }
    return keys.contains(key);
  }

  /** Batches have left. */
  void recount() {
    keys = null;
  }

  /** Takes a permit of the node's window: the one that was granted, or a free one. */
  boolean acquire(Upstream<C> upstream) {
    if (permit != null && permit.connection() == upstream.connection()) {
      permit = null;
      return true;
    }
    return upstream.tryAcquire();
  }

  /** Whether it is not in line yet; then it is from now on. */
  boolean isFirstInLine(Upstream<C> upstream) {
    boolean first = awaits != upstream.connection();
    awaits = upstream.connection();
    return first;
  }

  void granted(Upstream<C> upstream) {
    releasePermit();
    permit = upstream;
    if (awaits == upstream.connection()) {
      awaits = null;
    }
  }

  /** Whoever is next may have the permit. */
  void releasePermit() {
    if (permit != null) {
      permit.release();
      permit = null;
    }
  }
}
