package satellite.pipes.server;

import java.time.Duration;
import satellite.pipes.tls.ServerTlsConfig;
import satellite.pipes.transport.AcceptLimitConfig;
import satellite.pipes.transport.AccessToken;

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
    ServerTlsConfig tls,
    AccessToken token,
    int maxMessageBytes,
    int maxConcurrentStreams,
    int ioThreads,
    AcceptLimitConfig limits,
    Ages ages,
    Quotas quotas) {

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
