package satellite.pipes.pipe;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import satellite.queue.Batch;
import satellite.queue.Event;
import satellite.routing.Connection;
import satellite.routing.Router;
import satellite.routing.Upstream;

/** The {@link Lane} of each node. They belong to whoever runs the dispatcher. */
final class Lanes<C extends Connection> {

  private final Router<C> router;
  private final Map<String, Lane<C>> byAddress = new HashMap<>();

  /** Some of them were granted a permit. */
  private boolean permitsGranted;

  Lanes(Router<C> router) {
    this.router = router;
  }

  Lane<C> of(String address) {
    return byAddress.computeIfAbsent(address, any -> new Lane<>());
  }

  Lane<C> of(Upstream<C> upstream) {
    return of(upstream.node().address());
  }

  Collection<Lane<C>> all() {
    return byAddress.values();
  }

  /** Those whose node takes batches. */
  void forEachUp(BiConsumer<Upstream<C>, Lane<C>> each) {
    for (Map.Entry<String, Lane<C>> entry : byAddress.entrySet()) {
      Upstream<C> upstream = router.upstreams().get(entry.getKey());
      if (upstream != null && upstream.isUp()) {
        each.accept(upstream, entry.getValue());
      }
    }
  }

  /** What a node still has of a source must not be overtaken on another one. */
  boolean mayLeave(Event event, String address) {
    Lane<C> lane = byAddress.get(address);
    return lane == null || !lane.holds(event.key());
  }

  boolean isAnythingInFlight() {
    return byAddress.values().stream().anyMatch(lane -> lane.inFlight > 0);
  }

  /** Takes what waits for nodes that are gone or down; forgets nodes that have nothing left. */
  Deque<Batch> leaveLostNodes() {
    Deque<Batch> homeless = new ArrayDeque<>();
    byAddress.forEach(
        (address, lane) -> {
          Upstream<C> upstream = router.upstreams().get(address);
          if (upstream == null || upstream.state() == Connection.State.DOWN) {
            homeless.addAll(lane.waiting);
            lane.waiting.clear();
          }
          lane.recount();
        });
    byAddress
        .entrySet()
        .removeIf(
            entry ->
                !router.upstreams().containsKey(entry.getKey()) && isForgotten(entry.getValue()));
    return homeless;
  }

  /** A permit that it was granted would stay taken, and the node's connection open. */
  private static <C extends Connection> boolean isForgotten(Lane<C> lane) {
    if (!lane.isEmpty()) {
      return false;
    }
    lane.releasePermit();
    return true;
  }

  /** A permit of the node's window, for which the lane was in line. */
  void granted(Upstream<C> upstream) {
    of(upstream).granted(upstream);
    permitsGranted = true;
  }

  /** A permit that is not needed any more is the next one's. */
  void releaseUnusedPermits() {
    if (permitsGranted) {
      permitsGranted = false;
      byAddress.values().forEach(Lane::releasePermit);
    }
  }
}
