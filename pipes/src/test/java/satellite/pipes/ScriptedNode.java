package satellite.pipes;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import satellite.discovery.Node;
import satellite.pipes.protocol.RawBytes;

/** A node whose part is played by the test itself: each call waits to be taken and answered. */
public final class ScriptedNode implements AutoCloseable {

  private static final int SOON_SECONDS = 60;

  private final Server server;
  private final BlockingQueue<Taken> calls = new LinkedBlockingQueue<>();

  public ScriptedNode() {
    this(builder -> builder);
  }

  /**
   * @param change what is special about this server, such as its TLS
   */
  public ScriptedNode(UnaryOperator<NettyServerBuilder> change) {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .directExecutor()
            .maxInboundMessageSize(64 << 20)
            .fallbackHandlerRegistry(
                new HandlerRegistry() {
                  @Override
                  public ServerMethodDefinition<?, ?> lookupMethod(String name, String authority) {
                    return ServerMethodDefinition.create(
                        RawBytes.method(name, MethodType.BIDI_STREAMING), ScriptedNode.this::take);
                  }
                });
    try {
      server = change.apply(builder).build().start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ServerCall.Listener<byte[]> take(ServerCall<byte[], byte[]> call, Metadata headers) {
    Taken taken = new Taken(call, headers, Context.current().getDeadline());
    calls.add(taken);
    return taken;
  }

  /** The next call that came. */
  public Taken next() {
    try {
      Taken taken = calls.poll(SOON_SECONDS, TimeUnit.SECONDS);
      assertNotNull(taken, "no call came to the node");
      return taken;
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
  }

  public boolean hasCalls() {
    return !calls.isEmpty();
  }

  public Node place() {
    return new Node("127.0.0.1", server.getPort());
  }

  @Override
  public void close() {
    server.shutdownNow();
    try {
      server.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One call, as the node sees it; nothing is read until it is asked for. */
  public static final class Taken extends ServerCall.Listener<byte[]> {
    public final ServerCall<byte[], byte[]> call;
    public final Metadata headers;
    public final Deadline deadline;
    private final BlockingQueue<byte[]> messages = new LinkedBlockingQueue<>();
    private final CountDownLatch halfClosed = new CountDownLatch(1);
    private final CountDownLatch cancelled = new CountDownLatch(1);

    public Taken(ServerCall<byte[], byte[]> call, Metadata headers, Deadline deadline) {
      this.call = call;
      this.headers = headers;
      this.deadline = deadline;
    }

    public String method() {
      return call.getMethodDescriptor().getFullMethodName();
    }

    public byte[] read() {
      call.request(1);
      try {
        byte[] message = messages.poll(SOON_SECONDS, TimeUnit.SECONDS);
        assertNotNull(message, "no message came to the node");
        return message;
      } catch (InterruptedException e) {
        throw new AssertionError("interrupted", e);
      }
    }

    public String readText() {
      return new String(read(), StandardCharsets.UTF_8);
    }

    public Taken answer(String text) {
      return answer(text.getBytes(StandardCharsets.UTF_8));
    }

    public Taken answer(byte[] message) {
      call.sendMessage(message);
      return this;
    }

    public Taken answerHeaders(Metadata answered) {
      call.sendHeaders(answered);
      return this;
    }

    /** What OAP says when it is content. */
    public void accept() {
      answerHeaders(new Metadata()).answer("").end(Status.OK);
    }

    public void end(Status status) {
      call.close(status, new Metadata());
    }

    public void awaitHalfClose() {
      // A call is told of its end only when it asks for more.
      call.request(1);
      awaitLatch(halfClosed, "the client's half-close");
    }

    public void awaitCancel() {
      awaitLatch(cancelled, "the cancellation");
    }

    private static void awaitLatch(CountDownLatch latch, String what) {
      try {
        assertTrue(latch.await(SOON_SECONDS, TimeUnit.SECONDS), what + " did not come");
      } catch (InterruptedException e) {
        throw new AssertionError("interrupted", e);
      }
    }

    @Override
    public void onMessage(byte[] message) {
      messages.add(message);
    }

    @Override
    public void onHalfClose() {
      halfClosed.countDown();
    }

    @Override
    public void onCancel() {
      cancelled.countDown();
    }
  }
}
