package satellite.pipes.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static satellite.pipes.protocol.ReceiverPlugin.LOG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import satellite.pipes.tls.ServerTls;
import satellite.pipes.tls.ServerTlsConfig;
import satellite.pipes.tls.TlsFiles;

/** HTTP is spoken with the certificates of the other server. */
class HttpTlsTest extends HttpFixture {

  private static final char[] NO_PASSWORD = {};

  private void startTls(String clientCa) {
    tls =
        ServerTls.of(
            new ServerTlsConfig(
                TlsFiles.file("server.pem"),
                TlsFiles.file("server.key"),
                clientCa == null ? null : TlsFiles.file(clientCa)),
            timer);
    node();
    startHttp(LOG);
  }

  /**
   * @param certificate shown to the server, signed for {@code client.key}; null for none
   */
  private int post(String certificate) throws IOException, InterruptedException {
    HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .sslContext(trustingOurCa(certificate))
            .build();
    HttpRequest post =
        HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + http.port() + "/v3/logs"))
            .timeout(LONG)
            .POST(HttpRequest.BodyPublishers.ofString("[{\"service\":\"s\"}]"))
            .build();
    return client.send(post, HttpResponse.BodyHandlers.ofString()).statusCode();
  }

  private static SSLContext trustingOurCa(String certificate) {
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, NO_PASSWORD);
      trusted.setCertificateEntry("ca", TlsFiles.certificate("ca.pem"));
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(certificate == null ? null : own(certificate), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyManager[] own(String certificate) throws GeneralSecurityException, IOException {
    String pem =
        Files.readString(TlsFiles.file("client.key")).replaceAll("-----[A-Z ]+-----|\\s", "");
    PrivateKey key =
        KeyFactory.getInstance("EC")
            .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, NO_PASSWORD);
    own.setKeyEntry(
        "own", key, NO_PASSWORD, new X509Certificate[] {TlsFiles.certificate(certificate)});
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(own, NO_PASSWORD);
    return keys.getKeyManagers();
  }

  @Test
  void reportsComeOverTls() throws Exception {
    startTls(null);
    assertEquals(200, post(null));
    awaitForwarded(1);
  }

  @Test
  void plaintextIsNotAnswered() {
    startTls(null);
    assertThrows(UncheckedIOException.class, () -> post("/v3/logs", "[]"));
    assertEquals(0, account().received());
  }

  @Test
  void withACaForClientsOnlyItsCertificatesGetIn() throws Exception {
    startTls("ca.pem");
    assertEquals(200, post("client.pem"));
    assertThrows(IOException.class, () -> post((String) null));
    assertThrows(IOException.class, () -> post("client-other-ca.pem"));
    awaitForwarded(1);
  }
}
