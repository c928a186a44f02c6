package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLSocket;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * Nothing in the open: agents reach Satellite over mutual TLS and with a token, and Satellite an
 * OAP in the same way, which asks for another token.
 */
@Order(8)
class SecurityTest {

  private static final Path CERTIFICATES =
      SatelliteProcess.ROOT.resolve("pipes/src/test/resources/tls");

  /** What Satellite shows to agents; exchanged while it runs. */
  private static final Path CERTIFICATE = ChildProcess.TARGET.resolve("security/tls.crt");

  private static final Path KEY = ChildProcess.TARGET.resolve("security/tls.key");
  private static final String AGENTS_TOKEN = "token-of-agents";
  private static final String OAPS_TOKEN = "token-of-oap";

  private static RealOap oap;
  private static SatelliteProcess satellite;

  @BeforeAll
  static void start() throws IOException {
    Files.createDirectories(CERTIFICATE.getParent());
    put("server.pem", CERTIFICATE);
    put("server.key", KEY);
    oap =
        RealOap.start(
            "oap-guarded",
            "127.0.0.1",
            ChildProcess.freePort(),
            Map.of(
                "SW_AUTHENTICATION", OAPS_TOKEN,
                "SW_CORE_GRPC_SSL_ENABLED", "true",
                "SW_CORE_GRPC_SSL_CERT_CHAIN_PATH", file("server.pem").toString(),
                "SW_CORE_GRPC_SSL_KEY_PATH", file("server.key").toString(),
                "SW_CORE_GRPC_SSL_TRUSTED_CA_PATH", file("ca.pem").toString()));
    satellite =
        SatelliteProcess.inFrontOf(
            "satellite-guarded",
            Map.ofEntries(
                Map.entry("SATELLITE_GRPC_TLS_CERT_FILE", CERTIFICATE.toString()),
                Map.entry("SATELLITE_GRPC_TLS_KEY_FILE", KEY.toString()),
                Map.entry("SATELLITE_GRPC_TLS_CLIENT_CA_FILE", file("ca.pem").toString()),
                Map.entry("SATELLITE_GRPC_SERVER_AUTHENTICATION", AGENTS_TOKEN),
                Map.entry("SATELLITE_GRPC_ENABLE_TLS", "true"),
                Map.entry("SATELLITE_grpc_CA_PEM_PATH", file("ca.pem").toString()),
                Map.entry("SATELLITE_GRPC_CLIENT_PEM_PATH", file("client.pem").toString()),
                Map.entry("SATELLITE_GRPC_CLIENT_KEY_PATH", file("client.key").toString()),
                Map.entry("SATELLITE_GRPC_AUTHENTICATION", OAPS_TOKEN)),
            oap);
    oap.awaitReady();
    // It began before OAP listened, and tries again within a check period; calls do not wait.
    Eventually.equal(1L, "nodes up", () -> satellite.metrics().sum("satellite_nodes_up"));
  }

  @AfterAll
  static void stop() {
    if (satellite != null) {
      satellite.close();
    }
    if (oap != null) {
      oap.close();
    }
  }

  private static Path file(String name) {
    return CERTIFICATES.resolve(name);
  }

  /** As a whole, so that nobody reads half of it. */
  private static void put(String name, Path place) throws IOException {
    Path whole = Files.copy(file(name), place.resolveSibling("new"));
    Files.move(whole, place, StandardCopyOption.ATOMIC_MOVE);
  }

  private static SslContextBuilder trusting() {
    return SslContextBuilder.forClient()
        .sslProvider(SslProvider.JDK)
        .trustManager(file("ca.pem").toFile());
  }

  private static ManagedChannel channel(String address, String certificate, String token)
      throws IOException {
    SslContextBuilder tls = GrpcSslContexts.configure(trusting(), SslProvider.JDK);
    if (certificate != null) {
      tls.keyManager(file(certificate).toFile(), file("client.key").toFile());
    }
    Metadata headers = new Metadata();
    if (token != null) {
      headers.put(Metadata.Key.of("authentication", Metadata.ASCII_STRING_MARSHALLER), token);
    }
    return NettyChannelBuilder.forTarget(address)
        .sslContext(tls.build())
        .intercept(MetadataUtils.newAttachHeadersInterceptor(headers))
        .build();
  }

