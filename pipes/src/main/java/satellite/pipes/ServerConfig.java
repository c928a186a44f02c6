package satellite.pipes;

import java.nio.file.Path;

/**
 * The one port on which agents and Envoys arrive: {@code grpc-server}.
 *
 * @param host address to listen on, empty for all
 * @param port 0 takes a free one
 * @param tls null for plaintext
 * @param token what clients must present
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
    Tls tls,
    AccessToken token,
    int maxMessageBytes,
    int maxConcurrentStreams,
    int ioThreads,
    int maxConnections,
    int maxCpuPercent) {

  /**
   * @param certificate PEM file
   * @param key PEM file
   * @param clientCa PEM file of those who sign clients' certificates, which are then asked for;
   *     null when clients need none
   */
  public record Tls(Path certificate, Path key, Path clientCa) {}
}
