package satellite;

import static java.lang.System.Logger.Level.ERROR;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import satellite.admin.AdminServer;
import satellite.admin.StatusCollector;
import satellite.admin.TrafficStatus;
import satellite.config.SatelliteConfig;
import satellite.metrics.Metrics;
import satellite.pipes.grpc.GrpcConnection;
import satellite.pipes.grpc.PassThrough;
import satellite.pipes.http.HttpServer;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.pipe.PipeMetrics;
import satellite.pipes.server.GrpcServer;
import satellite.pipes.tls.ServerTls;
import satellite.pipes.transport.EventLoops;
import satellite.queue.AccountTotals;
import satellite.queue.Event;
import satellite.routing.Router;
import satellite.routing.Upstream;

/**
 * The running Satellite, wired by hand. A message goes: {@link GrpcServer} finds the receiver of
 * its method, which puts it into the queue of its {@link Pipe}; a dispatcher of the pipe takes it
 * out in a batch, the {@link Router} names a node, a forwarder sends it there.
 *
 * <p>Threads: one that accepts, {@code io_threads} event loops for all connections in and out, one
 * dispatch thread per core (two at least), four for the telemetry port and one for discovery (six
 * more where it is by Kubernetes); one for the data folder, if there is one; where a pipe sends
 * into Kafka, one for that client and one that the client itself has; where replicas know each
 * other, two that ask them and one of the HTTP client.
 */
public final class Proxy {

  private static final System.Logger LOG = System.getLogger("satellite");

  /** For what was broken off, and for what the disk still has to write. */
  private static final Duration PERSIST_TIME = Duration.ofSeconds(1);

  private static final int TICKS_PER_SECOND = 4;

  private static final int CORES = Runtime.getRuntime().availableProcessors();

  private final SatelliteConfig config;
  private final String effective;
  private final ShutdownTime shutdown;
  private final Scheduler pool;
  private final EventLoops transport;
  private final Scheduler discoveryThread;
  private final Upstreams upstreams;
  private final DataStore store;
  private final List<Pipe> pipes = new ArrayList<>();
  private final CpuLoad cpu;
  private final PassThrough passThrough;
  private final GrpcServer server;
  private final HttpServer http;
  private final ThisReplica replica;
  private int ticks;
  private final Metrics metrics;
  private final AdminServer admin;
  private boolean started;
  private boolean ended;
  private volatile boolean draining;

  /**
   * Builds everything and touches nothing: {@link #start} does.
   *
   * @param effective the configuration as text, to be shown
   */
  public Proxy(SatelliteConfig config, String effective, ShutdownTime shutdown) {
    this.config = config;
    this.effective = effective;
    this.shutdown = shutdown;
    Log.configure(config.logger());
    var telemetry = config.telemetry();
    this.metrics = new Metrics(telemetry.cluster(), telemetry.service(), telemetry.instance());
    this.pool = new Scheduler(Math.max(2, CORES), "dispatch");
    this.pool.setRemoveOnCancelPolicy(true);
    this.transport = new EventLoops(config.server().ioThreads());

    // Where to: nodes, connections, the live set.
    this.discoveryThread = new Scheduler(1, "discovery");
    this.upstreams = new Upstreams(config, transport, pool, discoveryThread);

    // What: pipes, which share the memory and the disk.
    this.store = new DataStore(config.queueBytes(), transport.memory(), config.disk());
    for (PipeConfig pipe : config.pipes()) {
      if (pipe.queue() != null) {
        PipeMetrics pipeMetrics = metrics.pipe(pipe.name(), pipe.receiver());
        pipes.add(upstreams.pipe(pipe, store.storage(), pipeMetrics));
      }
    }

    // Where from: after the pipes, whose receivers it serves.
    this.cpu = new CpuLoad(pool);
    ServerTls tls = ServerTls.of(config.server().tls(), pool);
    this.passThrough = new PassThrough(upstreams.router(), config.client());
    this.server =
        new GrpcServer(
            config.server(),
            tls,
            pipes,
            passThrough,
            transport,
            store.memory(),
            cpu::smoothed,
            System::nanoTime);
    this.http =
        config.http() == null
            ? null
            : new HttpServer(
                config.http(),
                tls,
                pipes,
                upstreams.router(),
                transport,
                config.client().unaryTimeout(),
                pool);

    // How it stands beside the other replicas, and who is told.
    boolean amongOthers = config.replicas() != null;
    this.replica =
        new ThisReplica(
            config,
            amongOthers ? Finders.discovery(config.replicas().finders(), discoveryThread) : null,
            server,
            cpu,
            upstreams.router(),
            metrics,
            pool);
    this.admin = telemetry.prometheus() ? admin() : null;
    pipes.forEach(metrics::bind);
    upstreams.bind(metrics);
    store.bind(metrics);
    metrics.bind(server, cpu);
    metrics.bind(passThrough);
    replica.bind(metrics, pipes);
    if (http != null) {
      metrics.bind(http);
    }
  }

