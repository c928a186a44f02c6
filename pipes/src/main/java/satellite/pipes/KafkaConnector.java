package satellite.pipes;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import satellite.discovery.Node;
import satellite.routing.Connector;

/**
 * Opens the way into the Kafka cluster. Has a thread of its own: making and closing a producer
 * block.
 */
public final class KafkaConnector implements Connector<KafkaConnection> {

  private final Set<String> topics;
  private final Supplier<Producer<String, byte[]>> producers;
  private final ScheduledThreadPoolExecutor thread;
  private final Set<KafkaConnection> opened = ConcurrentHashMap.newKeySet();

  /**
   * @param pipes those of the configuration; their topics must be known before records are sent
   */
  public KafkaConnector(KafkaConfig config, Iterable<PipeConfig> pipes) {
    this(
        KafkaForwarder.topics(config, pipes),
        () ->
            new KafkaProducer<>(
                KafkaProperties.of(config), new StringSerializer(), new ByteArraySerializer()));
  }

  KafkaConnector(Set<String> topics, Supplier<Producer<String, byte[]>> producers) {
    this.topics = topics;
    this.producers = producers;
    this.thread =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread kafka = new Thread(task, "kafka");
              kafka.setDaemon(true);
              return kafka;
            });
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  public KafkaConnection open(Node node, Runnable onChange) {
    KafkaConnection connection = new KafkaConnection(node, topics, producers, thread, onChange);
    opened.add(connection);
    return connection.begin();
  }

  /** Breaks off every record under way; each is told of as failed. Ends the thread. */
  public void closeNow() {
    thread.shutdown();
    opened.forEach(KafkaConnection::closeNow);
  }
}
