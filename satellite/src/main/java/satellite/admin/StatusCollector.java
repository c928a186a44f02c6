package satellite.admin;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import satellite.config.TelemetryConfig;
import satellite.discovery.Discovery;
import satellite.discovery.SourceStatus;
import satellite.pipes.deadletters.DeadLetterStore;
import satellite.pipes.grpc.PassThrough;
import satellite.pipes.http.HttpServer;
import satellite.pipes.server.ClientConnections;
import satellite.pipes.server.GrpcServer;
import satellite.pipes.server.Readiness;
import satellite.pipes.transport.AcceptLimit;
import satellite.queue.MemoryBudget;
import satellite.queue.disk.DataFolder;
import satellite.replicas.Replicas;
import satellite.replicas.ReplicasSummary;

/**
 * Collects the {@link Status}: reads what pipes, routing, discovery and servers know, and is the
 * only one here who knows them. Everything is read when it is asked for. Any thread.
 */
public final class StatusCollector {

  private static final int MAX_CLIENTS = 100;

  private final TelemetryConfig telemetry;
  private final String configuration;
  private final DoubleSupplier cpuPercent;
  private final TrafficStatus traffic;
  private final Discovery discovery;
  private final Servers servers;
  private final Storage storage;
  private final Replicas replicas;
  private final Instant started =
      Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());

  /**
   * Who takes the clients' connections, and how many.
   *
   * @param http null where nothing listens for HTTP
   */
  public record Servers(
      GrpcServer grpc, PassThrough passThrough, HttpServer http, Readiness readiness) {}

  /**
   * Where messages wait.
   *
   * @param folder null where nothing is kept on disk, as is {@code letters}
   */
  public record Storage(MemoryBudget memory, DataFolder folder, DeadLetterStore letters) {}

  /**
   * @param configuration in effect, as YAML, with secrets masked
   * @param replicas null where they do not know each other
   */
  public StatusCollector(
      TelemetryConfig telemetry,
      String configuration,
      DoubleSupplier cpuPercent,
      TrafficStatus traffic,
      Discovery discovery,
      Servers servers,
      Storage storage,
      Replicas replicas) {
    this.telemetry = telemetry;
    this.configuration = configuration;
    this.cpuPercent = cpuPercent;
    this.traffic = traffic;
    this.discovery = discovery;
    this.servers = servers;
    this.storage = storage;
    this.replicas = replicas;
  }

  /** All that is told of this moment. */
  Status snapshot(AdminServer.State state) {
    return new Status(
        program(state),
        traffic.account(),
        traffic.pipes(),
        traffic.nodes(),
        sources(discovery.statuses()),
        replicas(),
        connections(),
        memory(),
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
    GrpcServer grpc = servers.grpc();
    HttpServer http = servers.http();
    List<ClientConnections> clients = grpc.clients();
    return new Status.Connections(
        grpc.connections(),
        servers.readiness().connectionLimit(),
        http == null ? null : http.connections(),
        Arrays.stream(AcceptLimit.Reason.values()).mapToLong(grpc::refusedConnections).sum(),
        grpc.deniedCalls(),
        servers.passThrough().calls(),
        servers.passThrough().failures(),
        clients.stream().limit(MAX_CLIENTS).map(StatusCollector::client).toList(),
        Math.max(0, clients.size() - MAX_CLIENTS));
  }

  private static Status.Client client(ClientConnections client) {
    return new Status.Client(client.host(), client.connections(), client.oldest().toSeconds());
  }

  private Status.Memory memory() {
    MemoryBudget memory = storage.memory();
    return new Status.Memory(memory.usedBytes(), memory.maxBytes());
  }

  private Status.Disk disk() {
    DataFolder folder = storage.folder();
    return folder == null
        ? null
        : new Status.Disk(
            folder.isUp(),
            folder.lastError(),
            folder.usedBytes(),
            folder.maxBytes(),
            storage.letters().count(),
            storage.letters().bytes());
  }

  static String lowerCase(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static String text(Instant time) {
    return time == null ? null : time.truncatedTo(ChronoUnit.MILLIS).toString();
  }

  /** Three digits behind the point are more than anybody reads. */
  static double rounded(double figure) {
    return Math.round(figure * 1000) / 1000.0;
  }
}
