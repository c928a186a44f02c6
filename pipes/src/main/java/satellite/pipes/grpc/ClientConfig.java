package satellite.pipes.grpc;

import java.time.Duration;
import satellite.pipes.tls.ClientTlsConfig;

/**
 * How the upstream nodes are spoken to: {@code grpc-client}.
 *
 * @param tls null for plaintext
 * @param authentication token sent with every call, empty for none
 * @param checkPeriod a node that is down is tried again this often
 * @param unaryTimeout bound of one unary upstream call
 * @param streamTimeout bound of one upstream stream that carries a batch
 * @param health how a node is asked whether it is there, beside what its calls tell
 */
public record ClientConfig(
    ClientTlsConfig tls,
    String authentication,
    Duration checkPeriod,
    Duration unaryTimeout,
    Duration streamTimeout,
    Health health) {

  /**
   * @param keepaliveTime a connection without a word for so long is pinged, if a call is under way
   *     or when the next one begins; zero for never
   * @param keepaliveTimeout one that does not answer a ping for so long is closed, and opened anew;
   *     so is one whose bytes the node's kernel does not acknowledge
   * @param check whether the node is asked over {@code grpc.health.v1}, once in a check period
   */
  public record Health(Duration keepaliveTime, Duration keepaliveTimeout, boolean check) {

    /**
     * The least time that gRPC servers allow between pings unless they are told otherwise, OAP's
     * among them: it is five minutes, and a ping too many costs the connection.
     */
    public static final Health USUAL =
        new Health(Duration.ofMinutes(5), Duration.ofSeconds(20), false);
  }

  /** With {@link Health#USUAL}. */
  public ClientConfig(
      ClientTlsConfig tls,
      String authentication,
      Duration checkPeriod,
      Duration unaryTimeout,
      Duration streamTimeout) {
    this(tls, authentication, checkPeriod, unaryTimeout, streamTimeout, Health.USUAL);
  }

  /** Without the token. */
  @Override
  public String toString() {
    return "ClientConfig[tls=" + tls + ", checkPeriod=" + checkPeriod + "]";
  }
}
