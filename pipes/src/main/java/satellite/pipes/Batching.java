package satellite.pipes;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import satellite.queue.Event;

/** Sorts events that are due into the upstream calls that they become. */
final class Batching {

  private Batching() {}

  /**
   * What the events of one call have in common.
   *
   * @param node the address of the node that they must go to, null for any
   */
  record Call(Object together, String node) {}

  /**
   * Events by call, in the order in which they came. Each is asked for its node once: it may have
   * another one a moment later.
   */
  static Map<Call, List<Event>> calls(
      List<Event> events, Function<Event, Object> together, Function<Event, String> node) {
    Map<Call, List<Event>> calls = new LinkedHashMap<>();
    for (Event event : events) {
      Call call = new Call(together.apply(event), node.apply(event));
      calls.computeIfAbsent(call, any -> new ArrayList<>()).add(event);
    }
    return calls;
  }

  /** Into gRPC calls. */
  static Collection<List<Event>> calls(List<Event> events, Function<Event, String> node) {
    return calls(events, GrpcForwarder::call, node).values();
  }
}
