package satellite.pipes.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.tls.TlsFiles.file;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.ScriptedNode;
import satellite.pipes.server.ServerConfig;
import satellite.pipes.tls.ClientTlsConfig;
import satellite.pipes.tls.ServerTls;
import satellite.pipes.tls.ServerTlsConfig;
import satellite.pipes.tls.TlsFiles;
import satellite.pipes.tls.TlsFilesException;
import satellite.routing.Connection;

/** Who speaks to whom: encryption on both sides, with and without certificates of clients. */
class TlsTest extends FlowFixture {

  private ScriptedNode oap;

  @AfterEach
  void stopNode() {
    if (oap != null) {
      oap.close();
    }
  }

  private void startInFrontOf(ClientAuth clients, ClientTlsConfig tls) {
    startInFrontOf("server.pem", clients, tls);
  }

  private void startInFrontOf(String certificate, ClientAuth clients, ClientTlsConfig tls) {
    oap = new ScriptedNode(builder -> builder.sslContext(TlsFiles.node(certificate, clients)));
    client = clientConfig(tls);
    start(Set.of(oap.place()), EVENT);
  }

  private static ClientConfig clientConfig(ClientTlsConfig tls) {
    return new ClientConfig(
        tls, "", Duration.ofMillis(200), Duration.ofSeconds(5), Duration.ofSeconds(20));
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
    startInFrontOf(ClientAuth.NONE, new ClientTlsConfig(file("ca.pem"), null, null, false));
    assertAnEventArrives();
  }

  @Test
  void aNodeThatWantsACertificateGetsIt() {
    startInFrontOf(
        ClientAuth.REQUIRE,
        new ClientTlsConfig(file("ca.pem"), file("client.pem"), file("client.key"), false));
    assertAnEventArrives();
  }

  @Test
  void withoutTheCertificateItRefuses() {
    startInFrontOf(ClientAuth.REQUIRE, new ClientTlsConfig(file("ca.pem"), null, null, false));
    assertNoNodeComesUp();
  }

  @Test
  void aNodeOfAnotherCaIsNotTrusted() {
    startInFrontOf(ClientAuth.NONE, new ClientTlsConfig(file("other-ca.pem"), null, null, false));
    assertNoNodeComesUp();
  }

  @Test
  void aNodeWithTheCertificateOfAnotherHostIsNotTrusted() {
    startInFrontOf(
        "server-elsewhere.pem",
        ClientAuth.NONE,
        new ClientTlsConfig(file("ca.pem"), null, null, false));
    assertNoNodeComesUp();
  }

  @Test
  void withoutACaThoseOfTheJdkAreTrusted() {
    startInFrontOf(ClientAuth.NONE, new ClientTlsConfig(null, null, null, false));
    assertNoNodeComesUp();
  }

  @Test
  void anyNodeIsTrustedWhereSoConfigured() {
    startInFrontOf(ClientAuth.NONE, new ClientTlsConfig(null, null, null, true));
    assertAnEventArrives();
  }

  @Test
  void aNodeWithoutTlsIsNotSpokenTo() {
    node();
    client = clientConfig(new ClientTlsConfig(file("ca.pem"), null, null, false));
    start(EVENT);
    assertNoNodeComesUp();
  }

  @Test
  void filesThatAreNoCertificatesAreNamedInOneLine(@TempDir Path directory) throws Exception {
    Path nonsense = Files.writeString(directory.resolve("nonsense.pem"), "no certificate");
    client = clientConfig(new ClientTlsConfig(nonsense, null, null, false));
    node();
    TlsFilesException refused = assertThrows(TlsFilesException.class, () -> start(EVENT));
    String said = refused.getMessage();
    assertTrue(said.startsWith("the client's TLS files cannot be used: " + nonsense), said);
    assertEquals(1, said.lines().count(), said);
  }

  @Test
  void aKeyOfAnotherCertificateIsNamedInOneLine() {
    server = withTls(new ServerTlsConfig(file("server.pem"), file("client.key"), null));
    node();
    TlsFilesException refused = assertThrows(TlsFilesException.class, () -> start(EVENT));
    assertEquals(
        "the server's TLS files cannot be used: "
            + file("client.key")
            + ": is not the key of the certificate in "
            + file("server.pem"),
        refused.getMessage());
  }

