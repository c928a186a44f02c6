package satellite.pipes.kafka;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import satellite.pipes.pipe.Forwarder;
import satellite.pipes.pipe.Outcome;
import satellite.pipes.pipe.Outcome.Part;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.pipe.PipeMetrics;
import satellite.pipes.protocol.KafkaRecords;
import satellite.pipes.protocol.MalformedMessageException;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.queue.Batch;
import satellite.queue.Event;
import satellite.routing.Upstream;

/**
 * Makes records of a batch and sends them into their topics; the batch is settled when the brokers
 * have answered for the last of them. Any thread.
 */
public final class KafkaForwarder implements Forwarder<KafkaConnection> {

  private static final Outcome DELIVERED = new Outcome.Delivered();

  private final KafkaConfig kafka;
  private final PipeConfig pipe;
  private final PipeMetrics metrics;
  private final LongSupplier nanoTime;

  public KafkaForwarder(
      KafkaConfig kafka, PipeConfig pipe, PipeMetrics metrics, LongSupplier nanoTime) {
    this.kafka = kafka;
    this.pipe = pipe;
    this.metrics = metrics;
    this.nanoTime = nanoTime;
  }

  /** Into which topics these pipes send. */
  static Set<String> topics(KafkaConfig kafka, Iterable<PipeConfig> pipes) {
    Set<String> topics = new TreeSet<>();
    for (PipeConfig pipe : pipes) {
      ReceiverPlugin.of(pipe.receiver())
          .filter(receiver -> pipe.kafka() != null)
          .ifPresent(
              receiver ->
                  Protocols.topics(receiver)
                      .forEach(topic -> topics.add(topic(kafka, pipe, topic))));
    }
    return topics;
  }

  private static String topic(KafkaConfig kafka, PipeConfig pipe, String ofTable) {
    return kafka.topic(pipe.kafka().topic() == null ? ofTable : pipe.kafka().topic());
  }

  /** Each record stands alone; but where order counts, it is kept by group. */
  @Override
  public Object together(Event event) {
    return Protocols.of(event.method()).forwarding().sticky() ? event.group() : null;
  }

  @Override
  public void send(Upstream<KafkaConnection> upstream, Batch batch, Consumer<Outcome> done) {
    new Sending(upstream, batch, done).start();
  }

  /** One batch under way. */
  private final class Sending {
    private final Upstream<KafkaConnection> upstream;
    private final Batch batch;
    private final Consumer<Outcome> done;
    private final long startNanos = nanoTime.getAsLong();

    /** By the place of the event in the batch; null while all went well. */
    private final AtomicReferenceArray<Outcome> failures;

    /** KafkaRecords that were not answered for, and one until all are sent. */
    private final AtomicInteger outstanding = new AtomicInteger(1);

    private int records;
    private long bytes;

    Sending(Upstream<KafkaConnection> upstream, Batch batch, Consumer<Outcome> done) {
      this.upstream = upstream;
      this.batch = batch;
      this.done = done;
      this.failures = new AtomicReferenceArray<>(batch.events().size());
    }

    void start() {
      for (int i = 0; i < batch.events().size(); i++) {
        try {
          send(i, batch.events().get(i));
        } catch (MalformedMessageException e) {
          failures.set(i, new Outcome.Refused("malformed", e.getMessage(), true));
        }
      }
      answered();
    }

    private void send(int place, Event event) throws MalformedMessageException {
      Protocol.Topic to = Protocols.of(event.method()).kafka();
      String topic = topic(kafka, pipe, to.name());
      for (KafkaRecords.Keyed record : to.records().of(event)) {
        outstanding.incrementAndGet();
        records++;
        bytes += record.value().length;
        upstream
            .connection()
            .send(
                new ProducerRecord<>(topic, record.key(), record.value()),
                (where, failure) -> {
                  if (failure != null) {
                    failures.accumulateAndGet(place, failure(failure), KafkaForwarder::worse);
                  }
                  answered();
                });
      }
    }

    private Outcome failure(Exception failure) {
      Outcome outcome = outcome(failure);
      if (outcome instanceof Outcome.Unreached) {
        upstream.connection().failed(failure, isLasting(failure));
      }
      return outcome;
    }

    private void answered() {
      if (outstanding.decrementAndGet() > 0) {
        return;
      }
      Outcome outcome = together();
      long nanos = nanoTime.getAsLong() - startNanos;
      metrics.called(upstream.node().address(), outcome, batch, records, bytes, nanos);
      done.accept(outcome);
    }

    private Outcome together() {
      List<Event> delivered = new ArrayList<>();
      List<Event> unreached = new ArrayList<>();
      List<Part> parts = new ArrayList<>();
      Outcome why = null;
      for (int i = 0; i < failures.length(); i++) {
        Event event = batch.events().get(i);
        Outcome failure = failures.get(i);
        if (failure == null) {
          delivered.add(event);
        } else if (failure instanceof Outcome.Unreached) {
          unreached.add(event);
          why = failure;
        } else {
          parts.add(new Part(List.of(event), failure));
        }
      }
      if (!delivered.isEmpty()) {
        parts.add(new Part(delivered, DELIVERED));
      }
      if (!unreached.isEmpty()) {
        parts.add(new Part(unreached, why));
      }
      return parts.size() == 1 ? parts.get(0).outcome() : new Outcome.Mixed(parts);
    }
  }

  /** Of two records of an event: one that may succeed later brings the event back. */
  private static Outcome worse(Outcome one, Outcome other) {
    return one instanceof Outcome.Unreached ? one : other;
  }

  /** Only what is said of the record itself ends it. All else passes, or is the operator's. */
  static Outcome outcome(Exception failure) {
    String reason = reason(failure);
    String detail = String.valueOf(failure.getMessage());
    if (failure instanceof RecordTooLargeException) {
      return new Outcome.Refused("too_large", detail, true);
    }
    boolean ofRecord =
        failure instanceof InvalidRecordException
            || failure instanceof InvalidTimestampException
            || failure instanceof InvalidTopicException
            || failure instanceof SerializationException;
    return ofRecord
        ? new Outcome.Refused(reason, detail, true)
        : new Outcome.Unreached(reason, detail);
  }

  /** Whether the producer may not get over it by itself. */
  static boolean isLasting(Exception failure) {
    return !(failure instanceof RetriableException
        || failure instanceof TopicAuthorizationException);
  }

  /** {@code NotLeaderOrFollowerException} is {@code not_leader_or_follower}. */
  private static String reason(Exception failure) {
    return failure
        .getClass()
        .getSimpleName()
        .replaceAll("Exception$", "")
        .replaceAll("(?<=[a-z])(?=[A-Z])", "_")
        .toLowerCase(Locale.ROOT);
  }
}
