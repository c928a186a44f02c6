package satellite.standin;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class StandInOapTest {

  private static final String METHOD = "some.Service/collect";
  private static final String OTHER = "some.Service/other";
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Metadata.Key<String> TOKEN =
      Metadata.Key.of("authentication", Metadata.ASCII_STRING_MARSHALLER);

  private final StandInOap oap = new StandInOap();
  private ManagedChannel channel;

  @BeforeEach
  void connect() {
    oap.start(0);
    channel =
        NettyChannelBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), oap.port()))
            .usePlaintext()
            .directExecutor()
            .build();
  }

  @AfterEach
  void disconnect() throws Exception {
    channel.shutdownNow();
    assertTrue(channel.awaitTermination(60, TimeUnit.SECONDS));
    oap.close();
    assertEquals(0, oap.openCalls());
  }

  @ParameterizedTest
  @EnumSource(
      value = MethodType.class,
      names = {"UNARY", "CLIENT_STREAMING", "SERVER_STREAMING", "BIDI_STREAMING"})
  void answersOneEmptyMessageToEveryKindOfCall(MethodType type) throws Exception {
    Caller caller = new Caller(type, METHOD);
    caller.send("a");
    caller.call.halfClose();
    assertEquals(Status.Code.OK, caller.end().getCode());
    assertEquals(List.of(""), caller.answers());
  }

  @Test
  void countsCallsMessagesAndBytesOfEachMethod() throws Exception {
    caller(METHOD).send("abc", "de").finish();
    caller(METHOD).send("f").finish();
    caller(OTHER).finish();
    assertEquals(new StandInOap.Count(2, 3, 6), oap.count(METHOD));
    assertEquals(new StandInOap.Count(1, 0, 0), oap.count(OTHER));
    assertEquals(new StandInOap.Count(0, 0, 0), oap.count("some.Service/never"));
    assertEquals(2, oap.counts().size());
    assertEquals(3, oap.messages());
  }

  @Test
  void showsEachMessage() throws Exception {
    List<String> seen = new CopyOnWriteArrayList<>();
    oap.onMessage((method, message) -> seen.add(method + " " + new String(message)));
    caller(METHOD).send("a", "b").finish();
    assertEquals(List.of(METHOD + " a", METHOD + " b"), seen);
  }

  @Test
  void tellsTheStreamAndTheHeadersOfEachMessage() throws Exception {
    List<Object> ids = new CopyOnWriteArrayList<>();
    List<String> life = new CopyOnWriteArrayList<>();
    CompletableFuture<Void> bothEnded = new CompletableFuture<>();
    oap.listen(
        new StandInOap.Listener() {
          @Override
          public void opened(StandInOap.Call call) {
            ids.add(call.id());
            life.add("opened " + call.method() + " " + call.headers().get(TOKEN));
          }

          @Override
          public void message(StandInOap.Call call, int index, byte[] message) {
            life.add(index + " " + new String(message));
          }

          @Override
          public void halfClosed(StandInOap.Call call) {
            life.add("half-closed");
          }

          @Override
          public void ended(StandInOap.Call call) {
            if (ids.size() == 2) {
              bothEnded.complete(null);
            }
          }
        });
    caller(METHOD).send("a", "b").finish();
    caller(METHOD).send("c").finish();
    bothEnded.get(60, TimeUnit.SECONDS);
    assertEquals(
        List.of(
            "opened " + METHOD + " secret",
            "0 a",
            "1 b",
            "half-closed",
            "opened " + METHOD + " secret",
            "0 c",
            "half-closed"),
        life);
    assertNotEquals(ids.get(0), ids.get(1));
  }

  @Test
  void tellsWhenAClientGivesUp() throws Exception {
    CompletableFuture<String> cancelled = new CompletableFuture<>();
    oap.listen(
        new StandInOap.Listener() {
          @Override
          public void cancelled(StandInOap.Call call) {
            cancelled.complete(call.method());
          }
        });
    Caller caller = caller(METHOD).send("a");
    assertTrue(oap.awaitMessages(METHOD, 1, SOON));
    assertEquals(1, oap.openCalls());
    caller.call.cancel("enough", null);
    assertEquals(METHOD, cancelled.get(60, TimeUnit.SECONDS));
    assertEquals(0, oap.openCalls());
  }

  @Test
  void endsACallAfterSoManyMessages() throws Exception {
    oap.endAfter(METHOD, 2, Status.UNAVAILABLE.withDescription("told to"));
    Caller caller = caller(METHOD).send("a", "b", "c");
    assertEquals("told to", caller.end().getDescription());
    assertEquals(2, oap.count(METHOD).messages());
    assertEquals(List.of(), caller.answers());
    assertEquals(Status.Code.OK, caller(OTHER).send("a", "b", "c").finish().getCode());
  }

  @Test
  void refusesACallBeforeItsFirstMessage() throws Exception {
    oap.endAfter(METHOD, 0, Status.UNIMPLEMENTED);
    assertEquals(Status.Code.UNIMPLEMENTED, caller(METHOD).end().getCode());
    assertEquals(new StandInOap.Count(1, 0, 0), oap.count(METHOD));
  }

  @Test
  void judgesMessagesByTheirBytes() throws Exception {
    oap.endWhen(
        (method, message, index) ->
            new String(message).equals("bad")
                ? Status.INVALID_ARGUMENT.withDescription("at " + index)
                : null);
    assertEquals(Status.Code.OK, caller(METHOD).send("good", "good").finish().getCode());
    assertEquals("at 1", caller(METHOD).send("good", "bad").end().getDescription());
    oap.behave();
    assertEquals(Status.Code.OK, caller(METHOD).send("bad").finish().getCode());
  }

  @Test
  void mayEndACallWithOkBeforeTheClientDoes() throws Exception {
    oap.endAfter(METHOD, 1, Status.OK);
    Caller caller = caller(METHOD).send("a");
    assertEquals(Status.Code.OK, caller.end().getCode());
    assertEquals(List.of(""), caller.answers());
  }

  @Test
  void answersMessagesAsTheyComeWhenToldTo() throws Exception {
    oap.answer(
        METHOD, (message, index) -> index == 1 ? null : ("re: " + new String(message)).getBytes());
    Caller caller = new Caller(MethodType.BIDI_STREAMING, METHOD);
    caller.send("a");
    assertEquals("re: a", caller.nextAnswer());
    caller.send("b", "c");
    assertEquals("re: c", caller.nextAnswer());
    assertEquals(Status.Code.OK, caller.finish().getCode());
    assertEquals(List.of(), caller.answers());

    Caller unary = new Caller(MethodType.UNARY, METHOD).send("d");
    assertEquals(Status.Code.OK, unary.finish().getCode());
    assertEquals(List.of("re: d"), unary.answers());
  }

  /** Answers a question mark, and at the end says how often; without any, nothing at all. */
  private static final class Counting implements StandInOap.Part {
    private int questions;

    @Override
    public byte[] hear(byte[] message) {
      return new String(message).equals("?") ? ("" + ++questions).getBytes() : null;
    }

    @Override
    public byte[] end() {
      return questions == 0 ? null : ("of " + questions).getBytes();
    }
  }

  @Test
  void playsAPartOfItsOwnInEachCall() throws Exception {
    oap.play(METHOD, Counting::new);
    Caller one = new Caller(MethodType.BIDI_STREAMING, METHOD).send("?");
    assertEquals("1", one.nextAnswer());
    Caller other = new Caller(MethodType.BIDI_STREAMING, METHOD).send(".", "?");
    assertEquals("1", other.nextAnswer());
    one.send("?");
    assertEquals("2", one.nextAnswer());
    assertEquals(Status.Code.OK, one.finish().getCode());
    assertEquals(List.of("of 2"), one.answers());
    assertEquals(Status.Code.OK, other.finish().getCode());
    assertEquals(List.of("of 1"), other.answers());
  }

  @Test
  void aPartThatSaysNothingIsNotAnsweredForIt() throws Exception {
    oap.play(METHOD, Counting::new);
    Caller caller = new Caller(MethodType.BIDI_STREAMING, METHOD).send(".");
    assertEquals(Status.Code.OK, caller.finish().getCode());
    assertEquals(List.of(), caller.answers());
    oap.behave();
    assertEquals(Status.Code.OK, caller(METHOD).send(".").finish().getCode());
  }

  @Test
  void holdsAnswersUntilReleased() throws Exception {
    oap.answer(METHOD, (message, index) -> message);
    oap.endAfter(OTHER, 1, Status.UNAVAILABLE);
    CompletableFuture<Void> halfClosed = new CompletableFuture<>();
    oap.listen(
        new StandInOap.Listener() {
          @Override
          public void halfClosed(StandInOap.Call call) {
            if (call.method().equals(METHOD)) {
              halfClosed.complete(null);
            }
          }
        });
    oap.hold();
    Caller answered = new Caller(MethodType.BIDI_STREAMING, METHOD).send("a", "b");
    answered.call.halfClose();
    Caller failing = caller(OTHER).send("c");
    halfClosed.get(60, TimeUnit.SECONDS);
    assertTrue(oap.awaitMessages(OTHER, 1, SOON));
    assertFalse(answered.status.isDone());
    assertFalse(failing.status.isDone());
    assertEquals(List.of(), answered.answers());

    oap.release();
    assertEquals(Status.Code.OK, answered.end().getCode());
    assertEquals(List.of("a", "b"), answered.answers());
    assertEquals(Status.Code.UNAVAILABLE, failing.end().getCode());
    assertEquals(0, oap.held());
    assertEquals(Status.Code.OK, caller(METHOD).finish().getCode());
  }

  @Test
  void diesInTheMiddleAndComesBackOnTheSamePort() throws Exception {
    Caller caller = caller(METHOD).send("a");
    assertTrue(oap.awaitMessages(METHOD, 1, SOON));
    int port = oap.port();
    oap.stop();
    // The streams are reset or the connection is: CANCELLED or UNAVAILABLE, as with a real node.
    assertFalse(caller.end().isOk());
    assertEquals(0, oap.openCalls());

    oap.start(port);
    assertEquals(port, oap.port());
    assertEquals(Status.Code.OK, patient(METHOD).send("b").finish().getCode());
    assertEquals(2, oap.count(METHOD).messages());
  }

  @Test
  void stopsTwiceAndStartsOnce() {
    assertThrows(IllegalStateException.class, () -> oap.start(0));
    oap.stop();
    oap.stop();
  }

  @Test
  void takesMessagesUpToTheLimitOfOap() throws Exception {
    Caller large = caller(METHOD);
    large.call.sendMessage(new byte[StandInOap.MAX_MESSAGE_BYTES]);
    assertEquals(Status.Code.OK, large.finish().getCode());
    assertEquals(StandInOap.MAX_MESSAGE_BYTES, oap.count(METHOD).bytes());

    Caller tooLarge = caller(METHOD);
    tooLarge.call.sendMessage(new byte[StandInOap.MAX_MESSAGE_BYTES + 1]);
    assertNotEquals(Status.Code.OK, tooLarge.finish().getCode());
    assertEquals(1, oap.count(METHOD).messages());
  }

  @Test
  void waitingForMessagesEndsInTime() throws Exception {
    assertFalse(oap.awaitMessages(METHOD, 1, Duration.ofMillis(1)));
    assertTrue(oap.awaitMessages(METHOD, 0, Duration.ZERO));
  }

  @Test
  void messagesAreHandedOverUnchanged() throws Exception {
    CompletableFuture<byte[]> seen = new CompletableFuture<>();
    oap.onMessage((method, message) -> seen.complete(message));
    byte[] bytes = new byte[256];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) i;
    }
    Caller caller = caller(METHOD);
    caller.call.sendMessage(bytes);
    caller.finish();
    assertArrayEquals(bytes, seen.get(60, TimeUnit.SECONDS));
  }

  private Caller caller(String method) {
    return new Caller(MethodType.CLIENT_STREAMING, method);
  }

  /** One that waits for a connection. */
  private Caller patient(String method) {
    return new Caller(MethodType.CLIENT_STREAMING, method, CallOptions.DEFAULT.withWaitForReady());
  }

  /** A client's side of one call. */
  private final class Caller extends ClientCall.Listener<byte[]> {

    final ClientCall<byte[], byte[]> call;
    final CompletableFuture<Status> status = new CompletableFuture<>();
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

    Caller(MethodType type, String method) {
      this(type, method, CallOptions.DEFAULT);
    }

    Caller(MethodType type, String method, CallOptions options) {
      call = channel.newCall(Wire.method(method, type), options);
      Metadata headers = new Metadata();
      headers.put(TOKEN, "secret");
      call.start(this, headers);
      call.request(100);
    }

    Caller send(String... messages) {
      for (String message : messages) {
        call.sendMessage(message.getBytes());
      }
      return this;
    }

    Status finish() throws Exception {
      call.halfClose();
      return end();
    }

    Status end() throws Exception {
      return status.get(60, TimeUnit.SECONDS);
    }

    String nextAnswer() throws Exception {
      return answers.poll(60, TimeUnit.SECONDS);
    }

    List<String> answers() {
      return List.copyOf(answers);
    }

    @Override
    public void onMessage(byte[] message) {
      answers.add(new String(message));
    }

    @Override
    public void onClose(Status ended, Metadata trailers) {
      status.complete(ended);
    }
  }
}
