package satellite.pipes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** One call of a client, and all that came back on it. */
final class Caller extends ClientCall.Listener<byte[]> {

  private static final int SOON_SECONDS = 15;

  final ClientCall<byte[], byte[]> call;
  final List<byte[]> answers = new CopyOnWriteArrayList<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean reads = true;
  private volatile Metadata headers;
  private volatile Metadata trailers;
  private volatile Status status;

  private Caller(ClientCall<byte[], byte[]> call) {
    this.call = call;
  }

  static Caller open(Channel channel, MethodType type, String method) {
    return open(channel, type, method, new Metadata(), CallOptions.DEFAULT);
  }

  static Caller open(
      Channel channel, MethodType type, String method, Metadata headers, CallOptions options) {
    Caller caller = new Caller(channel.newCall(RawBytes.method(method, type), options));
    caller.call.start(caller, headers);
    caller.call.request(1);
    return caller;
  }

  static Caller stream(Channel channel, String method) {
    return open(channel, MethodType.CLIENT_STREAMING, method);
  }

  /** A unary call with its one message. */
  static Caller unary(Channel channel, String method, byte[] message) {
    return open(channel, MethodType.UNARY, method).send(message).halfClose();
  }

  /** Takes the next answer in and then no more, until {@link #readOn}. */
  Caller readNoMore() {
    reads = false;
    return this;
  }

  void readOn() {
    reads = true;
    call.request(1);
  }

  Caller send(byte[] message) {
    call.sendMessage(message);
    return this;
  }

  Caller send(String text) {
    return send(text.getBytes(StandardCharsets.UTF_8));
  }

  Caller halfClose() {
    call.halfClose();
    return this;
  }

  /**
   * Sends while there is room, as a client that heeds flow control; how many messages that were.
   */
  int sendWhileReady(byte[] message, int atMost) {
    int sent = 0;
    while (sent < atMost && call.isReady()) {
      call.sendMessage(message);
      sent++;
    }
    return sent;
  }

  Status status() {
    try {
      assertTrue(ended.await(SOON_SECONDS, TimeUnit.SECONDS), "the call does not end");
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
    return status;
  }

  /** Half-closes, and expects what OAP says when it is content. */
  void finish() {
    halfClose().assertAccepted();
  }

  void assertAccepted() {
    assertEquals(Status.Code.OK, status().getCode(), () -> status.toString());
    assertEquals(List.of(""), texts());
  }

  Status.Code code() {
    return status().getCode();
  }

  boolean isOver() {
    return ended.getCount() == 0;
  }

  Metadata headers() {
    return headers;
  }

  Metadata trailers() {
    return trailers;
  }

  List<String> texts() {
    return answers.stream().map(answer -> new String(answer, StandardCharsets.UTF_8)).toList();
  }

  @Override
  public void onHeaders(Metadata received) {
    headers = received;
  }

  @Override
  public void onMessage(byte[] answer) {
    answers.add(answer);
    if (reads) {
      call.request(1);
    }
  }

  @Override
  public void onClose(Status closed, Metadata received) {
    status = closed;
    trailers = received;
    ended.countDown();
  }
}
