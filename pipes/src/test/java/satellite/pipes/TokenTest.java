package satellite.pipes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import satellite.pipes.grpc.ClientConfig;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.protocol.ClientTraffic;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocol.Kind;
import satellite.pipes.protocol.Protocol.Mode;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.pipes.server.ServerConfig;
import satellite.pipes.transport.AcceptLimitConfig;
import satellite.pipes.transport.AccessToken;
import satellite.standin.StandInOap;

/** The token: asked for on the way in, and sent on the way out, by every method there is. */
class TokenTest extends FlowFixture {

  private static final Metadata.Key<String> KEY =
      Metadata.Key.of("authentication", Metadata.ASCII_STRING_MARSHALLER);

  private static final String UNKNOWN = "/some.company.Service/method";
  private static final String INTERNAL = Protocols.OAP_INTERNAL + "call";

  private static final Map<Kind, MethodType> TYPES =
      Map.of(
          Kind.UNARY, MethodType.UNARY,
          Kind.CLIENT_STREAM, MethodType.CLIENT_STREAMING,
          Kind.BIDI, MethodType.BIDI_STREAMING);

  private StandInOap oap;

  /** Satellite with all pipes, in front of one node. */
  private void start(String tokenAskedFor, String tokenSent) {
    server =
        new ServerConfig(
            "127.0.0.1",
            0,
            null,
            AccessToken.of(tokenAskedFor),
            2 << 20,
            1000,
            2,
            AcceptLimitConfig.of(1000),
            ServerConfig.Ages.UNLIMITED,
            ServerConfig.Quotas.NONE);
    client =
        new ClientConfig(
            null, tokenSent, client.checkPeriod(), client.unaryTimeout(), client.streamTimeout());
    oap = node();
    start(ReceiverPlugin.values());
    awaitUp(1);
  }

  /** All methods of the table, and those without a row. */
  private static List<String> methods() {
    return Stream.concat(
            Protocols.TABLE.stream().map(Protocol::method), Stream.of(UNKNOWN, INTERNAL))
        .toList();
  }

  private static Caller open(ManagedChannel agent, String method, String token) {
    Protocol row = Protocols.of(method);
    MethodType type = row == null ? MethodType.UNARY : TYPES.get(row.kind());
    Metadata headers = new Metadata();
    if (token != null) {
      headers.put(KEY, token);
    }
    return Caller.open(agent, type, method, headers, CallOptions.DEFAULT);
  }

  private static Caller send(ManagedChannel agent, String method, String token, byte[] message) {
    return open(agent, method, token).send(message).halfClose();
  }

  // ---- in

  private void assertDenied(Caller caller, String method, String why) {
    assertEquals(Status.Code.PERMISSION_DENIED, caller.code(), method);
    String description = caller.status().getDescription();
    assertTrue(description.contains(why), method + ": " + description);
    assertFalse(description.contains("secret"), description);
    assertTrue(caller.answers.isEmpty(), method);
  }

  private void assertNothingCameIn() {
    assertEquals(Map.of(), oap.counts());
    assertEquals(0, passThrough.calls());
    for (Pipe pipe : pipes) {
      assertEquals(0, pipe.account().received(), pipe.config().name());
      assertEquals(0, pipe.account().refused(), pipe.config().name());
      assertEquals(0, pipe.openStreams(), pipe.config().name());
    }
  }

  @Test
  void noMethodIsServedWithoutTheToken() {
    start("secret", "");
    ManagedChannel agent = client();
    for (String method : methods()) {
      assertDenied(send(agent, method, null, new byte[0]), method, "\"authentication\" is missing");
    }
    assertNothingCameIn();
    assertEquals(methods().size(), satellite.deniedCalls());
  }

  @Test
  void noMethodIsServedWithAnotherToken() {
    start("secret", "");
    ManagedChannel agent = client();
    List<String> wrong =
        List.of("", "Secret", "secre", "secret2", "Bearer secret", "x".repeat(5000));
    for (String method : methods()) {
      for (String token : wrong) {
        assertDenied(send(agent, method, token, new byte[0]), method, "is not the one");
      }
    }
    assertNothingCameIn();
    assertEquals(methods().size() * wrong.size(), satellite.deniedCalls());
  }

  @Test
  void noMessageIsWaitedFor() {
    start("secret", "");
    ManagedChannel agent = client();
    Metadata wrong = new Metadata();
    wrong.put(KEY, "wrong");
    for (String method : methods()) {
      // A client that may send one message only sends nothing before it has that.
      MethodType any = MethodType.BIDI_STREAMING;
      Caller caller = Caller.open(agent, any, method, wrong, CallOptions.DEFAULT);
      assertDenied(caller, method, "is not the one");
    }
    assertNothingCameIn();
  }

