package satellite;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import satellite.config.SatelliteConfig;
import satellite.discovery.Discovery;
import satellite.metrics.Metrics;
import satellite.pipes.grpc.ClientConfig;
import satellite.pipes.grpc.GrpcConnection;
import satellite.pipes.grpc.GrpcConnector;
import satellite.pipes.grpc.GrpcForwarder;
import satellite.pipes.kafka.KafkaConnection;
import satellite.pipes.kafka.KafkaConnector;
import satellite.pipes.kafka.KafkaForwarder;
import satellite.pipes.pipe.Forwarder;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.pipe.PipeMetrics;
import satellite.pipes.pipe.Storage;
import satellite.pipes.transport.EventLoops;
import satellite.routing.Connection;
import satellite.routing.Connector;
import satellite.routing.LoadBalancing;
import satellite.routing.Router;

/**
 * Where messages go: the OAP nodes as discovery finds them, with the router that names one of them
 * for each batch, and a Kafka cluster in place of them, where a pipe sends there.
 */
final class Upstreams implements AutoCloseable {

  private final SatelliteConfig config;
  private final ScheduledExecutorService pool;
  private final Discovery discovery;
  private final GrpcConnector connector;
  private final Router<GrpcConnection> router;

  /** All three null unless a pipe sends into Kafka. */
  private final Scheduler kafkaThread;

  private final KafkaConnector kafkaConnector;

  private final Router<KafkaConnection> kafka;

  Upstreams(
      SatelliteConfig config,
      EventLoops transport,
      ScheduledExecutorService pool,
      ScheduledExecutorService discoveryThread) {
    this.config = config;
    this.pool = pool;
    this.discovery = Finders.discovery(config.finders(), discoveryThread);
    this.connector = new GrpcConnector(config.client(), transport, pool);
    this.router = router(connector, config.balancing());
    boolean intoKafka = config.kafka() != null;
    this.kafkaThread = intoKafka ? new Scheduler(1, "kafka") : null;
    this.kafkaConnector =
        intoKafka ? new KafkaConnector(config.kafka(), config.pipes(), kafkaThread) : null;
    this.kafka = intoKafka ? router(kafkaConnector, LoadBalancing.ROUND_ROBIN) : null;
  }

  /** No call of a pipe outlives its timeout. */
  private <C extends Connection> Router<C> router(Connector<C> to, LoadBalancing balancing) {
    ClientConfig client = config.client();
    boolean streamsAreLonger = client.streamTimeout().compareTo(client.unaryTimeout()) > 0;
    Duration drain = streamsAreLonger ? client.streamTimeout() : client.unaryTimeout();
    return new Router<>(to, pool, System::nanoTime, client.checkPeriod(), drain, balancing);
  }

  /** A pipe that sends to the nodes or into Kafka, as its configuration says. */
  Pipe pipe(PipeConfig pipe, Storage storage, PipeMetrics metrics) {
    return pipe.kafka() == null
        ? pipe(
            pipe,
            router,
            new GrpcForwarder(config.client(), metrics, System::nanoTime),
            storage,
            metrics)
        : pipe(
            pipe,
            kafka,
            new KafkaForwarder(config.kafka(), pipe, metrics, System::nanoTime),
            storage,
            metrics);
  }

  private <C extends Connection> Pipe pipe(
      PipeConfig pipe, Router<C> to, Forwarder<C> forwarder, Storage storage, PipeMetrics metrics) {
    return new Pipe(pipe, to, forwarder, storage, metrics, pool, System::nanoTime);
  }

  Router<GrpcConnection> router() {
    return router;
  }

  Discovery discovery() {
    return discovery;
  }

  /** By the names under which the configuration has their clients. */
  Map<String, Router<?>> routers() {
    Map<String, Router<?>> routers = new LinkedHashMap<>();
    routers.put("grpc-client", router);
    if (kafka != null) {
      routers.put("kafka-client", kafka);
    }
    return routers;
  }

  void bind(Metrics metrics) {
    metrics.bind(router);
    if (kafka != null) {
      metrics.bindKafka(kafka);
    }
  }

  /** From now on nodes are looked for, and connected. */
  void start() {
    discovery.start(router::nodes);
    if (kafka != null) {
      kafka.nodes(Set.of(config.kafka().node()));
    }
  }

  /** Whatever is under way ends now. */
  void cancelCalls() {
    connector.closeNow();
    if (kafkaConnector != null) {
      kafkaThread.shutdown();
      kafkaConnector.closeNow();
    }
  }

  @Override
  public void close() {
    discovery.close();
    router.close();
    if (kafka != null) {
      kafka.close();
    }
    cancelCalls();
  }
}
