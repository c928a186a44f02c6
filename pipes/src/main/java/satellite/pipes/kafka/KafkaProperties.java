package satellite.pipes.kafka;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.SslConfigs;
import satellite.discovery.Node;
import satellite.pipes.tls.ClientTlsConfig;
import satellite.pipes.tls.TlsFilesException;

/** The Kafka producer's settings. */
final class KafkaProperties {

  /**
   * A record that no broker has taken for so long is given back, and sent again by the dispatcher.
   * Until then the producer itself tries again, which cannot double it: long enough for a broker to
   * be restarted, or for a partition to move.
   */
  private static final int DELIVERY_MILLIS = 30_000;

  private static final int REQUEST_MILLIS = 10_000;

  /** A batch of a pipe comes at once; by then it fills the records' batches. */
  private static final int LINGER_MILLIS = 5;

  private static final int BATCH_BYTES = 64 << 10;

  /** What is on its way is held a second time, in here: a sixth of the heap at most. */
  private static final long MAX_BUFFER_BYTES = 32 << 20;

  private static final int MAX_RECONNECT_MILLIS = 5_000;

  private KafkaProperties() {}

  static Map<String, Object> of(KafkaConfig config) {
    Map<String, Object> all = new HashMap<>();
    List<Node> brokers = config.brokers();
    all.put(
        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
        brokers.stream().map(Node::address).collect(Collectors.joining(",")));
    all.put(ProducerConfig.CLIENT_ID_CONFIG, config.clientId());
    // OK is said when all replicas in sync have it; the producer's own tries do not double it.
    all.put(ProducerConfig.ACKS_CONFIG, "all");
    all.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    // send() is called by threads that must not block: what is not known yet is an answer, too.
    all.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 0);
    all.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, DELIVERY_MILLIS);
    all.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_MILLIS);
    all.put(ProducerConfig.LINGER_MS_CONFIG, LINGER_MILLIS);
    all.put(ProducerConfig.BATCH_SIZE_CONFIG, BATCH_BYTES);
    all.put(
        ProducerConfig.BUFFER_MEMORY_CONFIG,
        Math.min(MAX_BUFFER_BYTES, Runtime.getRuntime().maxMemory() / 6));
    all.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, config.maxMessageBytes());
    all.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, config.compression());
    all.put(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, config.retryBackoff().toMillis());
    all.put(
        ProducerConfig.RETRY_BACKOFF_MAX_MS_CONFIG,
        Math.max(1_000, config.retryBackoff().toMillis()));
    all.put(ProducerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, MAX_RECONNECT_MILLIS);
    all.put(ProducerConfig.METADATA_MAX_AGE_CONFIG, config.refreshPeriod().toMillis());
    // Nobody reads the client's own metrics, here or there.
    all.put(ProducerConfig.METRIC_REPORTER_CLASSES_CONFIG, "");
    all.put(ProducerConfig.ENABLE_METRICS_PUSH_CONFIG, false);
    if (config.tls() != null) {
      tls(all, config.tls());
    }
    return all;
  }

  private static void tls(Map<String, Object> all, ClientTlsConfig tls) {
    all.put(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, "SSL");
    if (tls.ca() != null) {
      all.put(SslConfigs.SSL_TRUSTSTORE_TYPE_CONFIG, "PEM");
      all.put(SslConfigs.SSL_TRUSTSTORE_CERTIFICATES_CONFIG, text(tls.ca()));
    }
    if (tls.certificate() != null) {
      all.put(SslConfigs.SSL_KEYSTORE_TYPE_CONFIG, "PEM");
      all.put(SslConfigs.SSL_KEYSTORE_CERTIFICATE_CHAIN_CONFIG, text(tls.certificate()));
      all.put(SslConfigs.SSL_KEYSTORE_KEY_CONFIG, text(tls.key()));
    }
  }

  private static String text(Path pem) {
    try {
      return Files.readString(pem);
    } catch (IOException e) {
      throw new TlsFilesException("the Kafka client's", pem + ": " + TlsFilesException.reasons(e));
    }
  }
}
