package satellite.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import satellite.discovery.Node;
import satellite.pipes.deadletters.DeadLetterStore;
import satellite.pipes.grpc.ClientConfig;
import satellite.pipes.grpc.GrpcConnection;
import satellite.pipes.grpc.GrpcConnector;
import satellite.pipes.grpc.GrpcForwarder;
import satellite.pipes.grpc.PassThrough;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.pipe.PipeMetrics;
import satellite.pipes.pipe.Storage;
import satellite.pipes.protocol.RawBytes;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.pipes.server.GrpcServer;
import satellite.pipes.server.ServerConfig;
import satellite.pipes.transport.AcceptLimitConfig;
import satellite.pipes.transport.AccessToken;
import satellite.pipes.transport.EventLoops;
import satellite.queue.Account;
import satellite.queue.DiskConfig;
import satellite.queue.MemoryBudget;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;
import satellite.queue.disk.DataFolder;
import satellite.routing.LoadBalancing;
import satellite.routing.Router;
import satellite.standin.StandInOap;

/** What a scrape says after real traffic: names, labels, values. */
@Timeout(120)
class MetricsTest {

  private static final String SEGMENTS = "skywalking.v3.TraceSegmentReportService/collect";
  private static final String SEGMENTS_IN_SYNC =
      "skywalking.v3.TraceSegmentReportService/collectInSync";
  private static final String LOGS = "skywalking.v3.LogReportService/collect";
  private static final String ALS = "envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";

  /** An identifier with a node, and HTTP entries: both empty. */
  private static final byte[] ACCESS_LOG = {0x0a, 2, 0x0a, 0, 0x12, 0};

  /** A LogData of service "s". */
  private static final byte[] LOG = {0x12, 1, 's'};

  private static final byte[] MALFORMED = {0x12, 0x7f};

