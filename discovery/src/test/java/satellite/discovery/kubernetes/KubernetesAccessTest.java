package satellite.discovery.kubernetes;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.discovery.kubernetes.ApiServer.file;

import io.fabric8.kubernetes.client.internal.CertUtils;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.Map;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.discovery.kubernetes.KubernetesConfig.BasicAuth;
import satellite.discovery.kubernetes.KubernetesConfig.Tls;

/** How it is let in. */
@Timeout(120)
class KubernetesAccessTest {

  private static final String REFUSED = "does not take our token, password or certificate (401)";

  @TempDir Path folder;
  private ApiServer api;
  private TestDiscovery finder;

  private void plain() throws IOException {
    api = new ApiServer();
    finder = new TestDiscovery(api.url());
    api.putPod("oap-0", "10.0.0.1");
  }

  private void tls(String certificate, boolean asksClients) throws Exception {
    api = new ApiServer(tlsSockets(certificate, asksClients));
    finder = new TestDiscovery("https://127.0.0.1:" + api.proxy.port());
    api.putPod("oap-0", "10.0.0.1");
  }

  @AfterEach
  void close() throws IOException {
    finder.close();
    api.close();
  }

  private void demand(String authorization) {
    api.proxy.fault(request -> request.header("Authorization").equals(authorization) ? 0 : 401);
  }

  private static String basic(String text) {
    return "Basic " + Base64.getEncoder().encodeToString(text.getBytes());
  }

  private void assertLetIn() {
    if (finder.discovery == null) {
      finder.start();
    }
    finder.awaitNodes("10.0.0.1:11800");
    // The watch is let in as well.
    api.putPod("oap-1", "10.0.0.2");
    finder.awaitNodes("10.0.0.1:11800", "10.0.0.2:11800");
    finder.awaitHealed();
  }

  @Test
  void byBasicAuth() throws IOException {
    plain();
    finder.basicAuth = new BasicAuth("satellite", "pass", null);
    demand(basic("satellite:pass"));
    assertLetIn();
  }

  @Test
  void byBasicAuthWithAFile() throws IOException {
    plain();
    Path password = Files.writeString(folder.resolve("password"), "pass\n");
    finder.basicAuth = new BasicAuth("satellite", "", password);
    demand(basic("satellite:pass"));
    assertLetIn();
  }

  @Test
  void notByAnotherPassword() throws IOException {
    plain();
    finder.basicAuth = new BasicAuth("satellite", "old", null);
    demand(basic("satellite:new"));
    finder.start().awaitError(REFUSED);
  }

  @Test
  void byBearerToken() throws IOException {
    plain();
    finder.bearerToken = "secret";
    demand("Bearer secret");
    assertLetIn();
  }

  @Test
  void byABearerTokenFileThatRotates() throws IOException {
    plain();
    finder.bearerTokenFile = folder.resolve("token");
    demand("Bearer one");
    finder.start().awaitError(REFUSED);
    Files.writeString(finder.bearerTokenFile, "one");
    finder.awaitNodes("10.0.0.1:11800");
    finder.awaitHealed();
    demand("Bearer two");
    api.proxy.cut();
    finder.awaitError(REFUSED);
    Files.writeString(finder.bearerTokenFile, "two");
    assertLetIn();
  }

  @Test
  void withinAClusterByTheServiceAccount() throws Exception {
    tls("server", false);
    Files.copy(file("ca.pem"), folder.resolve("ca.crt"));
    Files.writeString(folder.resolve("token"), "one\n");
    finder.apiServer = "";
    finder.environment =
        Map.of(
            "KUBERNETES_SERVICE_HOST",
            "127.0.0.1",
            "KUBERNETES_SERVICE_PORT",
            "" + api.proxy.port());
    finder.account = folder;
    demand("Bearer one");
    finder.start().awaitNodes("10.0.0.1:11800");
    demand("Bearer two");
    api.proxy.cut();
    finder.awaitError(REFUSED);
    Files.writeString(folder.resolve("token"), "two\n");
    assertLetIn();
  }

  @Test
  void byAServerOfTheCa() throws Exception {
    tls("server", false);
    finder.tls = new Tls(file("ca.pem"), null, null, "", false);
    assertLetIn();
  }

