package satellite;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import satellite.config.SatelliteConfig;
import satellite.discovery.Discovery;
import satellite.discovery.StaticDiscovery;
import satellite.metrics.Metrics;
import satellite.pipes.GrpcConnection;
import satellite.pipes.GrpcConnector;
import satellite.pipes.GrpcServer;
import satellite.pipes.KafkaConnection;
import satellite.pipes.KafkaConnector;
import satellite.pipes.Pipe;
import satellite.pipes.PipeConfig;
import satellite.pipes.ServerTls;
import satellite.pipes.Storage;
import satellite.pipes.Transport;
import satellite.pipes.http.HttpServer;
import satellite.queue.Account;
import satellite.queue.MemoryBudget;
import satellite.routing.Router;
import satellite.routing.Upstream;

/**
 * The running Satellite, wired by hand. A message goes: {@link GrpcServer} finds the receiver of
 * its method, which puts it into the queue of its {@link Pipe}; a dispatcher of the pipe takes it
 * out in a batch, the {@link Router} names a node, a forwarder sends it there.
 *
 * <p>Threads: one that accepts, {@code io_threads} event loops for all connections in and out, one
 * dispatch thread per core (two at least), one each for CPU sampling and for HTTP; where a pipe
 * sends into Kafka, one for that client and one that the client itself has.
 */
public final class Proxy {

  private static final System.Logger LOG = System.getLogger("satellite");
  private static final int CORES = Runtime.getRuntime().availableProcessors();

  private final SatelliteConfig config;
  private final Duration grace;
  private final ScheduledThreadPoolExecutor pool;
  private final Transport transport;
  private final GrpcConnector connector;
  private final Router<GrpcConnection> router;

  /** Both null unless a pipe sends into Kafka. */
  private final KafkaConnector kafkaConnector;

  private final Router<KafkaConnection> kafka;
  private final Discovery discovery;
  private final MemoryBudget memory;
  private final List<Pipe> pipes = new ArrayList<>();
  private final CpuLoad cpu;
  private final GrpcServer server;
  private final HttpServer http;
  private final Metrics metrics;
  private final AdminServer admin;

  /** Builds everything and touches nothing: {@link #start} does. */
  public Proxy(SatelliteConfig config, Duration grace) {
    this.config = config;
    this.grace = grace;
    Log.set(config.logger());
    var telemetry = config.telemetry();
    this.metrics = new Metrics(telemetry.cluster(), telemetry.service(), telemetry.instance());
    this.pool = new ScheduledThreadPoolExecutor(Math.max(2, CORES), Threads.named("dispatch"));
    this.pool.setRemoveOnCancelPolicy(true);
    this.pool.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    this.transport = new Transport(config.server().ioThreads());

    // Where to: nodes, connections, the live set.
    this.discovery = new StaticDiscovery(config.nodes());
    this.connector = new GrpcConnector(config.client(), transport, pool);
    this.router = new Router<>(connector, pool, System::nanoTime, config.client().checkPeriod());

    boolean intoKafka = config.kafka() != null;
    this.kafkaConnector = intoKafka ? new KafkaConnector(config.kafka(), config.pipes()) : null;
    this.kafka =
        intoKafka
            ? new Router<>(kafkaConnector, pool, System::nanoTime, config.client().checkPeriod())
            : null;

    // What: pipes, which share the memory.
    this.memory = new MemoryBudget(config.queueBytes());
    for (PipeConfig pipe : config.pipes()) {
      if (pipe.queue() != null) {
        pipes.add(pipe(pipe));
      }
    }

    // Where from: after the pipes, whose receivers it serves.
    this.cpu = new CpuLoad(pool);
    ServerTls tls = ServerTls.of(config.server().tls(), pool);
    this.server =
        new GrpcServer(config.server(), tls, config.client(), pipes, router, transport, cpu);
    this.http =
        config.http() == null
            ? null
            : new HttpServer(
                config.http(), tls, pipes, router, transport, config.client().unaryTimeout(), pool);
    this.admin =
        telemetry.prometheus()
            ? new AdminServer(
                telemetry.host(), telemetry.port(), telemetry.endpoint(), metrics::scrape)
            : null;
    pipes.forEach(metrics::bind);
    metrics.bind(router);
    if (kafka != null) {
      metrics.bindKafka(kafka);
    }
    metrics.bind(memory);
    metrics.bind(server, cpu);
    if (http != null) {
      metrics.bind(http);
    }
  }

