package satellite.pipes.kafka;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import satellite.discovery.Node;
import satellite.pipes.FlowFixture;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.pipe.PipeMetrics;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.routing.Router;

/** The flow of {@link FlowFixture}, with Kafka forwarders and a scripted cluster. */
abstract class KafkaFixture extends FlowFixture {

  String namespace = "";
  String topic;

  /** The producers that the connection is given, one after the other; the last again and again. */
  final Deque<ScriptedProducer> producers = new ArrayDeque<>(List.of(new ScriptedProducer()));

  /** How many times making one fails before. */
  int unmakable;

  private final ScheduledExecutorService kafkaThread = Executors.newScheduledThreadPool(1);
  private KafkaConnector kafkaConnector;
  Router<KafkaConnection> kafka;

  @Override
  public Pipe open(ReceiverPlugin receiver) {
    KafkaConfig config = kafkaConfig();
    PipeConfig pipe = config(receiver);
    if (kafka == null) {
      kafkaConnector =
          new KafkaConnector(
              KafkaForwarder.topics(config, List.of(pipe)), this::nextProducer, kafkaThread);
      kafka =
          new Router<>(
              kafkaConnector, pool, System::nanoTime, Duration.ofMillis(100), drainTime, balancing);
      kafka.nodes(Set.of(config.node()));
    }
    PipeMetrics metrics = metrics();
    return new Pipe(
        pipe,
        kafka,
        new KafkaForwarder(config, pipe, metrics, System::nanoTime),
        storage(),
        metrics,
        pool,
        System::nanoTime);
  }

  private synchronized Producer<String, byte[]> nextProducer() {
    if (unmakable > 0) {
      unmakable--;
      throw new KafkaException("Failed to construct kafka producer", new KafkaException("no DNS"));
    }
    return producers.size() > 1 ? producers.poll() : producers.peek();
  }

  KafkaConfig kafkaConfig() {
    return new KafkaConfig(
        List.of(new Node("kafka", 9092)),
        namespace,
        null,
        "satellite",
        "none",
        1_000_000,
        Duration.ofMillis(100),
        Duration.ofMinutes(10));
  }

  @Override
  public PipeConfig config(ReceiverPlugin receiver) {
    PipeConfig pipe = super.config(receiver);
    return new PipeConfig(
        pipe.name(),
        pipe.receiver(),
        pipe.queue(),
        pipe.gather(),
        pipe.batch(),
        pipe.retry(),
        pipe.routing(),
        false,
        new PipeConfig.Kafka(topic));
  }

  /** The producer that was given last. */
  ScriptedProducer producer() {
    return producers.peekLast();
  }

  List<ProducerRecord<String, byte[]>> sent(String name) {
    return producer().sent(name);
  }

  void breakOff() {
    kafkaThread.shutdown();
    kafkaConnector.closeNow();
  }

  @Override
  public void closeMore() {
    kafka.close();
    kafkaThread.shutdown();
    kafkaConnector.closeNow();
  }
}
