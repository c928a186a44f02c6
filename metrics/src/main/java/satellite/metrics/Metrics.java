package satellite.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import satellite.pipes.deadletters.DeadLetterStore;
import satellite.pipes.grpc.GrpcConnection;
import satellite.pipes.grpc.OwnMeters;
import satellite.pipes.grpc.PassThrough;
import satellite.pipes.http.HttpServer;
import satellite.pipes.kafka.KafkaConnection;
import satellite.pipes.pipe.Outcome;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.pipe.PipeMetrics;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.pipes.server.GrpcServer;
import satellite.pipes.server.Readiness;
import satellite.pipes.transport.AcceptLimit;
import satellite.queue.Account;
import satellite.queue.Batch;
import satellite.queue.MemoryBudget;
import satellite.queue.MemoryQueue;
import satellite.queue.disk.DataFolder;
import satellite.routing.Router;
import satellite.routing.Upstream;

/**
 * The names under which Satellite's figures are exported, for Prometheus: those of the Go
 * Satellite, and our own, which begin with {@code satellite_}. They are read when they are asked
 * for. Any thread.
 */
public final class Metrics {

  /** Counters of the Go Satellite have no {@code _total}, which the client library insists on. */
  private static final Pattern GO_COUNTER =
      Pattern.compile(
          "(?m)^(# (?:HELP|TYPE) )?((?:gatherer_receive_count|queue_output_count"
              + "|sender_output_count|als_streaming_receive_count|als_streaming_receive_failed_count"
              + "|als_streaming_to_event_count|als_event_ready_send|als_streaming_ready_send"
              + "|als_event_send_finished|als_forward_(?:connect|send|close)_time_(?:sum|count)))"
              + "_total\\b");

  /** Labels of every metric, which OAP knows by itself. */
  private static final Set<String> COMMON_LABELS = Set.of("cluster", "service", "instance");

  /** Of our own names, those that OAP is told as well: what an autoscaler may ask for. */
  private static final Set<String> AUTOSCALING_SIGNALS =
      Set.of(
          "satellite_connection_limit_used_ratio",
          "satellite_cpu_limit_used_ratio",
          "satellite_queue_saturation_ratio",
          "satellite_seconds_behind");

  /**
   * Addresses of pods are used once: without an end to them, a Satellite that runs for months would
   * hold the figures of every node that there ever was. Long enough for the last ones to be read.
   */
  private static final long FORGET_NANOS = TimeUnit.MINUTES.toNanos(5);

  /** Envoys that have metrics of their own; the others share one. */
  private static final int MAX_PEERS = 1000;

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Set<String> peers = ConcurrentHashMap.newKeySet();
  private final Map<String, AtomicInteger> activeStreams = new ConcurrentHashMap<>();
  private final Map<Meter, LongSupplier> sources = new ConcurrentHashMap<>();
  private final Set<String> bound = ConcurrentHashMap.newKeySet();
  private final List<CallMeters> calls = new ArrayList<>();

  /** When each node that has meters was last among the nodes, or called. */
  private final Map<String, Long> seenNanos = new ConcurrentHashMap<>();

  private final LongSupplier nanoTime;
  private final List<Runnable> beforeScrape = new ArrayList<>();

  /** Labels of every metric; empty ones are left out. */
  public Metrics(String cluster, String service, String instance) {
    this(cluster, service, instance, System::nanoTime);
  }

  Metrics(String cluster, String service, String instance, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    List<Tag> common = new ArrayList<>();
    addUnlessEmpty(common, "cluster", cluster);
    addUnlessEmpty(common, "service", service);
    addUnlessEmpty(common, "instance", instance);
    registry.config().commonTags(common);
  }

  private static void addUnlessEmpty(List<Tag> tags, String name, String value) {
    if (!value.isEmpty()) {
      tags.add(Tag.of(name, value));
    }
  }

  /** Text format 0.0.4. */
  public String scrape() {
    beforeScrape.forEach(Runnable::run);
    forgetNodes();
    Matcher matcher = GO_COUNTER.matcher(registry.scrape());
    return matcher.replaceAll(
        found -> (found.group(1) == null ? "" : found.group(1)) + found.group(2));
  }