  private Pipe pipe(PipeConfig pipe) {
    var facts = metrics.pipe(pipe.name(), pipe.receiver());
    return pipe.kafka() == null
        ? new Pipe(
            pipe, memory, router, config.client(), facts, Storage.NONE, pool, System::nanoTime)
        : new Pipe(
            pipe, memory, kafka, config.kafka(), facts, Storage.NONE, pool, System::nanoTime);
  }

  /** Binds and connects. Fails with {@link Satellite.StartException} where a port is taken. */
  public synchronized void start() {
    config.notices().forEach(notice -> LOG.log(INFO, notice));
    if (admin != null) {
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
    discovery.start(router::nodes);
    if (kafka != null) {
      kafka.nodes(Set.of(config.kafka().node()));
    }
    try {
      server.start();
    } catch (IOException e) {
      throw Satellite.StartException.cannotListen(
          "sharing.servers[].address", config.server().host() + ":" + config.server().port(), e);
    }
    startHttp();
    if (admin != null) {
      admin.ready(true);
    }
    LOG.log(
        INFO,
        "listening on {0}{1}, {2} pipes, nodes {3}",
        server,
        http == null ? "" : " and, for HTTP, " + http,
        String.valueOf(pipes.size()),
        config.nodes());
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
   * Drains, in the order of a message: readiness off, no new streams, streams ended, queues
   * flushed, what is left counted as dropped; then the connections. Takes the grace time at most,
   * and a little.
   */
  public synchronized void stop() {
    long deadline = System.nanoTime() + grace.toNanos();
    if (admin != null) {
      admin.ready(false);
    }
    LOG.log(INFO, "stopping, at most {0} s for what is queued", String.valueOf(grace.toSeconds()));
    try {
      if (http != null) {
        http.stop(grace.toMillis() / 4);
      }
      server.stop(grace.toMillis() / 4);
      pipes.forEach(Pipe::flush);
      if (!await(deadline)) {
        pipes.forEach(Pipe::abandon);
        breakOff();
        await(System.nanoTime() + TimeUnit.SECONDS.toNanos(1));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    discovery.close();
    router.close();
    if (kafka != null) {
      kafka.close();
    }
    breakOff();
    pool.shutdownNow();
    transport.close();
    if (admin != null) {
      admin.close();
    }
    LOG.log(account().balances() ? INFO : WARNING, "{0}", account());
  }

  /** Whatever is under way upstream ends now. */
  private void breakOff() {
    connector.closeNow();
    if (kafkaConnector != null) {
      kafkaConnector.closeNow();
    }
  }

  private boolean await(long deadline) throws InterruptedException {
    while (!pipes.stream().allMatch(Pipe::isEmpty)) {
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      Thread.sleep(5);
    }
    return true;
  }

  /** The books of all pipes, in client messages. */
  public record Books(
      long received, long forwarded, long queued, Map<String, Long> dropped, long refused) {

    /** Whether every message accepted is accounted for, when nothing is queued any more. */
    boolean balances() {
      return queued == 0;
    }

    @Override
    public String toString() {
      return "account: received "
          + received
          + " = forwarded "
          + forwarded
          + " + queued "
          + queued
          + " + dropped "
          + dropped.values().stream().mapToLong(Long::longValue).sum()
          + (dropped.isEmpty() ? "" : " " + dropped)
          + "; refused "
          + refused;
    }
  }

  public Books account() {
    long received = 0;
    long forwarded = 0;
    long refused = 0;
    Map<String, Long> dropped = new TreeMap<>();
    for (Pipe pipe : pipes) {
      Account account = pipe.account();
      received += account.received();
      forwarded += account.forwarded();
      refused += account.refused();
      account.droppedByReason().forEach((reason, n) -> dropped.merge(reason, n, Long::sum));
    }
    long gone = dropped.values().stream().mapToLong(Long::longValue).sum();
    return new Books(received, forwarded, received - forwarded - gone, dropped, refused);
  }

  public List<Pipe> pipes() {
    return pipes;
  }

  public Map<String, Upstream<GrpcConnection>> upstreams() {
    return router.upstreams();
  }

  public int port() {
    return server.port();
  }

  public int connections() {
    return server.connections();
  }
}
