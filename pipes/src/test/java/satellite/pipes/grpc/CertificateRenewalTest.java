package satellite.pipes.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.tls.TlsFiles.file;
import static satellite.pipes.tls.TlsFiles.serial;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.HandTimer;
import satellite.pipes.Samples;
import satellite.pipes.ScriptedNode;
import satellite.pipes.server.ServerConfig;
import satellite.pipes.tls.ClientTlsConfig;
import satellite.pipes.tls.ServerTlsConfig;
import satellite.pipes.tls.TlsFiles;
import satellite.routing.Connection;

/** Certificate files that are exchanged while Satellite runs, on both of its sides. */
class CertificateRenewalTest extends FlowFixture {

  private static final String CONVERSATION = "/skywalking.v10.AsyncProfilerTask/collect";

  @TempDir private Path directory;
  private final List<String> log = new ArrayList<>();
  private final Logger logger = Logger.getLogger("tls");
  private final Handler handler = new Remembering();
  private ScriptedNode oap;

  private final class Remembering extends Handler {
    @Override
    public void publish(LogRecord entry) {
      log.add(entry.getLevel() + " " + new SimpleFormatter().formatMessage(entry));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @BeforeEach
  void listen() {
    logger.addHandler(handler);
  }

  @AfterEach
  void stop() {
    logger.removeHandler(handler);
    if (oap != null) {
      oap.close();
    }
  }

  /** Puts one of the test's certificates or keys where Satellite reads it. */
  private Path put(String name, String content) throws IOException {
    return Files.write(directory.resolve(name), Files.readAllBytes(file(content)));
  }

  private String path(String name) {
    return directory.resolve(name).toString();
  }

  private static BigInteger shownBy(Attributes connection) {
    try {
      var session = connection.get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
      return ((X509Certificate) session.getPeerCertificates()[0]).getSerialNumber();
    } catch (SSLPeerUnverifiedException e) {
      throw new IllegalStateException(e);
    }
  }

  // ---- the server's

  private void startServer(String clientCa) throws IOException {
    var files =
        new ServerTlsConfig(
            put("tls.crt", "server.pem"),
            put("tls.key", "server.key"),
            clientCa == null ? null : put("ca.crt", clientCa));
    start(files);
  }

  private void start(ServerTlsConfig files) {
    server = server(files, ServerConfig.Ages.UNLIMITED, ServerConfig.Quotas.NONE);
    node();
    start(EVENT);
  }

  private ManagedChannel agent(SslContext tls) {
    return client(NettyChannelBuilder.forAddress("localhost", satellite.port()).sslContext(tls));
  }

  /** What a client sees that comes now. */
  private BigInteger serialShown() {
    Caller caller = Caller.stream(agent(TlsFiles.agent()), Samples.EVENTS);
    caller.send(Samples.event("1")).finish();
    return shownBy(caller.call.getAttributes());
  }

  @Test
  void filesAreLookedAtEveryTenSeconds() throws Exception {
    startServer(null);
    assertEquals(
        List.of(TimeUnit.SECONDS.toNanos(10)),
        timer.repeated.stream().map(HandTimer.Repeated::delayNanos).toList());
  }

  @Test
  void aNewPairIsShownToNewConnectionsAndTheOldOnesLiveOn() throws Exception {
    startServer(null);
    ManagedChannel early = agent(TlsFiles.agent());
    Caller stream = Caller.stream(early, Samples.EVENTS).send(Samples.event("1"));
    await("it came in", () -> account().received() == 1);
    put("tls.crt", "server-rsa.pem");
    put("tls.key", "server-rsa.key");
    assertEquals(serial("server.pem"), serialShown(), "before it is looked at");
    timer.tick();
    assertEquals(serial("server-rsa.pem"), serialShown());
    stream.send(Samples.event("2")).finish();
    assertEquals(serial("server.pem"), shownBy(stream.call.getAttributes()));
    Caller again = Caller.stream(early, Samples.EVENTS).send(Samples.event("3"));
    again.finish();
    assertEquals(serial("server.pem"), shownBy(again.call.getAttributes()));
    awaitForwarded(5);
    assertEquals(
        List.of(
            "INFO the server's TLS files are renewed: ["
                + path("tls.crt")
                + ", "
                + path("tls.key")
                + "], serial "
                + serial("server-rsa.pem").toString(16)
                + ", valid until "
                + TlsFiles.certificate("server-rsa.pem").getNotAfter().toInstant()),
        log);
  }

  @Test
  void aCertificateRenewedWithTheSameKeyIsShown() throws Exception {
    startServer(null);
    put("tls.crt", "server-same-key.pem");
    timer.tick();
    assertEquals(serial("server-same-key.pem"), serialShown());
  }

  @Test
  void filesThatOnlyGotANewTimeChangeNothing() throws Exception {
    startServer(null);
    put("tls.crt", "server.pem");
    timer.tick();
    assertEquals(List.of(), log);
  }

  /** As Kubernetes mounts a secret: the files are links through a link that is swapped. */
  @Test
  void filesBehindASwappedLinkAreSeen() throws Exception {
    Path before = Files.createDirectory(directory.resolve("..before"));
    Path after = Files.createDirectory(directory.resolve("..after"));
    put("..before/tls.crt", "server.pem");
    put("..before/tls.key", "server.key");
    put("..after/tls.crt", "server-rsa.pem");
    put("..after/tls.key", "server-rsa.key");
    Path data = Files.createSymbolicLink(directory.resolve("..data"), before);
    Path certificate =
        Files.createSymbolicLink(directory.resolve("tls.crt"), data.resolve("tls.crt"));
    Path key = Files.createSymbolicLink(directory.resolve("tls.key"), data.resolve("tls.key"));
    start(new ServerTlsConfig(certificate, key, null));
    assertEquals(serial("server.pem"), serialShown());
    Files.delete(data);
    Files.createSymbolicLink(data, after);
    timer.tick();
    assertEquals(serial("server-rsa.pem"), serialShown());
  }

  private void assertOldStaysInUse(String why) {
    timer.tick();
    timer.tick();
    assertEquals(1, log.size(), log::toString);
    String line = log.get(0);
    assertTrue(line.startsWith("WARNING the server's TLS files cannot be used: "), line);
    assertTrue(line.contains(why), line);
    assertTrue(line.endsWith("; those of before stay in use"), line);
    assertEquals(1, line.lines().count(), line);
    assertEquals(serial("server.pem"), serialShown());
  }

  @Test
  void aPairThatDoesNotFitIsNotUsedUntilItDoes() throws Exception {
    startServer(null);
    put("tls.crt", "server-rsa.pem");
    assertOldStaysInUse(path("tls.key") + ": is not the key of the certificate in");
    put("tls.key", "server-rsa.key");
    timer.tick();
    assertEquals(serial("server-rsa.pem"), serialShown());
  }

  @Test
  void aKeyOfTheSameKindThatDoesNotFitIsNotUsed() throws Exception {
    startServer(null);
    put("tls.key", "client.key");
    assertOldStaysInUse(path("tls.key") + ": is not the key of the certificate in");
  }

  @ParameterizedTest
  @ValueSource(strings = {"tls.crt", "tls.key", "ca.crt"})
  void aFileThatIsHalfWrittenIsNotUsed(String name) throws Exception {
    startServer("ca.pem");
    byte[] whole = Files.readAllBytes(file("server-rsa.pem"));
    for (int length : new int[] {0, 1, 100, whole.length / 2}) {
      Files.write(directory.resolve(name), Arrays.copyOf(whole, length));
      timer.tick();
      String line = log.get(log.size() - 1);
      assertTrue(line.startsWith("WARNING ") && line.contains(path(name) + ": "), line);
    }
    Caller.stream(agent(TlsFiles.agent("client.pem", "client.key")), Samples.EVENTS)
        .send(Samples.event("1"))
        .finish();
    awaitForwarded(1);
  }

  @Test
  void aFileThatIsGoneIsNotUsed() throws Exception {
    startServer(null);
    Files.delete(directory.resolve("tls.crt"));
    assertOldStaysInUse(path("tls.crt") + ": cannot be read");
  }

  @Test
  void anExpiredCertificateIsToldOfAndUsed() throws Exception {
    startServer(null);
    put("tls.crt", "server-expired.pem");
    timer.tick();
    timer.tick();
    String end = TlsFiles.certificate("server-expired.pem").getNotAfter().toInstant().toString();
    assertEquals(
        List.of(
            "WARNING the certificate in "
                + path("tls.crt")
                + " has expired: it was valid until "
                + end),
        log.stream().filter(line -> line.startsWith("WARNING")).toList());
    put("tls.crt", "server.pem");
    timer.tick();
    assertEquals(serial("server.pem"), serialShown());
  }

  // ---- of clients

  private Status.Code codeFor(SslContext tls) {
    return Caller.stream(agent(tls), Samples.EVENTS).send(Samples.event("1")).halfClose().code();
  }

  /** Its TLS session of before would let it in without a look at its certificate. */
  @Test
  void aClientWhoseCaIsNotTrustedAnyMoreDoesNotComeBack() throws Exception {
    startServer("ca.pem");
    SslContext before = TlsFiles.agent("client.pem", "client.key");
    SslContext after = TlsFiles.agent("client-other-ca.pem", "client.key");
    assertEquals(Status.Code.OK, codeFor(before));
    assertEquals(Status.Code.OK, codeFor(before));
    assertEquals(Status.Code.UNAVAILABLE, codeFor(after));
    put("ca.crt", "other-ca.pem");
    timer.tick();
    assertEquals(Status.Code.UNAVAILABLE, codeFor(before));
    assertEquals(Status.Code.OK, codeFor(after));
    awaitForwarded(3);
  }

  // ---- to the nodes

  private void startClient(String nodeCertificate, String ca) throws IOException {
    oap =
        new ScriptedNode(
            builder -> builder.sslContext(TlsFiles.node(nodeCertificate, ClientAuth.REQUIRE)));
    client =
        new ClientConfig(
            new ClientTlsConfig(
                put("ca.crt", ca),
                put("tls.crt", "client.pem"),
                put("tls.key", "client.key"),
                false),
            "",
            Duration.ofMillis(200),
            Duration.ofSeconds(5),
            LONG);
    start(Set.of(oap.place()), EVENT);
  }

  private GrpcConnection connection() {
    return router.upstreams().values().iterator().next().connection();
  }

  @Test
  void aNodeSeesTheNewCertificateAfterAReconnectAndOpenStreamsLiveOn() throws Exception {
    startClient("server.pem", "ca.pem");
    awaitUp(1);
    ManagedChannel agent = client();
    Caller caller = Caller.open(agent, MethodType.BIDI_STREAMING, CONVERSATION).send("before");
    ScriptedNode.Taken conversation = oap.next();
    assertEquals("before", conversation.readText());
    assertEquals(serial("client.pem"), shownBy(conversation.call.getAttributes()));

    put("tls.crt", "client-new.pem");
    put("tls.key", "client-new.key");
    timer.tick();
    // As when the node asks for another connection: what is open stays on the old one.
    connection().channel().enterIdle();
    Caller.stream(agent, Samples.EVENTS).send(Samples.event("1")).finish();
    ScriptedNode.Taken event = oap.next();
    event.read();
    event.awaitHalfClose();
    assertEquals(serial("client-new.pem"), shownBy(event.call.getAttributes()));
    event.accept();
    awaitForwarded(1);

    caller.send("after").halfClose();
    assertEquals("after", conversation.readText());
    conversation.awaitHalfClose();
    conversation.accept();
    caller.assertAccepted();
  }

  @Test
  void aNodeOfANewCaIsSpokenToOnceTheCaIsKnown() throws Exception {
    startClient("server-other-ca.pem", "ca.pem");
    await("it is down", () -> connection().state() == Connection.State.DOWN);
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).finish();
    put("ca.crt", "other-ca.pem");
    timer.tick();
    ScriptedNode.Taken event = oap.next();
    event.read();
    event.awaitHalfClose();
    event.accept();
    awaitForwarded(1);
    assertFalse(log.isEmpty());
    assertTrue(log.get(0).startsWith("INFO the client's TLS files are renewed: ["), log.get(0));
  }

  @Test
  void aBrokenOwnCertificateLeavesTheOldOneInUse() throws Exception {
    startClient("server.pem", "ca.pem");
    awaitUp(1);
    put("tls.crt", "client-new.pem");
    timer.tick();
    connection().channel().enterIdle();
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).finish();
    ScriptedNode.Taken event = oap.next();
    assertEquals(serial("client.pem"), shownBy(event.call.getAttributes()));
    event.read();
    event.awaitHalfClose();
    event.accept();
    awaitForwarded(1);
    assertTrue(log.get(0).contains("the client's TLS files cannot be used"), log.toString());
  }
}
