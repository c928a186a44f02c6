package satellite.pipes;

import java.nio.file.Path;

/**
 * The one port on which agents and Envoys arrive: {@code grpc-server}.
 *
 * @param host address to listen on, empty for all
 * @param port 0 takes a free one
 * @param tlsCertificate PEM file, null for plaintext; then {@code tlsKey} is null too
 * @param maxMessageBytes largest message taken in
 * @param maxConcurrentStreams streams per connection
 * @param maxConnections connections beyond this count are closed as they arrive
 * @param ioThreads event loops for all connections, in and out
 * @param maxCpuPercent from this CPU utilization on (0..100) new connections are closed; above 100
 *     never
 */
public record ServerConfig(
    String host,
    int port,
    Path tlsCertificate,
    Path tlsKey,
    int maxMessageBytes,
    int maxConcurrentStreams,
    int ioThreads,
    int maxConnections,
    int maxCpuPercent) {}
