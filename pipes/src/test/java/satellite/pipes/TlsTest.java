package satellite.pipes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.ReceiverPlugin.EVENT;
import static satellite.pipes.ReceiverPlugin.TRACING;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.Socket;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import satellite.pipes.ClientConfig.Tls;
import satellite.pipes.PipeConfig.BatchLimits;
import satellite.routing.Connection;

/**
 * Encryption on both sides, and the token. The certificates in {@code tls/} are valid until 2126:
 * ca signed server (for localhost and 127.0.0.1) and client; stranger signed itself.
 */
class TlsTest extends FlowFixture {

  private static final Metadata.Key<String> TOKEN =
      Metadata.Key.of("authentication", Metadata.ASCII_STRING_MARSHALLER);

  private ScriptedNode oap;

  @AfterEach
  void stopNode() {
    if (oap != null) {
      oap.close();
    }
  }

  private static Path file(String name) {
    try {
      return Path.of(TlsTest.class.getResource("/tls/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static SslContext nodeTls(ClientAuth clients) {
    try {
      return GrpcSslContexts.forServer(file("server.pem").toFile(), file("server.key").toFile())
          .trustManager(file("ca.pem").toFile())
          .clientAuth(clients)
          .build();
    } catch (SSLException e) {
      throw new IllegalStateException(e);
    }
  }

  private void startInFrontOf(ClientAuth clients, Tls tls) {
    oap = new ScriptedNode(builder -> builder.sslContext(nodeTls(clients)));
    client = clientConfig(tls, "");
    start(Set.of(oap.place()), EVENT);
  }

  private static ClientConfig clientConfig(Tls tls, String token) {
    return new ClientConfig(
        tls, token, Duration.ofMillis(200), Duration.ofSeconds(5), Duration.ofSeconds(20));
  }

  private void assertAnEventArrives() {
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).finish();
    ScriptedNode.Taken taken = oap.next();
    taken.read();
    taken.awaitHalfClose();
    taken.accept();
    awaitForwarded(1);
  }

  private void assertNoNodeComesUp() {
    await(
        "the node is known to be down",
        () -> router.upstreams().values().iterator().next().state() == Connection.State.DOWN);
    assertTrue(router.up().isEmpty());
  }

  // ---- to the nodes

  @Test
  void aNodeOfATrustedCaIsSpokenTo() {
    startInFrontOf(ClientAuth.NONE, new Tls(file("ca.pem"), null, null, false));
    assertAnEventArrives();
  }

  @Test
  void aNodeThatWantsACertificateGetsIt() {
    startInFrontOf(
        ClientAuth.REQUIRE, new Tls(file("ca.pem"), file("client.pem"), file("client.key"), false));
    assertAnEventArrives();
  }

  @Test
  void withoutTheCertificateItRefuses() {
    startInFrontOf(ClientAuth.REQUIRE, new Tls(file("ca.pem"), null, null, false));
    assertNoNodeComesUp();
  }

  @Test
  void aNodeOfAnotherCaIsNotTrusted() {
    startInFrontOf(ClientAuth.NONE, new Tls(file("stranger.pem"), null, null, false));
    assertNoNodeComesUp();
  }

  @Test
  void withoutACaThoseOfTheJdkAreTrusted() {
    startInFrontOf(ClientAuth.NONE, new Tls(null, null, null, false));
    assertNoNodeComesUp();
  }

  @Test
  void anyNodeIsTrustedWhereSoConfigured() {
    startInFrontOf(ClientAuth.NONE, new Tls(null, null, null, true));
    assertAnEventArrives();
  }

  @Test
  void aNodeWithoutTlsIsNotSpokenTo() {
    node();
    client = clientConfig(new Tls(file("ca.pem"), null, null, false), "");
    start(EVENT);
    assertNoNodeComesUp();
  }

  @Test
  void filesThatAreNoCertificatesAreNamedInOneLine(@TempDir Path directory) throws Exception {
    Path nonsense = Files.writeString(directory.resolve("nonsense.pem"), "no certificate");
    client = clientConfig(new Tls(nonsense, null, null, false), "");
    node();
    TlsFilesException refused = assertThrows(TlsFilesException.class, () -> start(EVENT));
    assertTrue(refused.getMessage().startsWith("the client's TLS files"), refused.getMessage());
    assertTrue(refused.getMessage().lines().count() == 1, refused.getMessage());
  }

  // ---- from the clients

  private void startWithServerTls() {
    server =
        new ServerConfig(
            "127.0.0.1",
            0,
            new ServerConfig.Tls(file("server.pem"), file("server.key"), null),
            AccessToken.NONE,
            2 << 20,
            1000,
            2,
            1000,
            Integer.MAX_VALUE);
    node();
    start(EVENT);
  }

  @Test
  void clientsAreServedOverTls() throws Exception {
    startWithServerTls();
    ManagedChannel agent =
        client(
            NettyChannelBuilder.forAddress("localhost", satellite.port())
                .sslContext(
                    GrpcSslContexts.forClient().trustManager(file("ca.pem").toFile()).build()));
    Caller.stream(agent, Samples.EVENTS).send(Samples.event("1")).finish();
    awaitForwarded(1);
    assertEquals(1, satellite.connections());
  }

  @Test
  void aClientWithoutTlsIsNotServedAndNotCountedForLong() throws Exception {
    startWithServerTls();
    assertEquals(
        Status.Code.UNAVAILABLE, Caller.stream(client(), Samples.EVENTS).halfClose().code());
    try (Socket socket = new Socket("127.0.0.1", satellite.port())) {
      socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      socket.getInputStream().readAllBytes();
    }
    ManagedChannel agent =
        client(
            NettyChannelBuilder.forAddress(loopback())
                .sslContext(
                    GrpcSslContexts.forClient()
                        .trustManager(InsecureTrustManagerFactory.INSTANCE)
                        .build()));
    Caller.stream(agent, Samples.EVENTS).send(Samples.event("1")).finish();
    awaitForwarded(1);
  }

  // ---- token

  @Test
  void theTokenGoesWithEveryCall() {
    oap = new ScriptedNode();
    client = clientConfig(null, "secret");
    batch = new BatchLimits(Duration.ofMillis(20), 200, 1 << 20, 4);
    start(Set.of(oap.place()), EVENT, TRACING);
    ManagedChannel agent = client();
    // A stream, a unary call, and one that is passed through.
    Caller.stream(agent, Samples.EVENTS).send(Samples.event("1")).finish();
    assertTokenAndAnswer(Samples.EVENTS);
    Caller.stream(agent, Samples.SEGMENTS).send(Samples.segment("1")).finish();
    assertTokenAndAnswer(Samples.SEGMENTS_IN_SYNC);
    Caller passed =
        Caller.unary(agent, "/skywalking.v3.ProfileTask/getProfileTaskCommands", new byte[0]);
    assertTokenAndAnswer("/skywalking.v3.ProfileTask/getProfileTaskCommands");
    passed.assertAccepted();
  }

  private void assertTokenAndAnswer(String method) {
    ScriptedNode.Taken taken = oap.next();
    assertEquals(method.substring(1), taken.method());
    assertEquals("secret", taken.headers.get(TOKEN));
    taken.read();
    taken.awaitHalfClose();
    taken.accept();
  }
}