  private static SampleSender feed(String address, String certificate, String token)
      throws IOException {
    return new SampleSender(channel(address, certificate, token));
  }

  private static Status.Code refusal(String address, String certificate, String token)
      throws IOException {
    try (SampleSender feed = feed(address, certificate, token)) {
      return assertThrows(StatusRuntimeException.class, () -> feed.segmentsInSync("uninvited", 1))
          .getStatus()
          .getCode();
    }
  }

  @Test
  void theOapRefusesWhoHasNotItsToken() throws Exception {
    for (String token : new String[] {null, AGENTS_TOKEN}) {
      assertEquals(Status.Code.PERMISSION_DENIED, refusal(oap.address(), "client.pem", token));
    }
  }

  @Test
  void satelliteGetsThroughOnUnaryCallsOnStreamsAndWhatItPassesThrough() throws Exception {
    try (SampleSender feed = feed(satellite.address(), "client.pem", AGENTS_TOKEN)) {
      // Unary upstream, a stream upstream, and passed through.
      List<String> segments = feed.segments("guarded", 3);
      feed.logs("guarded", List.of("a", "b"));
      assertEquals(1, feed.configuration("guarded").getCommandsCount());
      exactly(segments, "segments", () -> oap.segmentIds("guarded"));
      exactly(
          List.of("a", "b"), "logs", () -> oap.strings("content", GraphqlQueries.logs("guarded")));
    }
  }

  @Test
  void satelliteRefusesWhoHasNotItsTokenOrNoCertificate() throws Exception {
    long denied = satellite.metrics().sum("satellite_denied_calls_total");
    String address = satellite.address();
    assertEquals(Status.Code.PERMISSION_DENIED, refusal(address, "client.pem", null));
    assertEquals(Status.Code.PERMISSION_DENIED, refusal(address, "client.pem", OAPS_TOKEN));
    assertEquals(denied + 2, satellite.metrics().sum("satellite_denied_calls_total"));
    assertEquals(Status.Code.UNAVAILABLE, refusal(address, null, AGENTS_TOKEN));
    assertEquals(Status.Code.UNAVAILABLE, refusal(address, "client-other-ca.pem", AGENTS_TOKEN));
    assertEquals(List.of(), oap.segmentIds("uninvited"));
  }

  @Test
  void aProbeNeedsTheCertificateButNoToken() throws Exception {
    ManagedChannel channel = channel(satellite.address(), "client.pem", null);
    try {
      var health = HealthGrpc.newBlockingStub(channel);
      assertEquals(
          ServingStatus.SERVING, health.check(HealthCheckRequest.getDefaultInstance()).getStatus());
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void aNewCertificateIsShownWhileItRunsAndNothingIsLost() throws Exception {
    List<String> ids = new ArrayList<>();
    try (SampleSender feed = feed(satellite.address(), "client.pem", AGENTS_TOKEN)) {
      assertEquals(serial(file("server.pem")), serialShown());
      ClientStream<SegmentObject> stream = feed.segmentStream();
      put("server-rsa.pem", CERTIFICATE);
      put("server-rsa.key", KEY);
      equal(
          serial(file("server-rsa.pem")),
          "the serial that Satellite shows",
          () -> {
            ids.add(send(stream));
            return serialShown();
          });
      ids.add(send(stream));
      stream.end();
      exactly(ids, "segments", () -> oap.segmentIds("renewed"));
    }
    String log = String.join("\n", satellite.output());
    assertTrue(log.contains("the server's TLS files are renewed"), log);
    assertFalse(log.contains(AGENTS_TOKEN) || log.contains(OAPS_TOKEN), "a token is in the log");
  }

  private static String send(ClientStream<SegmentObject> stream) {
    String id = Samples.id();
    stream.send(Samples.segment("renewed", id));
    return id;
  }

  private static BigInteger serial(Path file) throws Exception {
    try (InputStream pem = Files.newInputStream(file)) {
      var certificate = CertificateFactory.getInstance("X.509").generateCertificate(pem);
      return ((X509Certificate) certificate).getSerialNumber();
    }
  }

  /** To whoever connects now. */
  private static BigInteger serialShown() throws Exception {
    String[] address = satellite.address().split(":");
    var context = ((JdkSslContext) trusting().build()).context();
    try (var socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(address[0], Integer.parseInt(address[1]))) {
      socket.startHandshake();
      return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
    }
  }
}
