package satellite.config;

import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import satellite.discovery.Node;
import satellite.pipes.kafka.KafkaConfig;
import satellite.pipes.tls.ClientTlsConfig;

/** Reads the {@code kafka-client} of {@code sharing.clients}. */
final class KafkaSection {

  static final String NAME = "kafka-client";

  /** By their numbers in the Go Satellite. */
  private static final List<String> COMPRESSIONS = List.of("none", "gzip", "snappy", "lz4", "zstd");

  private static final Pattern TOPIC = Pattern.compile("[a-zA-Z0-9._-]{1,200}");

  private KafkaSection() {}

  static KafkaConfig kafka(Mapping client, List<String> notices) {
    withoutEffect(client, "version", "every broker from 2.1 on is spoken to as it wants", notices);
    withoutEffect(
        client, "required_acks", "a batch is settled when all replicas in sync have it", notices);
    withoutEffect(client, "idempotent_writes", "they always are", notices);
    withoutEffect(
        client, "producer_max_retry", "what is not delivered is tried again for 30 s", notices);
    withoutEffect(client, "meta_max_retry", "brokers are asked until they answer", notices);
    Scalar namespace = client.scalar("namespace");
    return new KafkaConfig(
        brokers(client.scalar("brokers")),
        namespace.text().isEmpty() ? "" : partOfTopic(namespace),
        client.scalar("enable_tls").bool() ? tls(client, notices) : null,
        client.scalar("client_id").text(),
        COMPRESSIONS.get(client.scalar("compression_codec").integer(0, COMPRESSIONS.size() - 1)),
        client.scalar("max_message_bytes").integer(1, Integer.MAX_VALUE),
        client.scalar("retry_backoff").duration(ChronoUnit.MILLIS),
        client.scalar("refresh_period").duration(ChronoUnit.MINUTES));
  }

  private static void withoutEffect(
      Mapping client, String key, String because, List<String> notices) {
    if (!client.scalar(key).isDefault()) {
      notices.add(client.scalar(key).location() + ": accepted without effect, " + because);
    }
  }

  private static List<Node> brokers(Scalar list) {
    var brokers = new ArrayList<Node>();
    for (String entry : list.commaList()) {
      Address address = Address.parse(list, entry);
      if (address.host().isEmpty() || address.port() == 0) {
        throw Address.invalid(list, entry);
      }
      brokers.add(new Node(address.host(), address.port()));
    }
    if (brokers.isEmpty()) {
      throw list.error("needs at least one host:port");
    }
    return List.copyOf(brokers);
  }

  private static ClientTlsConfig tls(Mapping client, List<String> notices) {
    Scalar insecure = client.scalar("insecure_skip_verify");
    if (insecure.bool()) {
      throw insecure.error(
          "the Kafka client cannot trust any certificate; name the brokers' CA in ca_pem_path");
    }
    Scalar ca = client.scalar("ca_pem_path");
    if (!ca.text().isEmpty() && !ClientSection.isFile(ca)) {
      throw ca.invalid("must be a file that can be read; empty = the certificates of the JDK");
    }
    return ClientSection.tls(client, notices);
  }

  /** A name that Kafka takes, alone or behind a namespace. */
  static String partOfTopic(Scalar name) {
    if (!TOPIC.matcher(name.text()).matches() || Set.of(".", "..").contains(name.text())) {
      throw name.invalid("must be 1 to 200 letters, digits, '.', '_' and '-'");
    }
    return name.text();
  }
}
