package satellite.pipes.pipe;

import java.time.Duration;
import java.util.List;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.protocol.ReaderOptions;
import satellite.queue.QueueConfig;

/**
 * One entry of {@code pipes[]}.
 *
 * @param name {@code pipe_name}
 * @param receiver {@code plugin_name} of the receiver; the rows of {@link Protocols} that carry it
 *     arrive in this pipe
 * @param queue null for {@code none-queue}: every method of the receiver is then passed through one
 *     to one
 * @param gather how messages of one stream are gathered before they are queued (access logs)
 * @param batch when a batch leaves
 * @param retry what happens to a batch that failed for a reason that may pass
 * @param routing how identities are kept on their node (meters)
 * @param joinOtlpLogs several resources in one OTLP log request: only for OAP 10.3 and newer
 * @param kafka null where batches go to OAP nodes themselves
 */
public record PipeConfig(
    String name,
    String receiver,
    QueueConfig queue,
    Gather gather,
    BatchLimits batch,
    Retry retry,
    Routing routing,
    boolean joinOtlpLogs,
    Kafka kafka) {

  /** To OAP nodes. */
  public PipeConfig(
      String name,
      String receiver,
      QueueConfig queue,
      Gather gather,
      BatchLimits batch,
      Retry retry,
      Routing routing,
      boolean joinOtlpLogs) {
    this(name, receiver, queue, gather, batch, retry, routing, joinOtlpLogs, null);
  }

  /** What those who read its messages have to know of it. */
  public ReaderOptions readerOptions() {
    return new ReaderOptions(batch.maxBytes(), routing.labelKeys(), joinOtlpLogs);
  }

  /** Whether its forwarder can send what comes on this method; else it is passed through. */
  public boolean takes(Protocol protocol) {
    return kafka == null || protocol.kafka() != null;
  }

  /**
   * A Kafka forwarder.
   *
   * @param topic in place of the ones that OAP reads, without the namespace; null for those
   */
  public record Kafka(String topic) {}

  /** {@code flush_time} and {@code limit_count} of the receiver. */
  public record Gather(Duration flushTime, int maxMessages) {}

  /**
   * A batch leaves after {@code flushTime}, at {@code maxEvents} ({@code max_buffer_size}) or at
   * {@code maxBytes}, whichever comes first.
   *
   * @param maxInFlight calls under way at a time, per node
   */
  public record BatchLimits(Duration flushTime, int maxEvents, int maxBytes, int maxInFlight) {}

  /**
   * The fallbacker.
   *
   * @param maxAttempts 0 = until it is delivered
   */
  public record Retry(int maxAttempts, Duration firstBackoff, Duration maxBackoff) {

    /** {@code none-fallbacker}. */
    public static final Retry UNTIL_DELIVERED =
        new Retry(0, Duration.ofMillis(100), Duration.ofSeconds(5));
  }

  /**
   * {@code routing_rule_lru_cache_size}, {@code routing_rule_lru_cache_ttl} and {@code
   * routing_label_keys} of the forwarder.
   */
  public record Routing(int cacheSize, Duration cacheTtl, List<String> labelKeys) {

    /** For sticky pipes whose forwarder has no such options in the Go Satellite. */
    static final Routing DEFAULT = new Routing(5000, Duration.ofSeconds(180), List.of());
  }
}