  // ---- from the clients

  private static ServerConfig withTls(ServerTlsConfig tls) {
    return server(tls, ServerConfig.Ages.UNLIMITED, ServerConfig.Quotas.NONE);
  }

  private void startWithServerTls(String certificate, String key, String clientCa) {
    Path ca = clientCa == null ? null : file(clientCa);
    server = withTls(new ServerTlsConfig(file(certificate), file(key), ca));
    node();
    start(EVENT);
  }

  private ManagedChannel agent(SslContext tls) {
    return client(NettyChannelBuilder.forAddress("localhost", satellite.port()).sslContext(tls));
  }

  private void assertServed(SslContext tls, int messages) {
    Caller.stream(agent(tls), Samples.EVENTS).send(Samples.event("1")).finish();
    awaitForwarded(messages);
  }

  private void assertNotServed(SslContext tls) {
    Caller refused = Caller.stream(agent(tls), Samples.EVENTS).send(Samples.event("1"));
    assertEquals(Status.Code.UNAVAILABLE, refused.code());
    assertEquals(0, account().received());
  }

  @ParameterizedTest
  @CsvSource({"server.pem, server.key", "server-rsa.pem, server-rsa.key"})
  void clientsAreServedOverTls(String certificate, String key) {
    startWithServerTls(certificate, key, null);
    assertServed(TlsFiles.agent(), 1);
    assertEquals(1, satellite.connections());
  }

  @Test
  void aClientWithACertificateOfTheCaIsServed() {
    startWithServerTls("server.pem", "server.key", "ca.pem");
    assertServed(TlsFiles.agent("client.pem", "client.key"), 1);
  }

  @Test
  void aClientWithoutACertificateIsNotServedWhereOneIsAskedFor() {
    startWithServerTls("server.pem", "server.key", "ca.pem");
    assertNotServed(TlsFiles.agent());
  }

  @Test
  void aClientWithACertificateOfAnotherCaIsNotServed() {
    startWithServerTls("server.pem", "server.key", "ca.pem");
    assertNotServed(TlsFiles.agent("client-other-ca.pem", "client.key"));
  }

  @SuppressWarnings("deprecation")
  private static List<String> protocols(SslContext tls) {
    return tls.applicationProtocolNegotiator().protocols();
  }

  @Test
  void oneSetOfFilesIsForBothProtocols() {
    var files = new ServerTlsConfig(file("server.pem"), file("server.key"), file("ca.pem"));
    ServerTls tls = ServerTls.of(files, timer);
    assertEquals(List.of("h2"), protocols(tls.forGrpc()));
    assertEquals(List.of(), protocols(tls.forHttp()));
    for (SslContext context : List.of(tls.forGrpc(), tls.forHttp())) {
      assertTrue(context.isServer());
      assertTrue(context.newEngine(UnpooledByteBufAllocator.DEFAULT).getNeedClientAuth());
    }
  }

  @Test
  void aClientWithoutTlsIsNotServedAndNotCountedForLong() throws Exception {
    startWithServerTls("server.pem", "server.key", null);
    assertEquals(
        Status.Code.UNAVAILABLE, Caller.stream(client(), Samples.EVENTS).halfClose().code());
    try (Socket socket = new Socket("127.0.0.1", satellite.port())) {
      socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      socket.getInputStream().readAllBytes();
    }
    assertServed(TlsFiles.agent(), 1);
  }

  @Test
  void aClientIsSentAwayThroughTlsAndComesAnew() {
    startWithServerTls("server.pem", "server.key", null);
    ManagedChannel agent = agent(TlsFiles.agent());
    Caller.stream(agent, Samples.EVENTS).send(Samples.event("1")).finish();
    assertEquals(1, satellite.connections());
    ahead.addAndGet(TimeUnit.SECONDS.toNanos(2));
    satellite.shed(1);
    assertEquals(1, satellite.shedConnections());
    await("it is gone", () -> satellite.connections() == 0);
    Caller.stream(agent, Samples.EVENTS).send(Samples.event("2")).finish();
    assertEquals(1, satellite.staying());
    awaitForwarded(2);
  }
}
