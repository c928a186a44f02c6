package satellite.config;

import java.util.List;
import satellite.pipes.grpc.ClientConfig;
import satellite.pipes.http.HttpConfig;
import satellite.pipes.kafka.KafkaConfig;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.server.ServerConfig;
import satellite.queue.DiskConfig;
import satellite.routing.LoadBalancing;

/**
 * The whole configuration, checked.
 *
 * @param finders where the upstream nodes are looked for
 * @param replicas null where nobody looks for them
 * @param balancing among nodes where any will do
 * @param http null for none
 * @param kafka null unless a pipe sends into it
 * @param queueBytes telemetry held in memory by all pipes together; already the quarter of the heap
 *     where the file says 0
 * @param disk null where nothing is kept on disk
 * @param notices lines to be logged once at start: what was accepted and has no effect
 */
public record SatelliteConfig(
    LoggerConfig logger,
    TelemetryConfig telemetry,
    ClientConfig client,
    FinderConfig finders,
    ReplicasConfig replicas,
    LoadBalancing balancing,
    ServerConfig server,
    HttpConfig http,
    List<PipeConfig> pipes,
    KafkaConfig kafka,
    long queueBytes,
    DiskConfig disk,
    List<String> notices) {}
