package satellite.admin;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import satellite.config.TelemetryConfig;
import satellite.discovery.Discovery;
import satellite.discovery.SourceStatus;
import satellite.pipes.deadletters.DeadLetterStore;
import satellite.pipes.grpc.PassThrough;
import satellite.pipes.http.HttpServer;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.server.ClientConnections;
import satellite.pipes.server.GrpcServer;
import satellite.pipes.server.Readiness;
import satellite.pipes.transport.AcceptLimit;
import satellite.queue.Account;
import satellite.queue.AccountTotals;
import satellite.queue.MemoryBudget;
import satellite.queue.MemoryQueue;
import satellite.queue.disk.DataFolder;
import satellite.replicas.Replicas;
import satellite.replicas.ReplicasSummary;
import satellite.routing.Router;
import satellite.routing.Upstream;

/**
 * Collects the {@link Status}: reads what pipes, routing, discovery and servers know, and is the
 * only one here who knows them. Everything is read when it is asked for, but rates, for which
 * counters are sampled once a second. Any thread.
 */
public final class StatusCollector {

  private static final int MAX_CLIENTS = 100;

  private enum Kind {
    RECEIVED,
    RECEIVED_BYTES,
    FORWARDED,
    DELIVERED,
    ANSWERS,
    ANSWER_NANOS
  }

  /**
   * @param name of a pipe, or client and address of a node
   */
  private record Counter(Kind kind, String name) {}