  /** What the Go Satellite tells OAP of itself, and the signals; without the labels of all. */
  public List<OwnMeters.Sample> samples() {
    List<OwnMeters.Sample> samples = new ArrayList<>();
    for (Meter meter : registry.getMeters()) {
      String name = meter.getId().getName();
      if (!name.startsWith("satellite_") || AUTOSCALING_SIGNALS.contains(name)) {
        Map<String, String> labels = new TreeMap<>();
        meter.getId().getTags().stream()
            .filter(tag -> !COMMON_LABELS.contains(tag.getKey()))
            .forEach(tag -> labels.put(tag.getKey(), tag.getValue()));
        double value = meter.measure().iterator().next().getValue();
        samples.add(new OwnMeters.Sample(name, labels, value));
      }
    }
    return samples;
  }

  public void bind(Pipe pipe) {
    String name = pipe.config().name();
    Account account = pipe.account();
    MemoryQueue queue = pipe.queue();
    String type = ReceiverPlugin.of(pipe.config().receiver()).orElseThrow().metricType();

    // Theirs count what comes in and goes out of the process; nothing is on disk there.
    counter("gatherer_receive_count", account::arrived, "pipe", name, "status", "all");
    counter("gatherer_receive_count", account::refused, "pipe", name, "status", "abandoned");
    counter(
        "queue_output_count",
        () -> account.forwarded() + givenUp(account),
        "pipe",
        name,
        "status",
        "success");
    counter("queue_output_count", () -> givenUp(account), "pipe", name, "status", "error");
    counter(
        "sender_output_count", account::forwarded, "pipe", name, "status", "success", "type", type);
    counter(
        "sender_output_count",
        () -> givenUp(account),
        "pipe",
        name,
        "status",
        "failure",
        "type",
        type);
    gauge(
        "pipeline_queue_total_capacity",
        () -> (double) queue.config().maxEvents() * queue.config().partitions(),
        "pipeline",
        name);
    for (MemoryQueue.Partition partition : queue.partitions()) {
      gauge(
          "pipeline_queue_partition_size",
          partition::events,
          "pipeline",
          name,
          "partition",
          Integer.toString(partition.index()));
    }

    counter("satellite_received_messages", account::received, "pipe", name);
    counter("satellite_received_bytes", account::receivedBytes, "pipe", name);
    counter("satellite_forwarded_messages", account::forwarded, "pipe", name);
    counter("satellite_recovered_messages", account::recovered, "pipe", name);
    gauge("satellite_queued_messages", account::queued, "pipe", name);
    gauge("satellite_spilled_messages", account::spilled, "pipe", name);
    gauge("satellite_queue_events", queue::events, "pipe", name);
    gauge("satellite_queue_bytes", queue::bytes, "pipe", name);
    gauge("satellite_queue_age_seconds", queue::oldestSeconds, "pipe", name);
    gauge("satellite_open_streams", pipe::openStreams, "pipe", name);
    counter("satellite_ended_streams", pipe::endedStreams, "pipe", name);
    gauge("satellite_routed_identities", () -> pipe.stickyRouting().identities(), "pipe", name);
    counter("satellite_moved_identities", () -> pipe.stickyRouting().moved(), "pipe", name);
    // Reasons appear when they happen.
    beforeScrape.add(
        () -> {
          reasons("satellite_dead_messages", name, account::deadByReason);
          reasons("satellite_dropped_messages", name, account::droppedByReason);
          reasons("satellite_refused_messages", name, account::refusedByReason);
        });
  }

  /** How near this replica is to its limits, for whoever decides how many there should be. */
  public void bind(Readiness readiness, List<Pipe> pipes) {
    gauge("satellite_accepting", () -> readiness.isAccepting() ? 1 : 0);
    gauge("satellite_connection_limit_used_ratio", readiness::connectionShare);
    gauge("satellite_cpu_limit_used_ratio", readiness::cpuShare);
    gauge(
        "satellite_queue_saturation_ratio",
        () -> pipes.stream().mapToDouble(pipe -> pipe.queue().saturation()).max().orElse(0));
    gauge(
        "satellite_seconds_behind",
        () -> pipes.stream().mapToDouble(pipe -> pipe.queue().oldestSeconds()).max().orElse(0));
  }