  @Test
  void notByAServerOfAnotherCa() throws Exception {
    tls("server", false);
    finder.tls = new Tls(file("other-ca.pem"), null, null, "", false);
    finder.start().awaitError("unable to find valid certification path");
  }

  @Test
  void notByAServerOfAnotherName() throws Exception {
    tls("named", false);
    finder.tls = new Tls(file("ca.pem"), null, null, "", false);
    finder.start().awaitError("No subject alternative names matching IP address 127.0.0.1");
  }

  @Test
  void byAServerOfTheNameThatIsAskedFor() throws Exception {
    tls("named", false);
    finder.tls = new Tls(file("ca.pem"), null, null, "kubernetes.test", false);
    assertLetIn();
  }

  @Test
  void notByAServerWithoutTheNameThatIsAskedFor() throws Exception {
    tls("server", false);
    finder.tls = new Tls(file("ca.pem"), null, null, "kubernetes.test", false);
    finder.start().awaitError("kubernetes.test");
  }

  @Test
  void byAnyServerIfItIsNotToBeVerified() throws Exception {
    tls("named", false);
    finder.tls = new Tls(null, null, null, "", true);
    assertLetIn();
  }

  @ParameterizedTest
  @ValueSource(strings = {"client", "client-ec"})
  void byACertificateOfItsOwn(String name) throws Exception {
    tls("server", true);
    finder.tls = new Tls(file("ca.pem"), file(name + ".pem"), file(name + ".key"), "", false);
    assertLetIn();
  }

  @Test
  void notWithoutOne() throws Exception {
    tls("server", true);
    finder.tls = new Tls(file("ca.pem"), null, null, "", false);
    finder.start().awaitError("cannot be asked");
  }

  @Test
  void notByFilesThatAreNoCertificates() throws Exception {
    tls("server", false);
    Path garbage = Files.writeString(folder.resolve("ca.pem"), "-----BEGIN CERTIFICATE-----\nx");
    finder.tls = new Tls(garbage, null, null, "", false);
    finder.start().awaitError("tls_config cannot be used: ");
  }

  @Test
  void throughAProxy() throws Exception {
    tls("server", false);
    finder.tls = new Tls(file("ca.pem"), null, null, "", false);
    try (FaultyProxy proxy = new FaultyProxy(ServerSocketFactory.getDefault(), api.proxy.port())) {
      finder.proxyUrl = "http://127.0.0.1:" + proxy.port();
      assertLetIn();
      assertTrue(
          proxy.requests.stream()
              .allMatch(each -> each.head().startsWith("CONNECT 127.0.0.1:" + api.proxy.port())));
      assertTrue(!proxy.requests.isEmpty());
    }
  }

  private static ServerSocketFactory tlsSockets(String certificate, boolean asksClients)
      throws IOException, GeneralSecurityException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    try (InputStream pem = new FileInputStream(file(certificate + ".pem").toFile());
        InputStream key = new FileInputStream(file(certificate + ".key").toFile())) {
      keys.init(CertUtils.createKeyStore(pem, key, "RSA", new char[0], null, null), new char[0]);
    }
    KeyStore ca = KeyStore.getInstance("PKCS12");
    ca.load(null, null);
    try (InputStream pem = Files.newInputStream(file("ca.pem"))) {
      ca.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
    }
    TrustManagerFactory trusted = TrustManagerFactory.getInstance("PKIX");
    trusted.init(ca);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trusted.getTrustManagers(), null);
    ServerSocketFactory tls = context.getServerSocketFactory();
    return new ServerSocketFactory() {
      @Override
      public ServerSocket createServerSocket() throws IOException {
        SSLServerSocket socket = (SSLServerSocket) tls.createServerSocket();
        socket.setNeedClientAuth(asksClients);
        return socket;
      }

      @Override
      public ServerSocket createServerSocket(int port) {
        throw new UnsupportedOperationException();
      }

      @Override
      public ServerSocket createServerSocket(int port, int backlog) {
        throw new UnsupportedOperationException();
      }

      @Override
      public ServerSocket createServerSocket(int port, int backlog, InetAddress address) {
        throw new UnsupportedOperationException();
      }
    };
  }
}
