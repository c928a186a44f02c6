package satellite.pipes;

import java.nio.file.Path;
import java.time.Duration;

/**
 * The one port on which agents and Envoys arrive: {@code grpc-server}.
 *
 * @param host address to listen on, empty for all
 * @param port 0 takes a free one
 * @param tls null for plaintext
 * @param token what clients must present
 * @param maxMessageBytes largest message taken in
 * @param maxConcurrentStreams streams per connection
 * @param ioThreads event loops for all connections, in and out
 */
public record ServerConfig(
    String host,
    int port,
    Tls tls,
    AccessToken token,
    int maxMessageBytes,
    int maxConcurrentStreams,
    int ioThreads,
    Limits limits,
    Ages ages,
    Quotas quotas) {

  /**
   * @param certificate PEM file
   * @param key PEM file
   * @param clientCa PEM file of those who sign clients' certificates, which are then asked for;
   *     null when clients need none
   */
  public record Tls(Path certificate, Path key, Path clientCa) {}

  /**
   * When new connections are refused: {@code accept_limit}.
   *
   * @param connections those beyond this count are closed as they arrive
   * @param cpuPercent from this CPU utilization on (0..100); above 100 never
   * @param clientConnections the same for those of one client, an address; 0 for no such limit
   * @param readiness whether a Satellite that refuses is not ready, see {@link Readiness}
   */
  public record Limits(int connections, int cpuPercent, int clientConnections, boolean readiness) {

    static final int NO_CPU_LIMIT = 100;

    public static Limits of(int connections) {
      return new Limits(connections, Integer.MAX_VALUE, 0, true);
    }

    boolean cpuIsLimited() {
      return cpuPercent <= NO_CPU_LIMIT;
    }
  }

  /**
   * How long clients stay: each age is lengthened or shortened by up to a tenth, by chance, so that
   * those who came together do not go together.
   *
   * @param connection after which a connection is told to go; zero for never
   * @param grace how long what is under way on a connection that is told to go may take
   * @param stream after which a stream is ended; zero for never
   */
  public record Ages(Duration connection, Duration grace, Duration stream) {

    public static final Ages UNLIMITED =
        new Ages(Duration.ZERO, Duration.ofSeconds(30), Duration.ZERO);
  }

  /**
   * What may be taken in within a second, in bytes of messages; who sends more is read later. 0 for
   * no such limit.
   *
   * @param clientBytes from one client, an address
   * @param serviceBytes of one service, by the name in the messages
   */
  public record Quotas(long clientBytes, long serviceBytes) {

    public static final Quotas NONE = new Quotas(0, 0);
  }
}
