package satellite.pipes.grpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.ScriptedNode;
import satellite.routing.Connection;

/**
 * Calls that are handed to a node one to one: what either side says reaches the other unchanged.
 */
class PassThroughTest extends FlowFixture {

  private static final String COMMANDS = "/skywalking.v3.ProfileTask/getProfileTaskCommands";
  private static final String ASYNC_PROFILER = "/skywalking.v10.AsyncProfilerTask/collect";
  private static final String GO_PROFILE = "/skywalking.v3.ProfileTask/goProfileReport";
  private static final String UNKNOWN = "/some.company.Service/method";

  private static final Metadata.Key<String> ASCII =
      Metadata.Key.of("x-tag", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<byte[]> BINARY =
      Metadata.Key.of("x-tag-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final Metadata.Key<String> TOKEN =
      Metadata.Key.of("authentication", Metadata.ASCII_STRING_MARSHALLER);

  private final ScriptedNode oap = new ScriptedNode();

  private ManagedChannel agent;

  @AfterEach
  void stopNode() {
    oap.close();
  }

  private void start() {
    start(Set.of(oap.place()), EVENT);
    awaitUp(1);
    agent = client();
  }

  private static Metadata tags() {
    Metadata tags = new Metadata();
    tags.put(ASCII, "one");
    tags.put(ASCII, "two, with a comma");
    tags.put(BINARY, new byte[] {0, 1, -1});
    tags.put(BINARY, new byte[] {});
    return tags;
  }

  private static void assertTags(Metadata seen) {
    List<String> texts = new ArrayList<>();
    seen.getAll(ASCII).forEach(texts::add);
    assertEquals(List.of("one", "two, with a comma"), texts);
    List<byte[]> bytes = new ArrayList<>();
    seen.getAll(BINARY).forEach(bytes::add);
    assertEquals(2, bytes.size());
    assertArrayEquals(new byte[] {0, 1, -1}, bytes.get(0));
    assertArrayEquals(new byte[] {}, bytes.get(1));
  }

  @ParameterizedTest
  @ValueSource(strings = {COMMANDS, GO_PROFILE, ASYNC_PROFILER, UNKNOWN})
  void messagesAnswersMetadataAndTrailersOfEachKindArriveUnchanged(String method) {
    start();
    Caller caller =
        Caller.open(agent, MethodType.BIDI_STREAMING, method, tags(), CallOptions.DEFAULT);
    caller.send("question").halfClose();
    ScriptedNode.Taken taken = oap.next();
    assertEquals(method.substring(1), taken.method());
    assertTags(taken.headers);
    assertEquals("question", taken.readText());
    taken.awaitHalfClose();
    taken.answerHeaders(tags()).answer("answer");
    taken.call.close(Status.OK.withDescription("fine"), tags());
    assertEquals(Status.Code.OK, caller.code());
    assertEquals(List.of("answer"), caller.texts());
    assertTags(caller.headers());
    assertTags(caller.trailers());
  }

  @ParameterizedTest
  @EnumSource(Status.Code.class)
  void aStatusComesBackAsTheNodeGaveIt(Status.Code code) {
    start();
    Caller caller = Caller.unary(agent, COMMANDS, new byte[] {1});
    ScriptedNode.Taken taken = oap.next();
    taken.read();
    taken.awaitHalfClose();
    if (code == Status.Code.OK) {
      taken.answerHeaders(new Metadata()).answer("");
    }
    taken.call.close(status(code, "because of % and ü"), tags());
    assertEquals(code, caller.code());
    if (code != Status.Code.OK) {
      assertEquals("because of % and ü", caller.status().getDescription());
    }
    assertTags(caller.trailers());
  }

  @Test
  void anErrorBeforeAnyMessageComesBack() {
    start();
    Caller caller = Caller.open(agent, MethodType.BIDI_STREAMING, ASYNC_PROFILER);
    oap.next().end(status(Status.Code.UNIMPLEMENTED, "Method not found"));
    assertEquals(Status.Code.UNIMPLEMENTED, caller.code());
    assertEquals("Method not found", caller.status().getDescription());
    assertNull(caller.headers());
  }

  @Test
  void anErrorInTheMiddleComesBackWithTheAnswersBefore() {
    start();
    Caller caller = Caller.open(agent, MethodType.BIDI_STREAMING, ASYNC_PROFILER).send("1");
    ScriptedNode.Taken taken = oap.next();
    taken.read();
    taken.answerHeaders(new Metadata()).answer("a").answer("b");
    taken.end(status(Status.Code.ABORTED, "enough"));
    assertEquals(Status.Code.ABORTED, caller.code());
    assertEquals(List.of("a", "b"), caller.texts());
  }

  @Test
  void theClientsDeadlineReachesTheNode() {
    start();
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(100, TimeUnit.SECONDS);
    Caller caller = Caller.open(agent, MethodType.BIDI_STREAMING, UNKNOWN, new Metadata(), options);
    ScriptedNode.Taken taken = oap.next();
    long left = taken.deadline.timeRemaining(TimeUnit.SECONDS);
    assertTrue(left > 70 && left <= 100, () -> left + " s left");
    taken.end(Status.OK);
    caller.status();
  }

  @Test
  void aUnaryCallWithoutDeadlineGetsOursAndAStreamNone() {
    start();
    Caller unary = Caller.unary(agent, COMMANDS, new byte[0]);
    ScriptedNode.Taken taken = oap.next();
    assertTrue(taken.deadline.timeRemaining(TimeUnit.SECONDS) <= 5);
    taken.accept();
    unary.status();
    Caller stream = Caller.stream(agent, GO_PROFILE);
    taken = oap.next();
    assertNull(taken.deadline);
    taken.accept();
    stream.status();
  }

  @Test
  void aDeadlineThatPassesEndsBothSides() {
    start();
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(300, TimeUnit.MILLISECONDS);
    Caller caller = Caller.open(agent, MethodType.BIDI_STREAMING, UNKNOWN, new Metadata(), options);
    ScriptedNode.Taken taken = oap.next();
    assertEquals(Status.Code.DEADLINE_EXCEEDED, caller.code());
    taken.awaitCancel();
  }

  @Test
  void aHungNodeEndsAUnaryCallByOurTimeout() {
    client = new ClientConfig(null, "", Duration.ofSeconds(5), Duration.ofMillis(200), LONG);
    start();
    Caller caller = Caller.unary(agent, COMMANDS, new byte[0]);
    assertEquals(Status.Code.DEADLINE_EXCEEDED, caller.code());
    oap.next().awaitCancel();
  }

  @Test
  void aCancelledCallIsCancelledAtTheNode() {
    start();
    Caller caller = Caller.open(agent, MethodType.BIDI_STREAMING, ASYNC_PROFILER).send("1");
    ScriptedNode.Taken taken = oap.next();
    taken.read();
    caller.call.cancel("no more", null);
    taken.awaitCancel();
  }

  @Test
  void aClientThatDiesIsCancelledAtTheNode() {
    start();
    Caller.open(agent, MethodType.BIDI_STREAMING, ASYNC_PROFILER).send("1");
    ScriptedNode.Taken taken = oap.next();
    taken.read();
    agent.shutdownNow();
    taken.awaitCancel();
  }

  @Test
  void aNodeThatDiesEndsTheCall() {
    start();
    Caller caller = Caller.open(agent, MethodType.BIDI_STREAMING, ASYNC_PROFILER).send("1");
    oap.next().read();
    oap.close();
    // What HTTP/2 makes of a server that cuts its calls off.
    assertTrue(
        Set.of(Status.Code.UNAVAILABLE, Status.Code.CANCELLED).contains(caller.code()),
        () -> caller.status().toString());
  }

  /** The node says yes to the first message, and only then the agent uploads. */
  @Test
  void theConversationOfTheAsyncProfilerKeepsItsOrder() {
    start();
    Caller caller = Caller.open(agent, MethodType.BIDI_STREAMING, ASYNC_PROFILER);
    caller.send("metadata");
    ScriptedNode.Taken taken = oap.next();
    assertEquals("metadata", taken.readText());
    taken.answerHeaders(new Metadata()).answer("go on");
    await("the answer is there", () -> caller.texts().equals(List.of("go on")));
    byte[] chunk = new byte[1 << 20];
    for (int i = 0; i < 5; i++) {
      Arrays.fill(chunk, (byte) i);
      caller.send(chunk.clone());
    }
    caller.halfClose();
    for (int i = 0; i < 5; i++) {
      byte[] seen = taken.read();
      assertEquals(1 << 20, seen.length);
      assertEquals(i, seen[seen.length - 1]);
    }
    taken.awaitHalfClose();
    taken.end(Status.OK);
    assertEquals(Status.Code.OK, caller.code());
    assertEquals(1, caller.answers.size());
  }

  @Test
  void aConversationMayEndWithoutAnyAnswer() {
    start();
    Caller caller = Caller.open(agent, MethodType.BIDI_STREAMING, ASYNC_PROFILER);
    caller.send("a task that failed").halfClose();
    ScriptedNode.Taken taken = oap.next();
    taken.read();
    taken.awaitHalfClose();
    assertFalse(caller.isOver());
    taken.end(Status.OK);
    assertEquals(Status.Code.OK, caller.code());
    assertEquals(List.of(), caller.answers);
  }

  @Test
  void theServerMayStream() {
    start();
    Caller caller = Caller.open(agent, MethodType.SERVER_STREAMING, UNKNOWN).send("q").halfClose();
    ScriptedNode.Taken taken = oap.next();
    taken.read();
    taken.awaitHalfClose();
    taken.answerHeaders(new Metadata()).answer("1").answer("2").answer("3");
    taken.end(Status.OK);
    assertEquals(Status.Code.OK, caller.code());
    assertEquals(List.of("1", "2", "3"), caller.texts());
  }

  @Test
  void largeMessagesPassBothWays() {
    start();
    byte[] request = new byte[(2 << 20) - 100];
    byte[] response = new byte[20 << 20];
    Arrays.fill(request, (byte) 7);
    Arrays.fill(response, (byte) 9);
    Caller caller = Caller.unary(agent, UNKNOWN, request);
    ScriptedNode.Taken taken = oap.next();
    assertArrayEquals(request, taken.read());
    taken.awaitHalfClose();
    taken.answerHeaders(new Metadata()).answer(response).end(Status.OK);
    assertEquals(Status.Code.OK, caller.code());
    assertArrayEquals(response, caller.answers.get(0));
  }

  @Test
  void aNodeThatDoesNotReadBoundsWhatTheClientSends() {
    start();
    Caller caller = Caller.open(agent, MethodType.BIDI_STREAMING, UNKNOWN);
    ScriptedNode.Taken taken = oap.next();
    byte[] chunk = new byte[10_000];
    int sent = untilNotReady(() -> caller.sendWhileReady(chunk, 100));
    assertTrue(sent * 10_000L < 8 << 20, sent + " chunks of 10 kB went out");
    taken.call.request(sent + 1);
    caller.halfClose();
    taken.awaitHalfClose();
    taken.end(Status.OK);
    assertEquals(Status.Code.OK, caller.code());
  }

  @Test
  void aClientThatDoesNotReadBoundsWhatTheNodeSends() {
    start();
    Caller caller = Caller.open(agent, MethodType.BIDI_STREAMING, UNKNOWN).readNoMore();
    ScriptedNode.Taken taken = oap.next();
    taken.answerHeaders(new Metadata());
    byte[] chunk = new byte[10_000];
    int sent =
        untilNotReady(
            () -> {
              int some = 0;
              for (; some < 100 && taken.call.isReady(); some++) {
                taken.answer(chunk);
              }
              return some;
            });
    assertTrue(sent * 10_000L < 8 << 20, sent + " chunks of 10 kB went out");
    // Others are not held up by it, although they share the connection to the node.
    Caller other = Caller.unary(client(), COMMANDS, new byte[0]);
    ScriptedNode.Taken second = oap.next();
    second.awaitHalfClose();
    second.answerHeaders(new Metadata()).answer("commands").end(Status.OK);
    assertEquals(Status.Code.OK, other.code());
    caller.readOn();
    taken.end(Status.OK);
    assertEquals(Status.Code.OK, caller.code());
    assertEquals(sent, caller.answers.size());
  }

  private interface Some {
    int send();
  }

  /** Sends until nothing more is let out for a while. */
  private int untilNotReady(Some some) {
    int sent = 0;
    long last = System.nanoTime();
    while (System.nanoTime() - last < 300_000_000L && sent < 5000) {
      int now = some.send();
      if (now > 0) {
        sent += now;
        last = System.nanoTime();
      }
      Thread.onSpinWait();
    }
    return sent;
  }

  @Test
  void ourTokenReplacesTheClients() {
    client =
        new ClientConfig(
            null, "ours", Duration.ofMillis(200), Duration.ofSeconds(5), Duration.ofSeconds(20));
    start();
    assertEquals(List.of("ours"), tokensAtTheNode("theirs"));
    assertEquals(List.of("ours"), tokensAtTheNode(null));
  }

  @Test
  void theClientsTokenIsKeptWhereWeHaveNone() {
    start();
    assertEquals(List.of("theirs"), tokensAtTheNode("theirs"));
    assertEquals(List.of(), tokensAtTheNode(null));
  }

  private List<String> tokensAtTheNode(String sent) {
    Metadata headers = new Metadata();
    if (sent != null) {
      headers.put(TOKEN, sent);
    }
    Caller caller =
        Caller.open(agent, MethodType.UNARY, COMMANDS, headers, CallOptions.DEFAULT)
            .send("")
            .halfClose();
    ScriptedNode.Taken taken = oap.next();
    taken.accept();
    caller.status();
    List<String> tokens = new ArrayList<>();
    Iterable<String> seen = taken.headers.getAll(TOKEN);
    if (seen != null) {
      seen.forEach(tokens::add);
    }
    return tokens;
  }

  @Test
  void withoutANodeACallIsRefusedAtOnce() {
    deadNode();
    start(EVENT);
    await(
        "the node is known to be down",
        () -> router.upstreams().values().iterator().next().state() == Connection.State.DOWN);
    Caller caller = Caller.unary(client(), COMMANDS, new byte[0]);
    assertEquals(Status.Code.UNAVAILABLE, caller.code());
    assertTrue(caller.status().getDescription().contains("no OAP node is up"));
    assertEquals(1, passThrough.failures());
  }

  @Test
  void whatIsOapsOwnIsDenied() {
    start();
    for (String method : List.of("/RemoteService/call", "/RemoteService/syncStatus")) {
      Caller caller = Caller.stream(agent, method);
      assertEquals(Status.Code.PERMISSION_DENIED, caller.code());
      assertTrue(caller.status().getDescription().contains("RemoteService"));
    }
    assertFalse(oap.hasCalls());
  }

  @Test
  void callsGoRoundTheNodes() {
    node();
    node();
    start(EVENT);
    awaitUp(2);
    ManagedChannel channel = client();
    for (int i = 0; i < 10; i++) {
      Caller.unary(channel, COMMANDS, new byte[0]).assertAccepted();
    }
    Set<Long> calls = new HashSet<>();
    nodes.forEach(node -> calls.add(node.count(COMMANDS.substring(1)).calls()));
    assertEquals(Set.of(5L), calls);
    assertEquals(10, passThrough.calls());
    assertEquals(0, passThrough.failures());
  }

  @Test
  void aMethodWithoutItsPipeIsPassedThrough() {
    start();
    Caller caller = Caller.stream(agent, Samples.SEGMENTS).send("segment").halfClose();
    ScriptedNode.Taken taken = oap.next();
    assertEquals(Samples.SEGMENTS.substring(1), taken.method());
    assertEquals("segment", taken.readText());
    taken.end(status(Status.Code.INVALID_ARGUMENT, "no"));
    assertEquals(Status.Code.INVALID_ARGUMENT, caller.code());
  }
}
