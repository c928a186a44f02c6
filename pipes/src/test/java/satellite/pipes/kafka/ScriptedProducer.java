package satellite.pipes.kafka;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** A Kafka producer whose cluster's part is played by the test. */
final class ScriptedProducer extends MockProducer<String, byte[]> {

  /** An answer that does not come until the producer is closed. */
  static final RuntimeException NONE = new KafkaException("no answer");

  private volatile Function<ProducerRecord<String, byte[]>, RuntimeException> script;

  /**
   * @param script what a record is answered with; null = the cluster has it
   */
  ScriptedProducer(Function<ProducerRecord<String, byte[]>, RuntimeException> script) {
    super(false, null, new StringSerializer(), new ByteArraySerializer());
    this.script = script;
  }

  ScriptedProducer() {
    this(record -> null);
  }

  void script(Function<ProducerRecord<String, byte[]>, RuntimeException> next) {
    script = next;
  }

  @Override
  public synchronized Future<RecordMetadata> send(
      ProducerRecord<String, byte[]> record, Callback callback) {
    Future<RecordMetadata> sent = super.send(record, callback);
    RuntimeException answer = script.apply(record);
    if (answer == null) {
      completeNext();
    } else if (answer != NONE) {
      errorNext(answer);
    }
    return sent;
  }

  @Override
  public void close(Duration timeout) {
    while (errorNext(new KafkaException("closed"))) {
      // Until all that wait for an answer were told.
    }
    super.close(timeout);
  }

  /** What was sent into a topic, in order. */
  List<ProducerRecord<String, byte[]>> sent(String topic) {
    return history().stream().filter(record -> record.topic().equals(topic)).toList();
  }
}
