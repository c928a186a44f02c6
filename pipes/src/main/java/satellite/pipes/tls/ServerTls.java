package satellite.pipes.tls;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.util.concurrent.ScheduledExecutorService;
import javax.net.ssl.SSLException;

/**
 * TLS for those who connect to us: one set of files, for every server that there is. Renewed files
 * hold for new connections.
 */
public final class ServerTls {

  private final RenewedSslContext grpc = new RenewedSslContext();
  private final RenewedSslContext http = new RenewedSslContext();

  private ServerTls(ServerTlsConfig tls, ScheduledExecutorService timer) {
    var files =
        new Certificates.Files("the server's", tls.certificate(), tls.key(), tls.clientCa());
    new CertificateFiles(files, this::take).watch(timer);
  }

  /**
   * Reads the files; fails with {@link TlsFilesException}.
   *
   * @param tls null for plaintext, which gives null
   */
  public static ServerTls of(ServerTlsConfig tls, ScheduledExecutorService timer) {
    return tls == null ? null : new ServerTls(tls, timer);
  }

  private void take(Certificates certificates) throws SSLException {
    SslContext forGrpc = GrpcSslContexts.configure(builder(certificates), SslProvider.JDK).build();
    SslContext forHttp = builder(certificates).build();
    grpc.use(forGrpc);
    http.use(forHttp);
  }

  private static SslContextBuilder builder(Certificates certificates) {
    // The JDK's contexts are garbage collected; others would have to be released one day.
    SslContextBuilder ssl =
        SslContextBuilder.forServer(certificates.key(), certificates.own())
            .sslProvider(SslProvider.JDK);
    return certificates.trusted().isEmpty()
        ? ssl
        : ssl.trustManager(certificates.trusted()).clientAuth(ClientAuth.REQUIRE);
  }

  /** Speaks HTTP/2 only. */
  public SslContext forGrpc() {
    return grpc;
  }

  /** Without a choice of protocol: HTTP/1.1. */
  public SslContext forHttp() {
    return http;
  }
}
