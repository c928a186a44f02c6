package satellite.pipes.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import satellite.pipes.http.Route;

/**
 * docs/protocols.md is the table of {@link Protocols}; {@code -Dsatellite.docs.write} writes it.
 */
class ProtocolsDocumentTest {

  private static final Path DOCUMENT = Path.of("..", "docs", "protocols.md");

  @Test
  void theDocumentIsTheTable() throws IOException {
    if (Boolean.getBoolean("satellite.docs.write")) {
      Files.writeString(DOCUMENT, document());
    }
    assertEquals(
        document(),
        Files.readString(DOCUMENT),
        "docs/protocols.md is not what the table says: mvn test -pl pipes -am"
            + " -Dtest=ProtocolsDocumentTest -Dsurefire.failIfNoSpecifiedTests=false"
            + " -Dsatellite.docs.write=true");
  }

  private static String document() {
    StringBuilder text = new StringBuilder();
    text.append("# The protocols\n\n");
    text.append(
        "Written by `ProtocolsDocumentTest` from `satellite.pipes.protocol.Protocols`.\n\n");
    text.append(
        "Asynchronous methods are answered by Satellite, queued and batched; synchronous\n");
    text.append("ones and conversations pass through to one node, and so does every method that\n");
    text.append(
        "is not here. `/RemoteService/*` is refused, `grpc.health.v1.Health` is answered\n");
    text.append("for Satellite itself. What comes over HTTP goes the same way as its method.\n\n");
    text.append(
        "Key: events with the same one stay on their node, in order. Joined how: what may share\n");
    text.append(
        "an upstream call. Time to live: OAP stamps it with its own clock, so what waited\n");
    text.append("longer than `SATELLITE_QUEUE_TIME_TO_LIVE` is dropped as `expired`.\n\n");
    text.append(
        "| method | kind | mode | receiver | upstream | joined how | key | time to live | Kafka topic | HTTP | since OAP |\n");
    text.append("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (Protocol row : Protocols.TABLE) {
      text.append("| `").append(row.method()).append("` | ").append(words(row.kind()));
      text.append(" | ").append(words(row.mode()));
      text.append(" | `").append(row.receiver().pluginName()).append("` | ");
      text.append(upstream(row)).append(" | ").append(joined(row)).append(" | ");
      text.append(key(row)).append(" | ").append(expires(row)).append(" | ");
      text.append(topic(row)).append(" | ").append(http(row));
      text.append(" | ").append(row.sinceOap()).append(" |\n");
    }
    return text.toString();
  }

  private static String words(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static String upstream(Protocol row) {
    if (row.forwarding() == null || row.forwarding().target().equals(row.method())) {
      return "same";
    }
    return "`" + row.forwarding().target() + "`";
  }

  private static String joined(Protocol row) {
    if (row.forwarding() == null) {
      return "passed through";
    }
    String gathered =
        switch (row.forwarding().gather()) {
          case NO -> "";
          case FOR_A_TIME -> "gathered per stream for a time; ";
          case WHOLE_STREAM -> "the whole stream is one report; ";
        };
    String per = row.forwarding().per();
    return gathered
        + switch (row.forwarding().shape()) {
          case UNARY_EACH -> per == null ? "a call each" : "a call per " + per + ", repeats once";
          case UNARY_JOINED -> per == null ? "many in a call" : "many in a call, per " + per;
          case STREAM_EACH -> "a stream" + of(per) + ", a message each";
          case STREAM_JOINED -> "a stream, a message" + of(per);
        };
  }

  private static String of(String group) {
    return group == null ? "" : " per " + group;
  }

  private static String http(Protocol row) {
    return Route.TABLE.stream()
        .filter(route -> route.method().equals(row.method()))
        .map(route -> "`" + route.path() + "`")
        .collect(Collectors.joining(", "));
  }

  private static String topic(Protocol row) {
    return row.kafka() == null ? "" : "`" + row.kafka().name() + "`";
  }

  private static String expires(Protocol row) {
    return row.forwarding() != null && row.forwarding().expires() ? "yes" : "";
  }

  private static String key(Protocol row) {
    if (row.forwarding() == null) {
      return "none: one node for the whole call";
    }
    return row.forwarding().sticky() ? row.forwarding().key() : "none: next node";
  }
}
