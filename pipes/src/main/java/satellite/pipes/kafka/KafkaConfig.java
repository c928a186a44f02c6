package satellite.pipes.kafka;

import java.time.Duration;
import java.util.List;
import satellite.discovery.Node;
import satellite.pipes.tls.ClientTlsConfig;

/**
 * How the Kafka cluster is spoken to: {@code kafka-client}.
 *
 * @param brokers some of the cluster's, at least one; it tells of the others
 * @param namespace what every topic's name begins with, and a hyphen; empty for nothing
 * @param tls null for plaintext; any certificate is never trusted
 * @param clientId by which brokers name this program in logs and quotas
 * @param compression of the records: none, gzip, snappy, lz4 or zstd
 * @param maxMessageBytes of one record; a larger one is dropped
 * @param retryBackoff between two tries of the client itself
 * @param refreshPeriod of what is known of brokers and topics
 */
public record KafkaConfig(
    List<Node> brokers,
    String namespace,
    ClientTlsConfig tls,
    String clientId,
    String compression,
    int maxMessageBytes,
    Duration retryBackoff,
    Duration refreshPeriod) {

  /** For the router the cluster is one node: which broker takes what is its own affair. */
  public Node node() {
    Node first = brokers.get(0);
    return new Node(first.host(), first.port());
  }

  /** A topic as it is called in the cluster. */
  String topic(String name) {
    return namespace.isEmpty() ? name : namespace + "-" + name;
  }
}
