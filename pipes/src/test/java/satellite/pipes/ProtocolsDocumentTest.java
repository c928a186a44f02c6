package satellite.pipes;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;

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
    text.append("Written by `ProtocolsDocumentTest` from `satellite.pipes.Protocols`.\n\n");
    text.append(
        "Asynchronous methods are answered by Satellite, queued and batched; synchronous\n");
    text.append("ones and conversations pass through to one node, and so does every method that\n");
    text.append(
        "is not here. `/RemoteService/*` is refused, `grpc.health.v1.Health` is answered\n");
    text.append("for Satellite itself.\n\n");
    text.append(
        "| method | kind | mode | receiver | upstream | joined how | node | Kafka topic | OAP |\n");
    text.append("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (Protocol row : Protocols.TABLE) {
      text.append("| `").append(row.method()).append("` | ").append(words(row.kind()));
      text.append(" | ").append(words(row.mode()));
      text.append(" | `").append(row.receiver().pluginName()).append("` | ");
      text.append(upstream(row)).append(" | ").append(joined(row)).append(" | ");
      text.append(node(row)).append(" | ").append(topic(row));
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
    return gathered
        + switch (row.forwarding().shape()) {
          case UNARY_EACH -> "a call each, repeats once";
          case UNARY_JOINED -> "one message per group";
          case STREAM_EACH -> "a stream per group, a message each";
          case STREAM_JOINED -> "one stream, a message per group";
        };
  }

  private static String topic(Protocol row) {
    return row.kafka() == null ? "" : "`" + row.kafka().name() + "`";
  }

  private static String node(Protocol row) {
    if (row.forwarding() == null) {
      return "next in turn, for the whole call";
    }
    return row.forwarding().sticky() ? "stays" : "next in turn";
  }
}
