package satellite.pipes;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import satellite.pipes.Protocol.Forwarding;
import satellite.queue.Event;

/** Sorts events that are due into the upstream calls that they become. */
final class Batching {

  private Batching() {}

  /** What the events of one call have in common. */
  private record Call(String target, Object group, String node) {}

  /**
   * Events by call, in the order in which they came.
   *
   * @param node the address of the node that an event must go to, null for any
   */
  static List<List<Event>> calls(List<Event> events, Function<Event, String> node) {
    Map<Call, List<Event>> calls = new LinkedHashMap<>();
    for (Event event : events) {
      Forwarding how = Protocols.of(event.method()).forwarding();
      Call call = new Call(how.target(), together(how, event), node.apply(event));
      calls.computeIfAbsent(call, any -> new ArrayList<>()).add(event);
    }
    return List.copyOf(calls.values());
  }

  private static Object together(Forwarding how, Event event) {
    return switch (how.shape()) {
      case UNARY_JOINED, STREAM_EACH -> event.group();
      case STREAM_JOINED -> null;
      case UNARY_EACH -> event.group() != null ? event.group() : event;
    };
  }
}