  /**
   * What this replica knows of the others.
   *
   * @param others how many have answered lately
   * @param meanConnections of all replicas
   */
  public void bindReplicas(DoubleSupplier others, DoubleSupplier meanConnections) {
    gauge("satellite_replicas", others);
    gauge("satellite_replicas_mean_connections", meanConnections);
  }

  public void bind(OwnMeters meters) {
    counter("satellite_own_reports", meters::delivered, "result", "delivered");
    counter("satellite_own_reports", meters::failed, "result", "failed");
  }

  private static long givenUp(Account account) {
    return account.dead() + account.dropped();
  }

  private interface ByReason {
    Map<String, Long> now();
  }

  private void reasons(String metric, String pipe, ByReason reasons) {
    for (String reason : reasons.now().keySet()) {
      if (bound.add(metric + "/" + pipe + "/" + reason)) {
        counter(
            metric, () -> reasons.now().getOrDefault(reason, 0L), "pipe", pipe, "reason", reason);
      }
    }
  }

  public void bind(Router<GrpcConnection> router) {
    gauge("satellite_nodes_up", () -> router.up().size());
    gauge("satellite_nodes", () -> router.upstreams().size());
    gauge("satellite_nodes_draining", () -> router.draining().size());
    bindNodes(router, "grpc-client");
  }

  /** The Kafka cluster counts as one node, and not among the OAP nodes. */
  public void bindKafka(Router<KafkaConnection> router) {
    bindNodes(router, "kafka-client");
  }

  private void bindNodes(Router<?> router, String client) {
    counter("satellite_retries", () -> router.retryBudget().taken(), "client", client);
    counter("satellite_retries_delayed", () -> router.retryBudget().delayed(), "client", client);
    beforeScrape.add(
        () -> {
          for (String address : router.upstreams().keySet()) {
            seenNanos.put(address, nanoTime.getAsLong());
            if (bound.add("node/" + address)) {
              bindNode(router, address);
            }
          }
        });
  }

  private void forgetNodes() {
    long now = nanoTime.getAsLong();
    Set<String> gone = new HashSet<>();
    seenNanos.forEach(
        (address, seen) -> {
          if (now - seen >= FORGET_NANOS) {
            gone.add(address);
          }
        });
    if (gone.isEmpty()) {
      return;
    }
    seenNanos.keySet().removeAll(gone);
    gone.forEach(address -> bound.remove("node/" + address));
    calls.forEach(pipeMeters -> pipeMeters.nodes.keySet().removeAll(gone));
    for (Meter meter : registry.getMeters()) {
      if (gone.contains(meter.getId().getTag("node"))
          || gone.contains(meter.getId().getTag("target"))) {
        registry.remove(meter);
        sources.remove(meter);
      }
    }
  }

  private void bindNode(Router<?> router, String address) {
    gauge(
        "satellite_node_up",
        () -> valueOfNode(router, address, u -> u.isUp() ? 1 : 0),
        "node",
        address);
    for (Upstream.Condition condition : Upstream.Condition.values()) {
      gauge(
          "satellite_node_state",
          () -> valueOfNode(router, address, u -> u.condition() == condition ? 1 : 0),
          "node",
          address,
          "state",
          condition.name().toLowerCase(Locale.ROOT));
    }
    gauge(
        "satellite_node_window",
        () -> valueOfNode(router, address, Upstream::window),
        "node",
        address);
    gauge(
        "satellite_node_in_flight",
        () -> valueOfNode(router, address, Upstream::inFlight),
        "node",
        address);
    counter(
        "satellite_node_ejections",
        () -> valueOfNode(router, address, Upstream::ejections),
        "node",
        address);
    counter(
        "satellite_node_delivered_messages",
        () -> valueOfNode(router, address, Upstream::delivered),
        "node",
        address);
  }

  /** 0 where it is gone. */
  private static long valueOfNode(
      Router<?> router, String address, ToLongFunction<Upstream<?>> fact) {
    Upstream<?> upstream = router.upstreams().get(address);
    if (upstream != null) {
      return fact.applyAsLong(upstream);
    }
    return router.draining().stream()
        .filter(gone -> gone.node().address().equals(address))
        .mapToLong(fact::applyAsLong)
        .sum();
  }