  private AdminServer admin() {
    return new AdminServer(
        config.telemetry(),
        metrics::scrape,
        replica.readiness()::isReady,
        replica::status,
        statusCollector(),
        Threads.named("admin"));
  }

  /** Four times a second, by one thread at a time. */
  private void tick() {
    try {
      server.tick();
      if (++ticks % TICKS_PER_SECOND == 0) {
        replica.tick();
      }
    } catch (RuntimeException e) {
      // A bug; without this it would have been the last tick.
      LOG.log(ERROR, "looking after connections failed", e);
    }
  }

  private StatusCollector statusCollector() {
    return new StatusCollector(
        config.telemetry(),
        effective,
        cpu,
        new TrafficStatus(pipes, upstreams.routers(), pool, System::nanoTime),
        upstreams.discovery(),
        new StatusCollector.Servers(server, passThrough, http, replica.readiness()),
        store.status(),
        replica.others());
  }

  /**
   * Takes the data folder, connects and binds. Where that is not possible ({@link
   * Satellite.StartException} for a port, {@link satellite.queue.disk.FolderInUseException}), all
   * that was begun is ended. Does nothing after {@link #stop}.
   */
  public synchronized void start() {
    if (ended) {
      return;
    }
    try {
      config.notices().forEach(notice -> LOG.log(INFO, notice));
      store.open();
      startAdmin();
      upstreams.start();
      // Before anything new comes in, which must not overtake it.
      store.recover(this::replay);
      startGrpc();
      startHttp();
      startTicking();
      started = true;
    } finally {
      if (!started) {
        ended = true;
        drain(Duration.ZERO);
      }
    }
    if (admin != null) {
      admin.ready(true);
    }
    LOG.log(
        INFO,
        "listening on {0}{1}, {2} pipes, nodes {3}",
        server,
        http == null ? "" : " and, for HTTP, " + http,
        String.valueOf(pipes.size()),
        config.finders());
  }

  /** A dead letter; false when its pipe does not take it now, or there is none of that name. */
  private boolean replay(String pipe, Event letter) {
    return !draining
        && pipes.stream().anyMatch(one -> one.config().name().equals(pipe) && one.recover(letter));
  }

  private void startTicking() {
    replica.start();
    long period = TimeUnit.SECONDS.toMillis(1) / TICKS_PER_SECOND;
    pool.scheduleWithFixedDelay(this::tick, period, period, TimeUnit.MILLISECONDS);
  }

  private void startAdmin() {
    if (admin == null) {
      return;
    }
    try {
      admin.start();
      LOG.log(INFO, "metrics and probes on {0}", admin);
    } catch (IOException e) {
      throw Satellite.StartException.cannotListen(
          "telemetry.prometheus.address",
          config.telemetry().host() + ":" + config.telemetry().port(),
          e);
    }
  }

