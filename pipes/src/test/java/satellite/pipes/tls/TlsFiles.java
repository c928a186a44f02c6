package satellite.pipes.tls;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLException;

/** The certificates and keys in {@code tls/}; {@code make.sh} there tells what they are. */
public final class TlsFiles {

  private TlsFiles() {}

  public static Path file(String name) {
    try {
      return Path.of(TlsFiles.class.getResource("/tls/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  public static X509Certificate certificate(String name) {
    try (InputStream pem = Files.newInputStream(file(name))) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(pem);
    } catch (IOException | CertificateException e) {
      throw new IllegalStateException(e);
    }
  }

  public static BigInteger serial(String name) {
    return certificate(name).getSerialNumber();
  }

  /** Of a node that shows this certificate, and knows the clients of one CA. */
  public static SslContext node(String certificate, ClientAuth clients) {
    try {
      return GrpcSslContexts.forServer(file(certificate).toFile(), file("server.key").toFile())
          .trustManager(file("ca.pem").toFile())
          .clientAuth(clients)
          .build();
    } catch (SSLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Of an agent that trusts both CAs. */
  public static SslContext agent() {
    return agent(null, null);
  }

  /** Of an agent with a certificate of its own. */
  public static SslContext agent(String certificate, String key) {
    try {
      SslContextBuilder ssl =
          GrpcSslContexts.forClient()
              .trustManager(TlsFiles.certificate("ca.pem"), TlsFiles.certificate("other-ca.pem"));
      if (certificate != null) {
        ssl.keyManager(file(certificate).toFile(), file(key).toFile());
      }
      return ssl.build();
    } catch (SSLException e) {
      throw new IllegalStateException(e);
    }
  }
}