  private final AtomicLong nanos = new AtomicLong(7);
  private final Metrics metrics = new Metrics("my \"cluster\"", "a\\b", "line\nbreak", nanos::get);
  private final StandInOap oap = new StandInOap();
  private final List<Pipe> pipes = new ArrayList<>();
  private ScheduledThreadPoolExecutor pool;
  private EventLoops transport;
  private GrpcConnector connector;
  private Router<GrpcConnection> router;
  private GrpcServer server;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws IOException {
    oap.start(0);
    pool = new ScheduledThreadPoolExecutor(1);
    transport = new EventLoops(1);
    Duration second = Duration.ofSeconds(1);
    ClientConfig client = new ClientConfig(null, "", second, second, second);
    connector = new GrpcConnector(client, transport, pool);
    router =
        new Router<>(connector, pool, System::nanoTime, second, second, LoadBalancing.ROUND_ROBIN);
    MemoryBudget memory = new MemoryBudget(1 << 20);
    for (ReceiverPlugin receiver :
        List.of(
            ReceiverPlugin.TRACING,
            ReceiverPlugin.LOG,
            ReceiverPlugin.ENVOY_ALS_V2,
            ReceiverPlugin.ENVOY_ALS_V3)) {
      PipeConfig config = config(receiver);
      PipeMetrics ofPipe = metrics.pipe(config.name(), config.receiver());
      pipes.add(
          new Pipe(
              config,
              router,
              new GrpcForwarder(client, ofPipe, System::nanoTime),
              Storage.inMemory(memory),
              ofPipe,
              pool,
              System::nanoTime));
    }
    ServerConfig port =
        new ServerConfig(
            "127.0.0.1",
            0,
            null,
            AccessToken.NONE,
            1 << 20,
            100,
            1,
            AcceptLimitConfig.of(100),
            ServerConfig.Ages.UNLIMITED,
            ServerConfig.Quotas.NONE);
    PassThrough passThrough = new PassThrough(router, client);
    server =
        new GrpcServer(
            port, null, pipes, passThrough, transport, memory, () -> 12.5, System::nanoTime);
    pipes.forEach(metrics::bind);
    metrics.bind(router);
    metrics.bind(passThrough);
    metrics.bind(memory);
    metrics.bind(server, () -> 12.5);
    router.nodes(Set.of(new Node("127.0.0.1", oap.port())));
    server.start();
    channel =
        NettyChannelBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()))
            .usePlaintext()
            .build();
  }

  private static PipeConfig config(ReceiverPlugin receiver) {
    return new PipeConfig(
        receiver.name().toLowerCase(Locale.ROOT),
        receiver.pluginName(),
        new QueueConfig(2, 1000, Duration.ofSeconds(5), WhenFull.REFUSE),
        new PipeConfig.Gather(Duration.ofMillis(5), 500),
        new PipeConfig.BatchLimits(Duration.ofMillis(10), 200, 1 << 20, 4),
        PipeConfig.Retry.UNTIL_DELIVERED,
        new PipeConfig.Routing(10, Duration.ofMinutes(1), List.of()),
        false);
  }

  @AfterEach
  void stop() throws InterruptedException {
    channel.shutdownNow();
    server.stop(100);
    router.close();
    connector.closeNow();
    pool.shutdownNow();
    transport.close();
    oap.close();
  }

  /** A call with its messages, to its end. */
  private Status.Code send(String method, byte[]... messages) {
    CompletableFuture<Status> ended = new CompletableFuture<>();
    ClientCall<byte[], byte[]> call =
        channel.newCall(RawBytes.method(method, MethodType.CLIENT_STREAMING), CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            ended.complete(status);
          }
        },
        new Metadata());
    call.request(2);
    for (byte[] message : messages) {
      call.sendMessage(message);
    }
    call.halfClose();
    return ended.orTimeout(15, TimeUnit.SECONDS).join().getCode();
  }

  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  private void awaitSettled() {
    await(() -> pipes.stream().allMatch(Pipe::isEmpty));
  }

  private static final Pattern SAMPLE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? (\\S+)");
  private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"((?:[^\"\\\\]|\\\\.)*)\",?");

  /** One line of a scrape. */
  private record Sample(String name, Map<String, String> labels, double value) {
    boolean has(String... pairs) {
      for (int i = 0; i < pairs.length; i += 2) {
        if (!pairs[i + 1].equals(labels.get(pairs[i]))) {
          return false;
        }
      }
      return true;
    }
  }

  private List<Sample> scrape() {
    List<Sample> samples = new ArrayList<>();
    for (String line : metrics.scrape().lines().toList()) {
      if (line.startsWith("#") || line.isEmpty()) {
        continue;
      }
      Matcher sample = SAMPLE.matcher(line);
      assertTrue(sample.matches(), () -> "not a sample: " + line);
      Map<String, String> labels = new LinkedHashMap<>();
      Matcher label = LABEL.matcher(sample.group(2) == null ? "" : sample.group(2));
      int at = 0;
      while (label.find()) {
        assertEquals(at, label.start(), () -> "not labels: " + line);
        at = label.end();
        labels.put(label.group(1), label.group(2));
      }
      samples.add(new Sample(sample.group(1), labels, Double.parseDouble(sample.group(3))));
    }
    return samples;
  }

  private double value(String name, String... labels) {
    List<Sample> found =
        scrape().stream().filter(s -> s.name().equals(name) && s.has(labels)).toList();
    assertEquals(1, found.size(), () -> name + List.of(labels) + ": " + found);
    return found.get(0).value();
  }

  /** Names with the names of their labels, without those that all have. */
  private Map<String, String> labelsByName() {
    Map<String, String> byName = new TreeMap<>();
    for (Sample sample : scrape()) {
      TreeSet<String> labels = new TreeSet<>(sample.labels().keySet());
      assertTrue(
          labels.containsAll(Set.of("cluster", "service", "instance")),
          () -> sample.name() + " has only " + labels);
      labels.removeAll(Set.of("cluster", "service", "instance"));
      byName.put(sample.name(), String.join(" ", labels));
    }
    return byName;
  }

  private void traffic() {
    assertEquals(Status.Code.OK, send(SEGMENTS, new byte[] {1}, new byte[] {2}));
    assertEquals(Status.Code.OK, send(ALS, ACCESS_LOG, ACCESS_LOG));
    assertEquals(Status.Code.OK, send("any.Service/Method", new byte[] {1}));
    awaitSettled();
  }

  @Test
  void theNamesOfTheGoSatelliteAppearWithTheirLabels() {
    traffic();
    Map<String, String> expected =
        Map.ofEntries(
            Map.entry("gatherer_receive_count", "pipe status"),
            Map.entry("queue_output_count", "pipe status"),
            Map.entry("sender_output_count", "pipe status type"),
            Map.entry("pipeline_queue_total_capacity", "pipeline"),
            Map.entry("pipeline_queue_partition_size", "partition pipeline"),
            Map.entry("grpc_server_cpu_gauge", ""),
            Map.entry("grpc_server_connection_count", ""),
            Map.entry("als_streaming_receive_count", "peer_host version"),
            Map.entry("als_streaming_receive_failed_count", "peer_host version"),
            Map.entry("als_streaming_to_event_count", "peer_host version"),
            Map.entry("als_streaming_active_count", "peer_host version"),
            Map.entry("als_event_ready_send", ""),
            Map.entry("als_streaming_ready_send", ""),
            Map.entry("als_event_send_finished", "target"),
            Map.entry("als_forward_connect_time_sum", ""),
            Map.entry("als_forward_connect_time_count", ""),
            Map.entry("als_forward_send_time_sum", ""),
            Map.entry("als_forward_send_time_count", ""),
            Map.entry("als_forward_close_time_sum", ""),
            Map.entry("als_forward_close_time_count", ""));
    Map<String, String> theirs = new TreeMap<>(labelsByName());
    theirs.keySet().removeIf(name -> name.startsWith("satellite_"));
    assertEquals(new TreeMap<>(expected), theirs);
  }

  @Test
  void ourOwnNamesAppearWithTheirLabels() {
    traffic();
    Map<String, String> ours = labelsByName();
    ours.keySet().removeIf(name -> !name.startsWith("satellite_"));
    Map<String, String> expected = new TreeMap<>();
    for (String name :
        List.of(
            "received_messages_total",
            "received_bytes_total",
            "forwarded_messages_total",
            "recovered_messages_total",
            "queued_messages",
            "spilled_messages",
            "queue_events",
            "queue_bytes",
            "queue_age_seconds",
            "open_streams",
            "routed_identities",
            "moved_identities_total",
            "batch_messages_sum",
            "batch_messages_count",
            "batch_messages_max")) {
      expected.put("satellite_" + name, "pipe");
    }
    expected.put("satellite_batch_messages_bucket", "le pipe");
    for (String name :
        List.of(
            "upstream_messages_total",
            "upstream_bytes_total",
            "upstream_call_seconds_sum",
            "upstream_call_seconds_count",
            "upstream_call_seconds_max")) {
      expected.put("satellite_" + name, "node pipe");
    }
    expected.put("satellite_upstream_call_seconds_bucket", "le node pipe");
    expected.put("satellite_upstream_calls_total", "node pipe result");
    for (String name :
        List.of("up", "window", "in_flight", "ejections_total", "delivered_messages_total")) {
      expected.put("satellite_node_" + name, "node");
    }
    expected.put("satellite_node_state", "node state");
    expected.put("satellite_retries_total", "client");
    expected.put("satellite_retries_delayed_total", "client");
    for (String name :
        List.of(
            "nodes",
            "nodes_up",
            "memory_used_bytes",
            "memory_limit_bytes",
            "passed_through_calls_total",
            "passed_through_failed_calls_total")) {
      expected.put("satellite_" + name, "");
    }
    expected.put("satellite_refused_connections_total", "reason");
    ours.keySet().retainAll(expected.keySet());
    assertEquals(expected, ours);
  }

  @Test
  void countersOfTheGoSatelliteAreCountersWithoutTotal() {
    traffic();
    String text = metrics.scrape();
    assertTrue(text.contains("# TYPE gatherer_receive_count counter"), text);
    assertTrue(text.contains("# TYPE als_forward_send_time_sum counter"), text);
    assertTrue(text.contains("# TYPE pipeline_queue_total_capacity gauge"), text);
    Set<String> totals =
        text.lines()
            .filter(line -> line.matches("(# \\w+ )?(gatherer|queue|sender|als)_.*_total\\b.*"))
            .collect(Collectors.toSet());
    assertEquals(Set.of(), totals);
  }

  @Test
  void valuesSayWhatHappened() {
    traffic();
    assertEquals(2, value("gatherer_receive_count", "pipe", "tracing", "status", "all"));
    assertEquals(0, value("gatherer_receive_count", "pipe", "tracing", "status", "abandoned"));
    assertEquals(2, value("queue_output_count", "pipe", "tracing", "status", "success"));
    assertEquals(
        2,
        value(
            "sender_output_count", "pipe", "tracing", "status", "success", "type", "TracingType"));
    assertEquals(
        2,
        value(
            "sender_output_count",
            "pipe",
            "envoy_als_v3",
            "status",
            "success",
            "type",
            "EnvoyALSV3Type"));
    assertEquals(2000, value("pipeline_queue_total_capacity", "pipeline", "tracing"));
    assertEquals(
        0, value("pipeline_queue_partition_size", "pipeline", "tracing", "partition", "1"));
    assertEquals(12.5, value("grpc_server_cpu_gauge"));
    assertEquals(1, value("grpc_server_connection_count"));
    assertEquals(2, value("als_streaming_receive_count", "version", "v3"));
    assertEquals(1, value("als_streaming_to_event_count", "version", "v3"));
    assertEquals(0, value("als_streaming_active_count", "version", "v3"));
    assertEquals(1, value("als_event_ready_send"));
    assertEquals(2, value("als_streaming_ready_send"));
    String node = "127.0.0.1:" + oap.port();
    assertEquals(1, value("als_event_send_finished", "target", node));
    assertEquals(1, value("als_forward_send_time_count"));
    assertEquals(1, value("satellite_passed_through_calls_total"));
    assertEquals(4, value("satellite_node_delivered_messages_total", "node", node));
    assertEquals(10, value("satellite_node_window", "node", node));
    assertEquals(0, value("satellite_node_in_flight", "node", node));
    assertEquals(0, value("satellite_node_ejections_total", "node", node));
    assertEquals(1, value("satellite_node_state", "node", node, "state", "up"));
    assertEquals(0, value("satellite_node_state", "node", node, "state", "ejected"));
    assertEquals(0, value("satellite_retries_total", "client", "grpc-client"));
    assertEquals(
        1,
        value("satellite_upstream_calls_total", "pipe", "tracing", "node", node, "result", "ok"));
    assertEquals(1 << 20, value("satellite_memory_limit_bytes"));
    assertEquals(0, value("satellite_memory_used_bytes"));
    assertEquals(0, value("satellite_receiving_bytes"));
    assertEquals(0, value("satellite_receiving_waiting_messages"));
    assertEquals(0, value("satellite_paused_bytes"));
  }

  /** Pods have other addresses each time: their figures would fill the memory one day. */
  @Test
  void figuresOfANodeGoSomeTimeAfterIt() throws Exception {
    assertEquals(Status.Code.OK, send(SEGMENTS, new byte[] {1}));
    String gone = "127.0.0.1:" + oap.port();
    until(() -> scrape().stream().anyMatch(s -> s.name().equals("satellite_upstream_calls_total")));
    int before = scrape().size();
    assertTrue(scrape().stream().anyMatch(s -> s.has("node", gone)));
    router.nodes(Set.of());
    nanos.addAndGet(TimeUnit.MINUTES.toNanos(4));
    scrape();
    assertTrue(scrape().stream().anyMatch(s -> s.has("node", gone)), "to be read once more");
    nanos.addAndGet(TimeUnit.MINUTES.toNanos(1));
    scrape();
    assertFalse(scrape().stream().anyMatch(s -> s.has("node", gone)));
    assertTrue(scrape().size() < before);
    router.nodes(Set.of(new Node("127.0.0.1", oap.port())));
    assertTrue(scrape().stream().anyMatch(s -> s.has("node", gone)), "it may come back");
  }

  private static void until(java.util.function.BooleanSupplier fact) throws InterruptedException {
    while (!fact.getAsBoolean()) {
      Thread.sleep(5);
    }
  }

  @Test
  void reasonsAppearWhenTheyHappen() {
    assertFalse(metrics.scrape().matches("(?s).*_messages_total\\{[^}]*reason=.*"));
    oap.endAfter(SEGMENTS_IN_SYNC, 0, Status.UNIMPLEMENTED);
    assertEquals(Status.Code.OK, send(SEGMENTS, new byte[] {1}));
    assertEquals(Status.Code.INVALID_ARGUMENT, send(LOGS, LOG, MALFORMED));
    await(() -> pipes.get(0).account().dropped() == 1);
    awaitSettled();
    assertEquals(
        1, value("satellite_dropped_messages_total", "pipe", "tracing", "reason", "unimplemented"));
    assertEquals(
        1, value("satellite_refused_messages_total", "pipe", "log", "reason", "malformed"));
    assertEquals(1, value("gatherer_receive_count", "pipe", "log", "status", "abandoned"));
    assertEquals(
        1,
        value(
            "sender_output_count", "pipe", "tracing", "status", "failure", "type", "TracingType"));
  }

  @Test
  void whatIsOnDiskOrRecoveredHasNamesOfItsOwn() {
    Account account = pipes.get(0).account();
    account.received(2, 20);
    account.recovered(10);
    account.spilled(7);
    account.forwarded(1);
    account.dead("unknown", 3);
    account.dropped("expired", 1);
    assertEquals(12, value("satellite_received_messages_total", "pipe", "tracing"));
    assertEquals(10, value("satellite_recovered_messages_total", "pipe", "tracing"));
    assertEquals(7, value("satellite_spilled_messages", "pipe", "tracing"));
    assertEquals(0, value("satellite_queued_messages", "pipe", "tracing"));
    assertEquals(3, value("satellite_dead_messages_total", "pipe", "tracing", "reason", "unknown"));
    // Go's keep their meaning: what came over the wire, and what was lost on the way to OAP.
    assertEquals(2, value("gatherer_receive_count", "pipe", "tracing", "status", "all"));
    assertEquals(4, value("queue_output_count", "pipe", "tracing", "status", "error"));
    assertEquals(5, value("queue_output_count", "pipe", "tracing", "status", "success"));
    assertEquals(
        4,
        value(
            "sender_output_count", "pipe", "tracing", "status", "failure", "type", "TracingType"));
  }

  @Test
  void theDiskTellsWhatItHoldsAndHowMuchItMay(@TempDir Path directory) {
    DiskConfig config =
        new DiskConfig(
            directory, 1 << 30, 1 << 20, Duration.ofSeconds(1), 1 << 20, Duration.ofDays(1));
    ScheduledThreadPoolExecutor disk = new ScheduledThreadPoolExecutor(1);
    try (DataFolder folder =
        new DataFolder(config, disk, System::nanoTime, System::currentTimeMillis)) {
      metrics.bind(folder, new DeadLetterStore(config, disk, Clock.systemUTC(), System::nanoTime));
      assertEquals(1, value("satellite_disk_up"));
      assertEquals(1 << 30, value("satellite_disk_limit_bytes"));
      for (String zero :
          List.of(
              "disk_used_bytes",
              "disk_syncs_total",
              "damaged_bytes_total",
              "dead_letters",
              "dead_letter_bytes",
              "expired_dead_letters_total")) {
        assertEquals(0, value("satellite_" + zero), zero);
      }
    } finally {
      disk.shutdownNow();
    }
  }

  @Test
  void labelsAreEscaped() {
    String text = metrics.scrape();
    assertTrue(text.contains("cluster=\"my \\\"cluster\\\"\""), text);
    assertTrue(text.contains("service=\"a\\\\b\""), text);
    assertTrue(text.contains("instance=\"line\\nbreak\""), text);
  }

  @Test
  void emptyLabelsAreLeftOut() {
    Metrics bare = new Metrics("", "only", "");
    bare.bind(new MemoryBudget(10));
    String text = bare.scrape();
    assertTrue(text.contains("satellite_memory_limit_bytes{service=\"only\"} 10.0"), text);
    assertFalse(text.contains("cluster"), text);
  }
}
