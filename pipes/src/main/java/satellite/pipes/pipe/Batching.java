package satellite.pipes.pipe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocols;
import satellite.queue.Batch;
import satellite.queue.Event;

/** Sorts events that are due into the upstream calls that they become, and splits these. */
public final class Batching {

  private Batching() {}

  /**
   * What the events of one call have in common.
   *
   * @param node the address of the node that they must go to, null for any
   */
  public record Call(Object together, String node) {}

  /**
   * Events by call, in the order in which they came. Each is asked for its node once: it may have
   * another one a moment later.
   */
  public static Map<Call, List<Event>> calls(
      List<Event> events, Function<Event, Object> together, Function<Event, String> node) {
    Map<Call, List<Event>> calls = new LinkedHashMap<>();
    for (Event event : events) {
      Call call = new Call(together.apply(event), node.apply(event));
      calls.computeIfAbsent(call, any -> new ArrayList<>()).add(event);
    }
    return calls;
  }

  /**
   * Two batches in the place of one that a node has refused, so that in the end the message that it
   * cannot take stands alone; none where that is reached. The batch is no more then.
   */
  static List<Batch> halves(Batch refused) {
    Protocol.Forwarding how = Protocols.of(refused.first().method()).forwarding();
    boolean repeats = how.shape() == Protocol.Shape.UNARY_EACH;
    if (refused.events().size() > 1 && !repeats) {
      return refused.split();
    }
    boolean gathered = how.gather() == Protocol.Gather.FOR_A_TIME;
    return gathered && refused.first().messages() > 1 ? refused.splitEvent() : List.of();
  }
}
