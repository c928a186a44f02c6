package satellite.pipes.kafka;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import satellite.discovery.Node;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.tls.TlsFilesException;
import satellite.routing.Connector;

/**
 * Opens the way into the Kafka cluster. Wants a thread of its own: making and closing a producer
 * block.
 */
public final class KafkaConnector implements Connector<KafkaConnection> {

  private final Set<String> topics;
  private final Supplier<Producer<String, byte[]>> producers;
  private final ScheduledExecutorService thread;
  private final Set<KafkaConnection> opened = ConcurrentHashMap.newKeySet();

  /**
   * @param pipes those of the configuration; their topics must be known before records are sent
   * @param thread who made it ends it, before {@link #closeNow}
   */
  public KafkaConnector(
      KafkaConfig config, Iterable<PipeConfig> pipes, ScheduledExecutorService thread) {
    this(KafkaForwarder.topics(config, pipes), () -> producer(config), thread);
  }

  private static Producer<String, byte[]> producer(KafkaConfig config) {
    try {
      return new KafkaProducer<>(
          KafkaProperties.of(config), new StringSerializer(), new ByteArraySerializer());
    } catch (KafkaException e) {
      // It says so of nothing but the certificates and keys.
      for (Throwable why = e; why != null; why = why.getCause()) {
        if (why instanceof InvalidConfigurationException invalid) {
          throw new TlsFilesException("the Kafka client's", TlsFilesException.reasons(invalid));
        }
      }
      throw e;
    }
  }

  KafkaConnector(
      Set<String> topics,
      Supplier<Producer<String, byte[]>> producers,
      ScheduledExecutorService thread) {
    this.topics = topics;
    this.producers = producers;
    this.thread = thread;
  }

  /** Throws {@link TlsFilesException}: what else may be wrong with a cluster passes. */
  @Override
  public KafkaConnection open(Node node, Runnable onChange) {
    KafkaConnection connection = new KafkaConnection(node, topics, producers, thread, onChange);
    opened.add(connection);
    return connection.begin();
  }

  /** Breaks off every record under way; each is told of as failed. */
  public void closeNow() {
    opened.forEach(KafkaConnection::closeNow);
  }
}