  public void bind(GrpcServer server, DoubleSupplier cpuPercent) {
    gauge("grpc_server_connection_count", server::connections);
    gauge("grpc_server_cpu_gauge", cpuPercent::getAsDouble);
    gauge("satellite_connection_limit", () -> server.limits().connections());
    for (AcceptLimit.Reason reason : AcceptLimit.Reason.values()) {
      counter(
          "satellite_refused_connections",
          () -> server.refusedConnections(reason),
          "reason",
          reason.name().toLowerCase(Locale.ROOT));
    }
    counter("satellite_shed_connections", server::shedConnections, "reason", "uneven");
    counter("satellite_shed_connections", server::agedConnections, "reason", "age");
    gauge("satellite_receiving_bytes", server::receivingBytes);
    gauge("satellite_receiving_waiting_messages", server::waitingMessages);
    gauge("satellite_paused_bytes", server::pausedBytes);
    counter("satellite_denied_calls", server::deniedCalls);
  }

  public void bind(PassThrough passThrough) {
    counter("satellite_passed_through_calls", passThrough::calls);
    counter("satellite_passed_through_failed_calls", passThrough::failures);
  }

  /** Status codes appear when they are answered with. */
  public void bind(HttpServer server) {
    gauge("satellite_http_connections", server::connections);
    beforeScrape.add(
        () -> {
          for (Integer status : server.answers().keySet()) {
            if (bound.add("satellite_http_answers/" + status)) {
              counter(
                  "satellite_http_answers",
                  () -> server.answers().getOrDefault(status, 0L),
                  "status",
                  status.toString());
            }
          }
        });
  }

  public void bind(MemoryBudget memory) {
    gauge("satellite_memory_used_bytes", memory::usedBytes);
    gauge("satellite_memory_limit_bytes", memory::maxBytes);
  }

  public void bind(DataFolder folder, DeadLetterStore letters) {
    gauge("satellite_disk_up", () -> folder.isUp() ? 1 : 0);
    gauge("satellite_disk_used_bytes", folder::usedBytes);
    gauge("satellite_disk_limit_bytes", folder::maxBytes);
    counter("satellite_disk_syncs", folder::syncs);
    counter("satellite_damaged_bytes", folder::damagedBytes);
    gauge("satellite_dead_letters", letters::count);
    gauge("satellite_dead_letter_bytes", letters::bytes);
    counter("satellite_expired_dead_letters", letters::expired);
  }

  /** What a pipe has to tell that is not in its account. */
  public PipeMetrics pipe(String name, String receiver) {
    ReceiverPlugin plugin = ReceiverPlugin.of(receiver).orElseThrow();
    CallMeters pipeMeters =
        switch (plugin) {
          case ENVOY_ALS_V2 -> new AccessLogMeters(name, "v2");
          case ENVOY_ALS_V3 -> new AccessLogMeters(name, "v3");
          default -> new CallMeters(name);
        };
    calls.add(pipeMeters);
    return pipeMeters;
  }

  private class CallMeters implements PipeMetrics {
    private final String pipe;
    private final Map<String, NodeMeters> nodes = new ConcurrentHashMap<>();
    private final DistributionSummary batchMessages;

    CallMeters(String pipe) {
      this.pipe = pipe;
      this.batchMessages =
          DistributionSummary.builder("satellite_batch_messages")
              .description("client messages that one upstream call carried")
              .tags("pipe", pipe)
              .serviceLevelObjectives(1, 10, 50, 100, 200, 500, 1000, 5000)
              .register(registry);
    }

    /** Looked up once per node, not per call. */
    private final class NodeMeters {
      final Counter messages;
      final Counter bytes;
      final Timer duration;
      final Map<String, Counter> results = new ConcurrentHashMap<>();
      private final Tags tags;

      NodeMeters(String node) {
        // Also of one that is gone already, or its meters would stay.
        seenNanos.putIfAbsent(node, nanoTime.getAsLong());
        this.tags = Tags.of("pipe", pipe, "node", node);
        this.messages = registry.counter("satellite_upstream_messages", tags);
        this.bytes = registry.counter("satellite_upstream_bytes", tags);
        this.duration =
            Timer.builder("satellite_upstream_call_seconds")
                .description("from opening an upstream call to its answer")
                .tags(tags)
                .serviceLevelObjectives(
                    Duration.ofMillis(1),
                    Duration.ofMillis(5),
                    Duration.ofMillis(25),
                    Duration.ofMillis(100),
                    Duration.ofMillis(500),
                    Duration.ofSeconds(2),
                    Duration.ofSeconds(10))
                .register(registry);
      }

