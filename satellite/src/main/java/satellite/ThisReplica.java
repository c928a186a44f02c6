package satellite;

import static java.lang.System.Logger.Level.ERROR;

import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import satellite.admin.ReplicaStatusClient;
import satellite.config.SatelliteConfig;
import satellite.config.TelemetryConfig;
import satellite.discovery.Discovery;
import satellite.metrics.Metrics;
import satellite.pipes.grpc.GrpcConnection;
import satellite.pipes.grpc.OwnMeters;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.server.GrpcServer;
import satellite.pipes.server.Readiness;
import satellite.replicas.Rebalancing;
import satellite.replicas.ReplicaStatus;
import satellite.replicas.Replicas;
import satellite.replicas.ReplicasSummary;
import satellite.replicas.ReportSchedule;
import satellite.routing.Router;

/**
 * This process as one of several: whether it is ready, what it tells the other replicas and OAP of
 * itself, and how many of its connections it leaves to others.
 *
 * <p>{@link #tick} on one thread, the rest on any.
 */
final class ThisReplica implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger("satellite");
  private static final int STATUS_THREADS = 2;

  private final String id = UUID.randomUUID().toString();
  private final GrpcServer server;
  private final ScheduledExecutorService pool;
  private final Readiness readiness;

  /** All null unless replicas know each other. */
  private final Replicas others;

  /** Threads of its own: where replicas have names, they wait for DNS. */
  private final ExecutorService statusThreads;

  private final Rebalancing rebalancing;

  /** Both null unless OAP is told. */
  private final ReportSchedule schedule;

  private final OwnMeters meters;
  private volatile boolean draining;

  /**
   * @param discovery of all replicas; null where they do not know each other
   * @param router to OAP
   * @param pool for reports
   */
  ThisReplica(
      SatelliteConfig config,
      Discovery discovery,
      GrpcServer server,
      CpuLoad cpu,
      Router<GrpcConnection> router,
      Metrics metrics,
      ScheduledExecutorService pool) {
    this.server = server;
    this.pool = pool;
    this.readiness =
        new Readiness(
            config.server().limits(), server::connections, cpu::smoothed, this::saturation);
    boolean amongOthers = discovery != null;
    this.statusThreads =
        amongOthers
            ? Executors.newFixedThreadPool(STATUS_THREADS, Threads.named("replicas"))
            : null;
    this.others =
        amongOthers
            ? new Replicas(
                discovery,
                this::status,
                new ReplicaStatusClient(statusThreads)::fetch,
                System::nanoTime,
                new Random())
            : null;
    this.rebalancing = amongOthers ? new Rebalancing(config.replicas().tolerancePercent()) : null;
    TelemetryConfig telemetry = config.telemetry();
    TelemetryConfig.Meters toOap = telemetry.meters();
    this.schedule =
        toOap == null
            ? null
            : new ReportSchedule(id, telemetry.instance(), (int) toOap.interval().toMillis());
    this.meters =
        toOap == null
            ? null
            : new OwnMeters(
                router,
                config.client(),
                telemetry.service(),
                telemetry.instance(),
                toOap.prefix(),
                metrics::samples);
  }

  void bind(Metrics metrics, List<Pipe> pipes) {
    metrics.bind(readiness, pipes);
    if (others != null) {
      metrics.bindReplicas(
          () -> others.summary().heard(), () -> others.summary().meanConnections());
    }
    if (meters != null) {
      metrics.bind(meters);
    }
  }

  void start() {
    if (others != null) {
      others.start();
    }
    if (meters != null) {
      reportAt(schedule.next(System.currentTimeMillis()));
    }
  }

  /** Reports, and does so again at the next instant of its schedule. */
  private void reportAt(long timeMillis) {
    long wait = timeMillis - System.currentTimeMillis();
    pool.schedule(
        () -> {
          try {
            meters.report(timeMillis);
          } catch (RuntimeException e) {
            // A bug; nobody looks at what this task ended with.
            LOG.log(ERROR, "reporting the own meters failed", e);
          } finally {
            reportAt(schedule.nextAfter(timeMillis, System.currentTimeMillis()));
          }
        },
        wait,
        TimeUnit.MILLISECONDS);
  }

  /** To be called once a second. */
  void tick() {
    readiness.refresh();
    // One that is leaving has nobody to give away any more: all of them go.
    if (others == null || draining) {
      return;
    }
    others.poll();
    ReplicasSummary summary = others.summary();
    if (schedule != null) {
      schedule.avoidCollisions(others.others(), summary.replicas());
    }
    server.shed(rebalancing.toShed(server.staying(), summary));
  }

  ReplicaStatus status() {
    return new ReplicaStatus(
        id,
        server.staying(),
        readiness.share(),
        readiness.isAccepting() && !draining,
        schedule == null ? 0 : schedule.offsetMillis());
  }

  /** Of all replicas; one that knows of no other that has room counts as all of them. */
  private double saturation() {
    if (others == null) {
      return 0;
    }
    ReplicasSummary summary = others.summary();
    return summary.othersAccept() ? summary.meanShare() : 1;
  }

  Readiness readiness() {
    return readiness;
  }

  /** Null where replicas do not know each other. */
  Replicas others() {
    return others;
  }

  /** It is stopping; the others are told that it takes nothing more. */
  void startDraining() {
    draining = true;
  }

  @Override
  public void close() {
    if (others != null) {
      others.close();
      statusThreads.shutdownNow();
    }
  }
}
