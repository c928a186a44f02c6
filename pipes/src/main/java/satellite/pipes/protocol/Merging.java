package satellite.pipes.protocol;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import satellite.pipes.protocol.Protocol.Shape;
import satellite.queue.Event;

/** How events become upstream messages, as the {@link Protocol.Forwarding} of their row says. */
public final class Merging {

  private Merging() {}

  /** A call has one target, and its events join as their protocol allows. */
  private record Call(String target, Object group) {}

  /** What events must have in common to share an upstream call: equal ones may. */
  public static Object call(Event event) {
    Protocol.Forwarding how = Protocols.of(event.method()).forwarding();
    Object group =
        switch (how.shape()) {
          case UNARY_JOINED, STREAM_EACH -> event.group();
          case STREAM_JOINED -> null;
          case UNARY_EACH -> event.group() != null ? event.group() : event;
        };
    return new Call(how.target(), group);
  }

  /** The upstream messages of the events of one call, in order. */
  public static List<Payload> messages(Shape shape, List<Event> events) {
    switch (shape) {
      case UNARY_EACH -> {
        // The others of its group say the same: the latest stands for all.
        Payload latest = new Payload();
        latest.add(events.get(events.size() - 1).parts());
        return List.of(latest);
      }
      case UNARY_JOINED -> {
        Payload joined = new Payload();
        events.forEach(event -> joined.add(event.parts()));
        return List.of(joined);
      }
      case STREAM_EACH -> {
        List<Payload> messages = new ArrayList<>(events.size());
        byte[] holds = null;
        for (Event event : events) {
          Payload message = new Payload();
          // Needed again only where another message came between.
          if (event.context() != holds) {
            message.add(event.context());
          }
          holds = event.context();
          message.add(event.parts());
          messages.add(message);
        }
        return messages;
      }
      case STREAM_JOINED -> {
        Map<String, Payload> byGroup = new LinkedHashMap<>();
        for (Event event : events) {
          Payload message = byGroup.get(event.group());
          if (message == null) {
            message = new Payload();
            message.add(event.context());
            byGroup.put(event.group(), message);
          }
          message.add(event.parts());
        }
        return List.copyOf(byGroup.values());
      }
      default -> throw new IllegalArgumentException("no such shape: " + shape);
    }
  }
}