  @Test
  void everyMethodIsServedWithTheToken() {
    start("secret", "");
    ManagedChannel agent = client();
    sendSamples(agent, "secret");
    Caller unknown = send(agent, UNKNOWN, "secret", new byte[0]);
    assertEquals(Status.Code.OK, unknown.code());
    assertEquals(0, satellite.deniedCalls());
    awaitSettled();
    assertEquals(expectedAtNode(), new TreeSet<>(oap.counts().keySet()));
  }

  @Test
  void oapsInternalMethodsStayClosedWithTheToken() {
    start("secret", "");
    Caller caller = send(client(), INTERNAL, "secret", new byte[0]);
    assertEquals(Status.Code.PERMISSION_DENIED, caller.code());
    assertTrue(caller.status().getDescription().startsWith("RemoteService"));
    assertEquals(0, satellite.deniedCalls());
  }

  @Test
  void probesNeedNoToken() {
    start("secret", "");
    var health = HealthGrpc.newBlockingStub(client());
    assertEquals(
        ServingStatus.SERVING, health.check(HealthCheckRequest.getDefaultInstance()).getStatus());
    assertEquals(0, satellite.deniedCalls());
  }

  @Test
  void aConnectionOutlivesItsDeniedCalls() {
    start("secret", "");
    ManagedChannel agent = client();
    assertDenied(open(agent, Samples.EVENTS, null), Samples.EVENTS, "is missing");
    Caller admitted = open(agent, Samples.EVENTS, "secret").send(Samples.event("1"));
    assertDenied(open(agent, Samples.EVENTS, "wrong"), Samples.EVENTS, "is not the one");
    admitted.send(Samples.event("2")).finish();
    await("both arrive", () -> pipe(ReceiverPlugin.EVENT).account().forwarded() == 2);
    assertEquals(1, satellite.connections());
  }

  // ---- out

  /** Some of what clients send, for each row. */
  private static void sendSamples(ManagedChannel agent, String token) {
    for (Protocol row : Protocols.TABLE) {
      for (int seed = 0; seed < 8; seed++) {
        List<Message> messages = new ClientTraffic(new Random(seed)).stream(row.method());
        if (row.kind() == Kind.UNARY) {
          Caller call = send(agent, row.method(), token, messages.get(0).toByteArray());
          assertEquals(Status.Code.OK, call.code(), row.method());
        } else {
          Caller call = open(agent, row.method(), token);
          messages.forEach(message -> call.send(message.toByteArray()));
          assertEquals(Status.Code.OK, call.halfClose().code(), row.method());
        }
      }
    }
  }

  /** What they become upstream. */
  private static Set<String> expectedAtNode() {
    return Stream.concat(
            Stream.of(UNKNOWN),
            Protocols.TABLE.stream()
                .map(row -> row.forwarding() == null ? row.method() : row.forwarding().target()))
        .map(method -> method.substring(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Tokens of the calls that came to the node, by method. */
  private Map<String, Set<List<String>>> tokensAtNode() {
    return taken(oap).stream()
        .map(Taken::call)
        .collect(
            Collectors.groupingBy(
                StandInOap.Call::method,
                Collectors.mapping(call -> tokens(call.headers()), Collectors.toSet())));
  }

  private static List<String> tokens(Metadata headers) {
    List<String> tokens = new ArrayList<>();
    Iterable<String> all = headers.getAll(KEY);
    if (all != null) {
      all.forEach(tokens::add);
    }
    return tokens;
  }

  @Test
  void everyCallToANodeCarriesTheTokenAndOnlyThat() {
    start("in", "out");
    ManagedChannel agent = client();
    sendSamples(agent, "in");
    assertEquals(Status.Code.OK, send(agent, UNKNOWN, "in", new byte[0]).code());
    awaitSettled();
    var tokens = tokensAtNode();
    assertEquals(expectedAtNode(), new TreeSet<>(tokens.keySet()));
    tokens.forEach((method, sent) -> assertEquals(Set.of(List.of("out")), sent, method));
  }

  @Test
  void withoutOneOfItsOwnTheClientsPassesThroughAndQueuedCallsHaveNone() {
    start("in", "");
    ManagedChannel agent = client();
    sendSamples(agent, "in");
    awaitSettled();
    var tokens = tokensAtNode();
    for (Protocol row : Protocols.TABLE) {
      if (row.mode() == Mode.ASYNCHRONOUS) {
        String target = row.forwarding().target().substring(1);
        assertEquals(Set.of(List.of()), tokens.get(target), target);
      } else {
        assertEquals(Set.of(List.of("in")), tokens.get(row.method().substring(1)), row.method());
      }
    }
  }
}
