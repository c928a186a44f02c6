package satellite.config;

import java.util.ArrayList;
import java.util.List;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.protocol.ReceiverPlugin;

/**
 * Which forwarders a pipe may have, and which client each of them sends with: the one of the
 * reference, to OAP's nodes, and where OAP reads the kind from Kafka its twin, into Kafka.
 */
final class Forwarders {

  private static final String TO_NODES = "-grpc-forwarder";
  private static final String INTO_KAFKA = "-kafka-forwarder";

  private Forwarders() {}

  static boolean isKafka(String forwarder) {
    return forwarder.endsWith(INTO_KAFKA);
  }

  static Mapping forwarder(Mapping pipe) {
    return pipe.mapping("sender").sequence("forwarders").mappings().get(0);
  }

  private static String receiver(Mapping pipe) {
    return pipe.mapping("gatherer").mapping("receiver").scalar("plugin_name").text();
  }

  /** The names of those that a pipe may have. */
  static List<String> of(Mapping pipe) {
    // As written in the reference, whatever the environment makes of it.
    String name = forwarder(pipe).scalar("plugin_name").defaultText();
    var names = new ArrayList<>(List.of(name));
    ReceiverPlugin.of(receiver(pipe))
        .filter(receiver -> !Protocols.topics(receiver).isEmpty())
        .ifPresent(receiver -> names.add(name.replace(TO_NODES, INTO_KAFKA)));
    return names;
  }

  /**
   * @param pipe one that is filled up
   */
  static void check(Mapping pipe) {
    Scalar forwarder = forwarder(pipe).scalar("plugin_name");
    check(forwarder, pipe);
    String client = isKafka(forwarder.text()) ? KafkaSection.NAME : ClientSection.NAME;
    Mapping sender = pipe.mapping("sender");
    if (sender.has("client_name") && !sender.scalar("client_name").text().equals(client)) {
      throw sender
          .scalar("client_name")
          .invalid(forwarder.text() + " sends with " + client + ": leave the key out, or say so");
    }
  }

  static void check(Scalar forwarder, Mapping pipe) {
    List<String> possible = of(pipe);
    if (!possible.contains(forwarder.text())) {
      throw forwarder.invalid(
          "the receiver of this pipe needs the forwarder " + String.join(" or ", possible));
    }
  }
}
