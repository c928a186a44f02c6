package satellite;

import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import satellite.admin.Questions;
import satellite.config.SatelliteConfig;
import satellite.config.TelemetryConfig;
import satellite.discovery.Discovery;
import satellite.metrics.Metrics;
import satellite.pipes.grpc.GrpcConnection;
import satellite.pipes.grpc.OwnMeters;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.server.GrpcServer;
import satellite.pipes.server.Readiness;
import satellite.replicas.Evening;
import satellite.replicas.Phase;
import satellite.replicas.Replicas;
import satellite.replicas.Standing;
import satellite.replicas.View;
import satellite.routing.Router;

/**
 * This process as one of several: whether it is ready, what it tells the other replicas and OAP of
 * itself, and how many of its connections it leaves to others.
 *
 * <p>{@link #look} on one thread, the rest on any.
 */
final class ThisReplica implements AutoCloseable {

  private static final int ASKING_THREADS = 2;

  private final String id = UUID.randomUUID().toString();
  private final GrpcServer server;
  private final ScheduledExecutorService pool;
  private final Readiness readiness;

  /** All null unless replicas know each other. */
  private final Replicas others;

  /** Threads of its own: where replicas have names, they wait for DNS. */
  private final ExecutorService asking;

  private final Evening evening;

  /** Both null unless OAP is told. */
  private final Phase phase;

  private final OwnMeters meters;
  private volatile boolean leaving;

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
        new Readiness(config.server().limits(), server::connections, cpu::steady, this::fullness);
    boolean amongOthers = discovery != null;
    this.asking =
        amongOthers
            ? Executors.newFixedThreadPool(ASKING_THREADS, Threads.named("replicas"))
            : null;
    this.others =
        amongOthers
            ? new Replicas(
                discovery,
                this::standing,
                new Questions(asking)::ask,
                System::nanoTime,
                new Random())
            : null;
    this.evening = amongOthers ? new Evening(config.replicas().tolerancePercent()) : null;
    TelemetryConfig telemetry = config.telemetry();
    TelemetryConfig.Meters toOap = telemetry.meters();
    this.phase =
        toOap == null
            ? null
            : new Phase(id, telemetry.instance(), (int) toOap.interval().toMillis());
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
      metrics.bindReplicas(() -> others.view().heard(), () -> others.view().meanConnections());
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
      reportAt(phase.next(System.currentTimeMillis()));
    }
  }

  /** Reports, and does so again at the next instant of its phase. */
  private void reportAt(long timeMillis) {
    long wait = timeMillis - System.currentTimeMillis();
    pool.schedule(
        () -> {
          try {
            meters.report(timeMillis);
          } finally {
            reportAt(phase.after(timeMillis, System.currentTimeMillis()));
          }
        },
        wait,
        TimeUnit.MILLISECONDS);
  }

  /** To be called once a second. */
  void look() {
    readiness.refresh();
    // One that is leaving has nobody to give away any more: all of them go.
    if (others == null || leaving) {
      return;
    }
    others.round();
    View view = others.view();
    if (phase != null) {
      phase.look(others.others(), view.replicas());
    }
    server.shed(evening.toShed(server.staying(), view));
  }

  Standing standing() {
    return new Standing(
        id,
        server.staying(),
        readiness.share(),
        readiness.isAccepting() && !leaving,
        phase == null ? 0 : phase.millis());
  }

  /** Of all replicas; one that knows of no other that has room counts as all of them. */
  private double fullness() {
    if (others == null) {
      return 0;
    }
    View view = others.view();
    return view.othersAccept() ? view.meanShare() : 1;
  }

  Readiness readiness() {
    return readiness;
  }

  /** Null where replicas do not know each other. */
  Replicas others() {
    return others;
  }

  /** It is stopping; the others are told that it takes nothing more. */
  void leave() {
    leaving = true;
  }

  @Override
  public void close() {
    if (others != null) {
      others.close();
      asking.shutdownNow();
    }
  }
}
