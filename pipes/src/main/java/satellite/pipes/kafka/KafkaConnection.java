package satellite.pipes.kafka;

import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import satellite.discovery.Node;
import satellite.pipes.tls.TlsFilesException;
import satellite.routing.Connection;

/**
 * The way into one Kafka cluster: a producer, which keeps connections to all its brokers and hides
 * their comings and goings. Up while it knows any of our topics. Down when the producer cannot go
 * on; {@link #reconnect} replaces it.
 *
 * <p>The producer is made, watched and replaced on one thread; sending is for any.
 */
public final class KafkaConnection implements Connection {

  private static final System.Logger LOG = System.getLogger("kafka");

  private static final long WATCH_MILLIS = 250;

  /** The first answers take their time. */
  private static final long PATIENCE_MILLIS = 3_000;

  private static final long COMPLAINT_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final Duration CLOSING = Duration.ofSeconds(5);

  private final Node node;
  private final Set<String> topics;
  private final Supplier<Producer<String, byte[]>> producers;
  private final ScheduledExecutorService thread;
  private final Runnable onChange;
  private final AtomicLong complained = new AtomicLong(System.nanoTime() - COMPLAINT_NANOS);
  private final AtomicBoolean watching = new AtomicBoolean();
  private volatile Producer<String, byte[]> producer;
  private volatile int looks;
  private volatile String complaint = "";
  private volatile State state = State.CONNECTING;
  private volatile boolean closed;

  KafkaConnection(
      Node node,
      Set<String> topics,
      Supplier<Producer<String, byte[]>> producers,
      ScheduledExecutorService thread,
      Runnable onChange) {
    this.node = node;
    this.topics = topics;
    this.producers = producers;
    this.thread = thread;
    this.onChange = onChange;
  }

  /** Makes the first producer. Resolves names, but waits for no broker. */
  KafkaConnection begin() {
    make();
    return this;
  }

  private void make() {
    try {
      producer = producers.get();
    } catch (KafkaException e) {
      notMade(e);
      return;
    }
    if (closed) {
      closeNow();
      return;
    }
    become(State.CONNECTING);
    startWatching();
  }

  private void notMade(RuntimeException why) {
    complaint = reason(why);
    complain("Kafka at " + node + ": " + reason(why));
    become(State.DOWN);
  }

  private void startWatching() {
    if (watching.compareAndSet(false, true)) {
      looks = 0;
      onThread(0, this::watch);
    }
  }

  /** Asks for the topics until all are known: a record of an unknown one cannot be sent. */
  private void watch() {
    if (closed) {
      return;
    }
    Set<String> unknown = new TreeSet<>();
    String why = "";
    for (String topic : topics) {
      try {
        producer.partitionsFor(topic);
      } catch (RuntimeException e) {
        unknown.add(topic);
        why = reason(e);
      }
    }
    boolean answers = unknown.size() < topics.size();
    if (answers && state == State.CONNECTING) {
      become(State.UP);
    } else if (!answers && state == State.UP) {
      become(State.CONNECTING);
    }
    if (unknown.isEmpty()) {
      watching.set(false);
      return;
    }
    if (looks++ * WATCH_MILLIS >= PATIENCE_MILLIS) {
      complain("Kafka at " + node + " is not reachable, or has no topics " + unknown + ": " + why);
    }
    onThread(WATCH_MILLIS, this::watch);
  }

  @Override
  public State state() {
    return state;
  }

  @Override
  public String why() {
    return state == State.DOWN ? complaint : "";
  }

  private void become(State next) {
    if (state != next) {
      state = next;
      onChange.run();
    }
  }

  /** {@code done} is run once, by this thread or by the producer's. Does not block. */
  void send(ProducerRecord<String, byte[]> record, Callback done) {
    try {
      producer.send(record, done);
    } catch (RuntimeException e) {
      done.onCompletion(null, e);
    }
  }

  /**
   * KafkaRecords were not taken, and will be sent again.
   *
   * @param lasting the producer may never take any again
   */
  void failed(Exception why, boolean lasting) {
    if (closed) {
      return;
    }
    complaint = reason(why);
    complain("Kafka at " + node + " does not take records, they are kept: " + reason(why));
    if (lasting) {
      become(State.DOWN);
    } else {
      // Without brokers the producer forgets the topics: then nothing more is to be sent for now.
      startWatching();
    }
  }

  @Override
  public void reconnect() {
    onThread(
        0,
        () -> {
          if (!closed && state == State.DOWN) {
            if (producer != null) {
              close(producer, Duration.ZERO);
            }
            try {
              make();
            } catch (TlsFilesException e) {
              // They were good once.
              notMade(e);
            }
          }
        });
  }

  @Override
  public void close() {
    closed = true;
    if (producer != null) {
      onThread(0, () -> close(producer, CLOSING));
    }
  }

  /** What is under way fails now. */
  @Override
  public void closeNow() {
    closed = true;
    if (producer != null) {
      close(producer, Duration.ZERO);
    }
  }

  private static void close(Producer<?, ?> producer, Duration atMost) {
    try {
      producer.close(atMost);
    } catch (KafkaException e) {
      LOG.log(System.Logger.Level.DEBUG, "closing: {0}", e.toString());
    }
  }

  private void onThread(long millis, Runnable task) {
    try {
      thread.schedule(task, millis, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      // The connector is closed, and so is this.
    }
  }

  /** One line in half a minute. */
  private void complain(String what) {
    long now = System.nanoTime();
    long last = complained.get();
    if (now - last >= COMPLAINT_NANOS && complained.compareAndSet(last, now)) {
      LOG.log(System.Logger.Level.WARNING, what);
    }
  }

  /** The client's own words hide behind "failed to construct". */
  static String reason(Throwable failure) {
    Throwable first = failure;
    while (first.getCause() != null) {
      first = first.getCause();
    }
    return first.getMessage() == null ? first.getClass().getSimpleName() : first.getMessage();
  }
}