  private final TelemetryConfig telemetry;
  private final String configuration;
  private final Discovery discovery;
  private final Map<String, Router<?>> routers;
  private final List<Pipe> pipes;
  private final MemoryBudget memory;
  private final DataFolder folder;
  private final DeadLetterStore letters;
  private final GrpcServer grpc;
  private final PassThrough passThrough;
  private final HttpServer http;
  private final Readiness readiness;
  private final Replicas replicas;
  private final DoubleSupplier cpuPercent;
  private final LongSupplier nanoTime;
  private final Instant started =
      Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());
  private final Rates<Counter> rates = new Rates<>();

  /**
   * @param configuration in effect, as YAML, with secrets masked
   * @param routers by the name of their client
   * @param folder null where nothing is kept on disk, as is {@code letters}
   * @param http null where nothing listens for HTTP
   * @param replicas null where they do not know each other
   * @param pool takes the samples
   */
  public StatusCollector(
      TelemetryConfig telemetry,
      String configuration,
      Discovery discovery,
      Map<String, Router<?>> routers,
      List<Pipe> pipes,
      MemoryBudget memory,
      DataFolder folder,
      DeadLetterStore letters,
      GrpcServer grpc,
      PassThrough passThrough,
      HttpServer http,
      Readiness readiness,
      Replicas replicas,
      DoubleSupplier cpuPercent,
      ScheduledExecutorService pool,
      LongSupplier nanoTime) {
    this.telemetry = telemetry;
    this.configuration = configuration;
    this.discovery = discovery;
    this.routers = routers;
    this.pipes = pipes;
    this.memory = memory;
    this.folder = folder;
    this.letters = letters;
    this.grpc = grpc;
    this.passThrough = passThrough;
    this.http = http;
    this.readiness = readiness;
    this.replicas = replicas;
    this.cpuPercent = cpuPercent;
    this.nanoTime = nanoTime;
    pool.scheduleAtFixedRate(this::sample, 0, 1, TimeUnit.SECONDS);
  }

  private void sample() {
    Map<Counter, Long> counters = new HashMap<>();
    for (Pipe pipe : pipes) {
      String name = pipe.config().name();
      Account account = pipe.account();
      counters.put(new Counter(Kind.RECEIVED, name), account.received());
      counters.put(new Counter(Kind.RECEIVED_BYTES, name), account.receivedBytes());
      counters.put(new Counter(Kind.FORWARDED, name), account.forwarded());
    }
    routers.forEach(
        (client, router) -> {
          for (Upstream<?> upstream : all(router)) {
            String name = name(client, upstream);
            counters.put(new Counter(Kind.DELIVERED, name), upstream.delivered());
            counters.put(new Counter(Kind.ANSWERS, name), upstream.answers());
            counters.put(new Counter(Kind.ANSWER_NANOS, name), upstream.answerNanos());
          }
        });
    rates.sample(counters, nanoTime.getAsLong());
  }

  /** A node that went and came back may be there twice; the one that is used counts. */
  private static Collection<Upstream<?>> all(Router<?> router) {
    Map<String, Upstream<?>> all = new LinkedHashMap<>(router.upstreams());
    router.draining().forEach(upstream -> all.putIfAbsent(upstream.node().address(), upstream));
    return all.values();
  }

  private static String name(String client, Upstream<?> upstream) {
    return client + " " + upstream.node().address();
  }

  /** All that is told of this moment. */
  Status snapshot(AdminServer.State state) {
    return new Status(
        program(state),
        AccountTotals.of(pipes.stream().map(Pipe::account).toList()),
        pipes.stream().map(this::pipe).toList(),
        nodes(),
        sources(discovery.statuses()),
        replicas(),
        connections(),
        new Status.Memory(memory.usedBytes(), memory.maxBytes()),
        disk(),
        configuration);
  }

  private Status.Program program(AdminServer.State state) {
    String version = StatusCollector.class.getPackage().getImplementationVersion();
    Instant now = Instant.now();
    return new Status.Program(
        version == null ? "(not packaged)" : version,
        telemetry.cluster(),
        telemetry.service(),
        telemetry.instance(),
        lowerCase(state),
        text(started),
        text(now),
        Duration.between(started, now).toSeconds(),
        rounded(cpuPercent.getAsDouble()));
  }

  private Status.Pipe pipe(Pipe pipe) {
    String name = pipe.config().name();
    MemoryQueue queue = pipe.queue();
    return new Status.Pipe(
        name,
        pipe.config().receiver(),
        lowerCase(queue.config().acknowledgement()),
        rounded(rates.perSecond(new Counter(Kind.RECEIVED, name))),
        rounded(rates.perSecond(new Counter(Kind.FORWARDED, name))),
        rounded(rates.perSecond(new Counter(Kind.RECEIVED_BYTES, name))),
        queue.events(),
        queue.bytes(),
        rounded(queue.saturation()),
        rounded(queue.oldestSeconds()),
        pipe.openStreams(),
        AccountTotals.of(List.of(pipe.account())));
  }

  private List<Status.Node> nodes() {
    List<Status.Node> nodes = new ArrayList<>();
    routers.forEach(
        (client, router) -> {
          Collection<Upstream<?>> upstreams = all(router);
          double all = upstreams.stream().mapToDouble(u -> delivery(client, u)).sum();
          upstreams.forEach(upstream -> nodes.add(node(client, upstream, all)));
        });
    return nodes;
  }

  private double delivery(String client, Upstream<?> upstream) {
    return rates.perSecond(new Counter(Kind.DELIVERED, name(client, upstream)));
  }

  /**
   * @param all what all nodes of the client deliver in a second
   */
  private Status.Node node(String client, Upstream<?> upstream, double all) {
    var node = upstream.node();
    double delivery = delivery(client, upstream);
    return new Status.Node(
        node.address(),
        client,
        node.zone(),
        node.weight(),
        node.priority(),
        lowerCase(upstream.condition()),
        upstream.why(),
        upstream.delivered(),
        rounded(delivery),
        all == 0 ? 0 : rounded(delivery / all),
        upstream.inFlight(),
        upstream.window(),
        latencyMillis(name(client, upstream)),
        upstream.ejections());
  }

  private Double latencyMillis(String node) {
    long answers = rates.increase(new Counter(Kind.ANSWERS, node));
    long nanos = rates.increase(new Counter(Kind.ANSWER_NANOS, node));
    return answers == 0 ? null : rounded(nanos / 1e6 / answers);
  }

  private Status.Replicas replicas() {
    if (replicas == null) {
      return null;
    }
    ReplicasSummary summary = replicas.summary();
    return new Status.Replicas(
        summary.replicas(),
        summary.heard(),
        rounded(summary.meanConnections()),
        summary.othersAccept(),
        sources(replicas.statuses()));
  }

  private static List<Status.Source> sources(List<SourceStatus> statuses) {
    return statuses.stream().map(StatusCollector::source).toList();
  }

  private static Status.Source source(SourceStatus status) {
    return new Status.Source(
        status.source(),
        status.nodes() == null ? null : status.nodes().size(),
        text(status.changed()),
        status.remark(),
        status.error(),
        text(status.failedSince()));
  }

  private Status.Connections connections() {
    List<ClientConnections> clients = grpc.clients();
    return new Status.Connections(
        grpc.connections(),
        readiness.connectionLimit(),
        http == null ? null : http.connections(),
        Arrays.stream(AcceptLimit.Reason.values()).mapToLong(grpc::refusedConnections).sum(),
        grpc.deniedCalls(),
        passThrough.calls(),
        passThrough.failures(),
        clients.stream().limit(MAX_CLIENTS).map(StatusCollector::client).toList(),
        Math.max(0, clients.size() - MAX_CLIENTS));
  }

  private static Status.Client client(ClientConnections client) {
    return new Status.Client(client.host(), client.connections(), client.oldest().toSeconds());
  }

  private Status.Disk disk() {
    return folder == null
        ? null
        : new Status.Disk(
            folder.isUp(),
            folder.lastError(),
            folder.usedBytes(),
            folder.maxBytes(),
            letters.count(),
            letters.bytes());
  }

  private static String lowerCase(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static String text(Instant time) {
    return time == null ? null : time.truncatedTo(ChronoUnit.MILLIS).toString();
  }

  /** Three digits behind the point are more than anybody reads. */
  private static double rounded(double figure) {
    return Math.round(figure * 1000) / 1000.0;
  }
}