  private void startGrpc() {
    try {
      server.start();
    } catch (IOException e) {
      throw Satellite.StartException.cannotListen(
          "sharing.servers[].address", config.server().host() + ":" + config.server().port(), e);
    }
  }

  private void startHttp() {
    if (http == null) {
      return;
    }
    try {
      http.start();
    } catch (IOException e) {
      throw Satellite.StartException.cannotListen(
          "sharing.servers[http-server].address",
          config.http().host() + ":" + config.http().port(),
          e);
    }
  }

  /**
   * Ends it, in the order of a message:
   *
   * <ol>
   *   <li>Not ready any more, for probes, health checks and HTTP clients; all is taken in for the
   *       hold time, until everybody knows.
   *   <li>No new connections; GOAWAY. What is queued leaves at once from now on.
   *   <li>Streams end by themselves, then those that do not are ended.
   *   <li>Queues are flushed to the nodes, also what is on disk. What is left when the grace time
   *       is over, which began after the hold, goes to disk; without a disk it is dropped.
   *   <li>Connections upstream, then the data folder, whose last writes are of the steps before.
   * </ol>
   *
   * Takes the two times at most, and two seconds; a disk that hangs is given some more. Works
   * without a start, and twice.
   */
  public synchronized void stop() {
    if (ended) {
      return;
    }
    ended = true;
    if (started) {
      hold();
    }
    drain(started ? shutdown.grace() : Duration.ZERO);
    logTotals();
  }

  private void hold() {
    if (admin != null) {
      admin.ready(false);
    }
    replica.startDraining();
    server.drain();
    if (http != null) {
      http.drain();
    }
    LOG.log(
        INFO,
        "stopping: {0}at most {1} s for what is queued",
        shutdown.hold().isZero()
            ? ""
            : "taking in for " + shutdown.hold().toSeconds() + " s more, then ",
        String.valueOf(shutdown.grace().toSeconds()));
    try {
      Thread.sleep(shutdown.hold().toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void drain(Duration grace) {
    draining = true;
    replica.startDraining();
    long deadline = System.nanoTime() + grace.toNanos();
    try {
      pipes.forEach(Pipe::flush);
      if (http != null) {
        http.stop(grace.toMillis() / 4);
      }
      server.stop(grace.toMillis() / 4);
      boolean flushed = await(deadline, Pipe::isFlushed);
      pipes.forEach(Pipe::persist);
      if (!flushed) {
        upstreams.cancelCalls();
      }
      await(System.nanoTime() + PERSIST_TIME.toNanos(), Pipe::isEmpty);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    replica.close();
    upstreams.close();
    discoveryThread.shutdownNow();
    store.close();
    pool.shutdownNow();
    transport.close();
    if (admin != null) {
      admin.close();
    }
  }

  private boolean await(long deadline, Predicate<Pipe> ended) throws InterruptedException {
    while (!pipes.stream().allMatch(ended)) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      Thread.sleep(5);
    }
    return true;
  }

  /** A line for each pipe that a person may want to look into, and one for all together. */
  private void logTotals() {
    for (Pipe pipe : pipes) {
      AccountTotals totals = AccountTotals.of(List.of(pipe.account()));
      if (!totals.isClean()) {
        LOG.log(INFO, "pipe {0}: {1}", pipe.config().name(), totals);
      }
    }
    LOG.log(account().isBalanced() ? INFO : WARNING, "account: {0}", account());
  }

  /** The totals of the accounts of all pipes. */
  public AccountTotals account() {
    return AccountTotals.of(pipes.stream().map(Pipe::account).toList());
  }

  public List<Pipe> pipes() {
    return pipes;
  }

  public Map<String, Upstream<GrpcConnection>> upstreams() {
    return upstreams.router().upstreams();
  }

  public int port() {
    return server.port();
  }

  public int connections() {
    return server.connections();
  }
}
