package satellite.discovery.kubernetes;

import io.fabric8.kubernetes.client.internal.CertUtils;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyManagementException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * TLS as {@code tls_config} says: a CA that is named is the only one, which fabric8 would add to
 * the JDK's.
 */
final class Trust {

  private static final char[] NO_SECRET = "in memory only".toCharArray();

  private Trust() {}

  static SSLContext of(KubernetesConfig.Tls tls, Path ca)
      throws IOException, GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own(tls), trusted(tls, ca), null);
    return tls.serverName().isEmpty()
        ? context
        : new Renamed(new RenamedSpi(context, tls.serverName()), context);
  }

  private static TrustManager[] trusted(KubernetesConfig.Tls tls, Path ca)
      throws IOException, GeneralSecurityException {
    if (tls.insecureSkipVerify()) {
      return SSLUtils.trustManagers(null, null, true, null, null);
    }
    if (ca == null) {
      return null;
    }
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream pem = Files.newInputStream(ca)) {
      int number = 0;
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
        store.setCertificateEntry("ca" + number++, each);
      }
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyManager[] own(KubernetesConfig.Tls tls)
      throws IOException, GeneralSecurityException {
    if (tls.certificate() == null) {
      return null;
    }
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(keyStore(tls), NO_SECRET);
    return factory.getKeyManagers();
  }

  /** PKCS#8 does not say in its first line of which kind the key is. */
  private static KeyStore keyStore(KubernetesConfig.Tls tls)
      throws IOException, GeneralSecurityException {
    try {
      return keyStore(tls, "RSA");
    } catch (IOException | GeneralSecurityException noRsaKey) {
      return keyStore(tls, "EC");
    }
  }

  private static KeyStore keyStore(KubernetesConfig.Tls tls, String algorithm)
      throws IOException, GeneralSecurityException {
    try (InputStream certificate = Files.newInputStream(tls.certificate());
        InputStream key = Files.newInputStream(tls.key())) {
      return CertUtils.createKeyStore(certificate, key, algorithm, NO_SECRET, null, null);
    }
  }

  /** {@code server_name}: the JDK's HTTP client has no place for it. */
  private static final class Renamed extends SSLContext {
    Renamed(SSLContextSpi spi, SSLContext real) {
      super(spi, real.getProvider(), real.getProtocol());
    }
  }

  /** Tells each engine another host than the one that is connected to. */
  private static final class RenamedSpi extends SSLContextSpi {
    private final SSLContext real;
    private final String host;

    RenamedSpi(SSLContext real, String host) {
      this.real = real;
      this.host = host;
    }

    @Override
    protected SSLEngine engineCreateSSLEngine(String ignored, int port) {
      return real.createSSLEngine(host, port);
    }

    @Override
    protected SSLEngine engineCreateSSLEngine() {
      return real.createSSLEngine();
    }

    @Override
    protected void engineInit(KeyManager[] keys, TrustManager[] trusted, SecureRandom random)
        throws KeyManagementException {
      real.init(keys, trusted, random);
    }

    @Override
    protected SSLSocketFactory engineGetSocketFactory() {
      return real.getSocketFactory();
    }

    @Override
    protected SSLServerSocketFactory engineGetServerSocketFactory() {
      return real.getServerSocketFactory();
    }

    @Override
    protected SSLSessionContext engineGetServerSessionContext() {
      return real.getServerSessionContext();
    }

    @Override
    protected SSLSessionContext engineGetClientSessionContext() {
      return real.getClientSessionContext();
    }
  }
}
