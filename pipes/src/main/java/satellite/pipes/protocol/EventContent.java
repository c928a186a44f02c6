package satellite.pipes.protocol;

import java.util.Arrays;
import java.util.List;
import satellite.pipes.protocol.Protocol.Forwarding;
import satellite.queue.Event;

/**
 * What an event says, for a person to look at.
 *
 * @param target the method that it is sent to, whose messages {@code context} and {@code messages}
 *     are
 * @param context the fields that its stream says once; empty where none
 * @param messages encoded; more than one where an event joins messages that would also stand alone
 * @param expires whether it means nothing, or the wrong thing, when it comes late
 */
public record EventContent(String target, byte[] context, List<byte[]> messages, boolean expires) {

  /** Null where no pipe forwards what came on that method. */
  public static EventContent of(Event event) {
    Protocol protocol = Protocols.of(event.method());
    Forwarding how = protocol == null ? null : protocol.forwarding();
    if (how == null) {
      return null;
    }
    List<byte[]> messages;
    if (how.gather() == Protocol.Gather.FOR_A_TIME) {
      messages = Arrays.asList(event.parts().toArrays());
    } else {
      Payload whole = new Payload();
      whole.add(event.parts());
      messages = List.of(whole.toByteArray());
    }
    return new EventContent(how.target(), event.context(), messages, how.expires());
  }
}
