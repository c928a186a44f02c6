package satellite.pipes.tls;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.util.concurrent.ScheduledExecutorService;
import javax.net.ssl.SSLException;

/** TLS to the nodes, for all connections. Renewed files hold from the next handshake on. */
public final class ClientTls {

  private final RenewedSslContext grpc = new RenewedSslContext();
  private final boolean trustsAnybody;

  private ClientTls(ClientTlsConfig tls, ScheduledExecutorService timer) {
    this.trustsAnybody = tls.insecureSkipVerify();
    var files =
        new Certificates.Files(
            "the client's", tls.certificate(), tls.key(), trustsAnybody ? null : tls.ca());
    new CertificateFiles(files, this::take).watch(timer);
  }

  /**
   * Reads the files; fails with {@link TlsFilesException}.
   *
   * @param tls null for plaintext, which gives null
   */
  public static ClientTls of(ClientTlsConfig tls, ScheduledExecutorService timer) {
    return tls == null ? null : new ClientTls(tls, timer);
  }

  private void take(Certificates certificates) throws SSLException {
    SslContextBuilder ssl =
        GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK);
    if (trustsAnybody) {
      ssl.trustManager(InsecureTrustManagerFactory.INSTANCE);
    } else if (!certificates.trusted().isEmpty()) {
      ssl.trustManager(certificates.trusted());
    }
    if (certificates.key() != null) {
      ssl.keyManager(certificates.key(), certificates.own());
    }
    grpc.use(ssl.build());
  }

  public SslContext forGrpc() {
    return grpc;
  }
}
