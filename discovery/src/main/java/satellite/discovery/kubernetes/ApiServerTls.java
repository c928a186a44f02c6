package satellite.discovery.kubernetes;

import io.fabric8.kubernetes.client.internal.CertUtils;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.OkHttpClient;

/**
 * TLS to the API server, as {@code tls_config} says: a CA that is named is the only one, which
 * fabric8 would add to the JDK's.
 */
final class ApiServerTls {

  private static final char[] NO_SECRET = "in memory only".toCharArray();

  private final SSLSocketFactory sockets;
  private final X509TrustManager trusted;

  private ApiServerTls(SSLSocketFactory sockets, X509TrustManager trusted) {
    this.sockets = sockets;
    this.trusted = trusted;
  }

  /**
   * @param ca what to trust, or null for what the JDK does
   */
  static ApiServerTls of(KubernetesConfig.Tls tls, Path ca)
      throws IOException, GeneralSecurityException {
    X509TrustManager trusted = trusted(tls, ca);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own(tls), new TrustManager[] {trusted}, null);
    return new ApiServerTls(
        new VerifyingSocketFactory(
            context.getSocketFactory(), tls.serverName(), !tls.insecureSkipVerify()),
        trusted);
  }

  void applyTo(OkHttpClient.Builder http) {
    // The factory has looked for the name, or was told not to, by the time this is asked.
    http.sslSocketFactory(sockets, trusted).hostnameVerifier((host, session) -> true);
  }

  private static X509TrustManager trusted(KubernetesConfig.Tls tls, Path ca)
      throws IOException, GeneralSecurityException {
    if (tls.insecureSkipVerify()) {
      return (X509TrustManager) SSLUtils.trustManagers(null, null, true, null, null)[0];
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(ca == null ? null : only(ca));
    return (X509TrustManager) factory.getTrustManagers()[0];
  }

  private static KeyStore only(Path ca) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream pem = Files.newInputStream(ca)) {
      int number = 0;
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
        store.setCertificateEntry("ca" + number++, each);
      }
    }
    return store;
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

  /**
   * The JDK looks for the server's name in its certificate, whose words about it say more than
   * OkHttp's. {@code server_name} is told to the server and looked for instead of the host that is
   * connected to.
   */
  private static final class VerifyingSocketFactory extends SSLSocketFactory {
    private final SSLSocketFactory real;
    private final String name;
    private final boolean verifies;

    /**
     * @param name empty for the host that is connected to
     */
    VerifyingSocketFactory(SSLSocketFactory real, String name, boolean verifies) {
      this.real = real;
      this.name = name;
      this.verifies = verifies;
    }

    @Override
    public Socket createSocket(Socket connected, String host, int port, boolean autoClose)
        throws IOException {
      String expected = name.isEmpty() ? host : name;
      SSLSocket socket = (SSLSocket) real.createSocket(connected, expected, port, autoClose);
      if (verifies) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
      }
      return socket;
    }

    @Override
    public String[] getDefaultCipherSuites() {
      return real.getDefaultCipherSuites();
    }

    @Override
    public String[] getSupportedCipherSuites() {
      return real.getSupportedCipherSuites();
    }

    @Override
    public Socket createSocket(String to, int port) {
      throw onlyConnected();
    }

    @Override
    public Socket createSocket(String to, int port, InetAddress from, int fromPort) {
      throw onlyConnected();
    }

    @Override
    public Socket createSocket(InetAddress to, int port) {
      throw onlyConnected();
    }

    @Override
    public Socket createSocket(InetAddress to, int port, InetAddress from, int fromPort) {
      throw onlyConnected();
    }

    private static UnsupportedOperationException onlyConnected() {
      return new UnsupportedOperationException("TLS is laid over sockets that are connected");
    }
  }
}
