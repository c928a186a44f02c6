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
import satellite.pipes.protocol.RawBytes;

/** One call of a client, and all that came back on it. */
public final class Caller extends ClientCall.Listener<byte[]> {

  private static final int SOON_SECONDS = 60;

  public final ClientCall<byte[], byte[]> call;
  public final List<byte[]> answers = new CopyOnWriteArrayList<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean reads = true;
  private volatile Metadata headers;
  private volatile Metadata trailers;
  private volatile Status status;

  private Caller(ClientCall<byte[], byte[]> call) {
    this.call = call;
  }

  public static Caller open(Channel channel, MethodType type, String method) {
    return open(channel, type, method, new Metadata(), CallOptions.DEFAULT);
  }

  public static Caller open(
      Channel channel, MethodType type, String method, Metadata headers, CallOptions options) {
    Caller caller = new Caller(channel.newCall(RawBytes.method(method, type), options));
    caller.call.start(caller, headers);
    caller.call.request(1);
    return caller;
  }

  public static Caller stream(Channel channel, String method) {
    return open(channel, MethodType.CLIENT_STREAMING, method);
  }

  /** A unary call with its one message. */
  public static Caller unary(Channel channel, String method, byte[] message) {
    return open(channel, MethodType.UNARY, method).send(message).halfClose();
  }

  /** Takes the next answer in and then no more, until {@link #readOn}. */
  public Caller readNoMore() {
    reads = false;
    return this;
  }

  public void readOn() {
    reads = true;
    call.request(1);
  }

  public Caller send(byte[] message) {
    call.sendMessage(message);
    return this;
  }

  public Caller send(String text) {
    return send(text.getBytes(StandardCharsets.UTF_8));
  }

  public Caller halfClose() {
    call.halfClose();
    return this;
  }

  /**
   * Sends while there is room, as a client that heeds flow control; how many messages that were.
   */
  public int sendWhileReady(byte[] message, int atMost) {
    int sent = 0;
    while (sent < atMost && call.isReady()) {
      call.sendMessage(message);
      sent++;
    }
    return sent;
  }

  public Status status() {
    try {
      assertTrue(ended.await(SOON_SECONDS, TimeUnit.SECONDS), "the call does not end");
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
    return status;
  }

  /** Half-closes, and expects what OAP says when it is content. */
  public void finish() {
    halfClose().assertAccepted();
  }

  public void assertAccepted() {
    assertEquals(Status.Code.OK, status().getCode(), () -> status.toString());
    assertEquals(List.of(""), texts());
  }

  public Status.Code code() {
    return status().getCode();
  }

  public boolean isOver() {
    return ended.getCount() == 0;
  }

  public Metadata headers() {
    return headers;
  }

  public Metadata trailers() {
    return trailers;
  }

  public List<String> texts() {
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
