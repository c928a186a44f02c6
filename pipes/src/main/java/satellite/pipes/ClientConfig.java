package satellite.pipes;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How the upstream nodes are spoken to: {@code grpc-client}.
 *
 * @param tls null for plaintext
 * @param authentication token sent with every call, empty for none
 * @param checkPeriod a node that is down is tried again this often
 * @param unaryTimeout bound of one unary upstream call
 * @param streamTimeout bound of one upstream stream that carries a batch
 */
public record ClientConfig(
    Tls tls,
    String authentication,
    Duration checkPeriod,
    Duration unaryTimeout,
    Duration streamTimeout) {

  /**
   * @param ca PEM file of the certificates trusted; null for the JDK's
   * @param certificate PEM file of the client's own certificate, null for none; then {@code key} is
   *     null too
   * @param insecureSkipVerify trust any certificate
   */
  public record Tls(Path ca, Path certificate, Path key, boolean insecureSkipVerify) {}

  /** Without the token. */
  @Override
  public String toString() {
    return "ClientConfig[tls=" + tls + ", checkPeriod=" + checkPeriod + "]";
  }
}