      void result(String result) {
        results
            .computeIfAbsent(
                result,
                any -> registry.counter("satellite_upstream_calls", tags.and("result", result)))
            .increment();
      }
    }

    @Override
    public void called(
        String node, Outcome outcome, Batch batch, int messages, long bytes, long nanos) {
      NodeMeters nodeMeters = nodes.computeIfAbsent(node, NodeMeters::new);
      nodeMeters.messages.increment(messages);
      nodeMeters.bytes.increment(bytes);
      nodeMeters.duration.record(nanos, TimeUnit.NANOSECONDS);
      nodeMeters.result(result(outcome));
      batchMessages.record(batch.messages());
    }
  }

  private static String result(Outcome outcome) {
    if (outcome instanceof Outcome.Unreached unreached) {
      return unreached.reason();
    }
    if (outcome instanceof Outcome.Mixed) {
      return "partly";
    }
    return outcome instanceof Outcome.Refused refused ? refused.reason() : "ok";
  }

  /** The Go Satellite's figures of access log streams. */
  private final class AccessLogMeters extends CallMeters {
    private final String version;
    private final Counter eventsReady = registry.counter("als_event_ready_send");
    private final Counter messagesReady = registry.counter("als_streaming_ready_send");
    private final Counter millis = registry.counter("als_forward_send_time_sum");
    private final Counter calls = registry.counter("als_forward_send_time_count");

    AccessLogMeters(String pipe, String version) {
      super(pipe);
      this.version = version;
      // A call is opened, written and closed in one step here: its whole time stands in "send".
      for (String phase : List.of("connect", "close")) {
        registry.counter("als_forward_" + phase + "_time_sum");
        registry.counter("als_forward_" + phase + "_time_count");
      }
    }

    @Override
    public void called(
        String node, Outcome outcome, Batch batch, int messages, long bytes, long nanos) {
      super.called(node, outcome, batch, messages, bytes, nanos);
      eventsReady.increment(batch.events().size());
      messagesReady.increment(batch.messages());
      millis.increment(nanos / 1e6);
      calls.increment();
      if (outcome instanceof Outcome.Delivered) {
        registry
            .counter("als_event_send_finished", "target", node)
            .increment(batch.events().size());
      }
    }

    @Override
    public Stream streamOpened(String peerHost) {
      String peer = peers.size() < MAX_PEERS || peers.contains(peerHost) ? peerHost : "others";
      peers.add(peer);
      Tags tags = Tags.of("version", version, "peer_host", peer);
      Counter received = registry.counter("als_streaming_receive_count", tags);
      Counter failed = registry.counter("als_streaming_receive_failed_count", tags);
      Counter events = registry.counter("als_streaming_to_event_count", tags);
      AtomicInteger active =
          activeStreams.computeIfAbsent(
              version + "/" + peer,
              any -> {
                AtomicInteger count = new AtomicInteger();
                gauge(
                    "als_streaming_active_count",
                    count::get,
                    "version",
                    version,
                    "peer_host",
                    peer);
                return count;
              });
      active.incrementAndGet();
      return new Stream() {
        @Override
        public void received() {
          received.increment();
        }

        @Override
        public void refused() {
          failed.increment();
        }

        @Override
        public void event() {
          events.increment();
        }

        @Override
        public void closed() {
          active.decrementAndGet();
        }
      };
    }
  }

  private void counter(String name, LongSupplier value, String... tags) {
    // The registry itself would let go of it.
    sources.put(
        FunctionCounter.builder(name, value, LongSupplier::getAsLong).tags(tags).register(registry),
        value);
  }

  private void gauge(String name, DoubleSupplier value, String... tags) {
    Gauge.builder(name, value, DoubleSupplier::getAsDouble)
        .tags(tags)
        .strongReference(true)
        .register(registry);
  }
}
