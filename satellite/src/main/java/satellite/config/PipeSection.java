package satellite.config;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.pipes.pipe.PipeConfig.Gather;
import satellite.pipes.pipe.PipeConfig.Kafka;
import satellite.pipes.pipe.PipeConfig.Retry;
import satellite.pipes.pipe.PipeConfig.Routing;
import satellite.queue.Acknowledgement;
import satellite.queue.QueueConfig;

/** Reads one entry of {@code pipes}. */
final class PipeSection {

  private static final String UNTIL_DELIVERED = "none-fallbacker";
  private static final String TIMER = "timer-fallbacker";
  static final Set<String> FALLBACKERS = Set.of(UNTIL_DELIVERED, TIMER);

  private static final Gather NOT_GATHERED = new Gather(Duration.ZERO, 1);
  private static final Routing NOTHING_REMEMBERED = new Routing(0, Duration.ZERO, List.of());

  /** A sender waits for the answer: long enough for calls to meet in a batch, and no longer. */
  private static final Duration WAITED_FOR = Duration.ofMillis(20);

  private PipeSection() {}

  /**
   * @param onDisk whether there is a folder for what memory cannot hold
   */
  static PipeConfig pipe(Mapping pipe, boolean onDisk, List<String> notices) {
    Mapping sender = pipe.mapping("sender");
    Mapping receiver = pipe.mapping("gatherer").mapping("receiver");
    Mapping forwarder = sender.sequence("forwarders").mappings().get(0);
    Scalar name = pipe.mapping("common_config").scalar("pipe_name");
    if (name.text().isBlank()) {
      throw name.error("must not be empty");
    }
    Value filters = pipe.mapping("processor").get("filters");
    if (!(filters instanceof Absent) && !filters.asSequence().items().isEmpty()) {
      throw filters.error("no filter exists");
    }
    QueueConfig queue =
        QueueSection.queue(pipe.mapping("gatherer").mapping("queue"), onDisk, notices);
    Gather gather = gather(receiver, notices);
    return new PipeConfig(
        name.text(),
        receiver.scalar("plugin_name").text(),
        queue,
        gather,
        batch(sender, isWaitedFor(queue, gather), notices),
        retry(sender.mapping("fallbacker")),
        routing(forwarder),
        forwarder.has("join") && forwarder.scalar("join").bool(),
        kafka(pipe, forwarder));
  }

  /** Null where batches go to OAP nodes themselves. */
  private static Kafka kafka(Mapping pipe, Mapping forwarder) {
    Scalar name = forwarder.scalar("plugin_name");
    if (!Forwarders.isKafka(name.text())) {
      return null;
    }
    Scalar queue = pipe.mapping("gatherer").mapping("queue").scalar("plugin_name");
    if (queue.text().equals(QueueSection.NONE)) {
      throw queue.invalid(name.text() + " sends what was queued: it needs " + QueueSection.MEMORY);
    }
    return new Kafka(
        forwarder.has("topic") ? KafkaSection.partOfTopic(forwarder.scalar("topic")) : null);
  }

  private static Gather gather(Mapping receiver, List<String> notices) {
    if (!receiver.has("flush_time")) {
      return NOT_GATHERED;
    }
    Scalar flushTime = receiver.scalar("flush_time");
    Scalar limitCount = receiver.scalar("limit_count");
    var gather =
        new Gather(flushTime.duration(ChronoUnit.MILLIS), limitCount.integer(1, Integer.MAX_VALUE));
    if (!receiver.scalar("plugin_name").text().startsWith("grpc-envoy-metrics-")) {
      return gather;
    }
    for (Scalar value : List.of(flushTime, limitCount)) {
      if (!value.isDefault()) {
        notices.add(
            value.location() + ": accepted without effect, metrics messages are never joined");
      }
    }
    return NOT_GATHERED;
  }

  /** Not streams that stay open: theirs is the answer to the end. */
  private static boolean isWaitedFor(QueueConfig queue, Gather gather) {
    return queue != null
        && queue.acknowledgement() == Acknowledgement.DELIVERED
        && gather == NOT_GATHERED;
  }

  private static BatchLimits batch(Mapping sender, boolean isWaitedFor, List<String> notices) {
    Scalar minimum = sender.scalar("min_flush_events");
    if (minimum.integer(0, Integer.MAX_VALUE) > 1) {
      notices.add(
          minimum.location() + ": accepted without effect, no event waits longer than flush_time");
    }
    Duration flush = sender.scalar("flush_time").duration(ChronoUnit.MILLIS);
    return new BatchLimits(
        isWaitedFor && flush.compareTo(WAITED_FOR) > 0 ? WAITED_FOR : flush,
        positive(sender, "max_buffer_size"),
        positive(sender, "max_batch_bytes"),
        positive(sender, "max_in_flight"));
  }

  private static Retry retry(Mapping fallbacker) {
    String name = fallbacker.scalar("plugin_name").oneOf(FALLBACKERS);
    if (name.equals(UNTIL_DELIVERED)) {
      return Retry.UNTIL_DELIVERED;
    }
    Duration first = fallbacker.scalar("exponential_backoff").duration(ChronoUnit.MILLIS);
    Duration longest = fallbacker.scalar("max_backoff").duration(ChronoUnit.MILLIS);
    return new Retry(
        positive(fallbacker, "max_attempts"),
        first.compareTo(longest) < 0 ? first : longest,
        longest);
  }

  private static Routing routing(Mapping forwarder) {
    if (!forwarder.has("routing_rule_lru_cache_size")) {
      return NOTHING_REMEMBERED;
    }
    return new Routing(
        positive(forwarder, "routing_rule_lru_cache_size"),
        forwarder.scalar("routing_rule_lru_cache_ttl").duration(ChronoUnit.SECONDS),
        labelKeys(forwarder));
  }

  private static List<String> labelKeys(Mapping forwarder) {
    if (!forwarder.has("routing_label_keys")) {
      return List.of();
    }
    List<String> keys = forwarder.scalar("routing_label_keys").commaList();
    if (keys.isEmpty()) {
      throw forwarder.scalar("routing_label_keys").error("needs at least one key");
    }
    return keys;
  }

  private static int positive(Mapping map, String key) {
    return map.scalar(key).integer(1, Integer.MAX_VALUE);
  }
}
