package satellite.standin;

import io.grpc.Grpc;
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
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * A gRPC server in the place of an OAP node: it takes every method of any kind, answers each call
 * with one empty message and OK once the client has half-closed, and counts what came. It keeps no
 * message.
 *
 * <p>For tests it can be told to behave otherwise; such a change holds for the messages and calls
 * that arrive after it. Methods are named as gRPC does, {@code package.Service/method} without a
 * slash in front. Everything may be called by any thread. Listeners and scripts run on the
 * connection's event loop: those of one call come in order, and one that blocks is a node that does
 * not read.
 */
public final class StandInOap implements AutoCloseable {

  /** The largest message OAP takes. */
  public static final int MAX_MESSAGE_BYTES = 50 * 1024 * 1024;

  /**
   * One call of a client.
   *
   * @param id unique within this node
   * @param client its end of the connection
   */
  public record Call(long id, String method, Metadata headers, SocketAddress client) {}

  /** What came with one method, over all starts of this node. */
  public record Count(long calls, long messages, long bytes) {

    static final Count NONE = new Count(0, 0, 0);

    private Count plus(Count other) {
      return new Count(calls + other.calls, messages + other.messages, bytes + other.bytes);
    }
  }

  /** Sees the whole life of each call; a call ends with one of the last two. */
  public interface Listener {

    default void opened(Call call) {}

    /**
     * @param index 0 for the first message of the call
     */
    default void message(Call call, int index, byte[] message) {}

    default void halfClosed(Call call) {}

    /** The answer left. */
    default void ended(Call call) {}

    /** The client gave up, or the connection or this node died. */
    default void cancelled(Call call) {}
  }

  /** Ends a call early: a status to answer with at this message, or null to read on. */
  public interface Verdict {
    Status on(String method, byte[] message, int indexOnStream);
  }

  /** Answers a message at once: the response, or null for none. */
  public interface Answer {
    byte[] to(byte[] message, int indexOnStream);
  }

  /** The node's side of one call whose messages and answers depend on each other. */
  public interface Part {

    /** Hears a message: the response, or null for none. */
    byte[] hear(byte[] message);

    /** The client has half-closed: the last response, or null for none. OK follows. */
    byte[] end();
  }

  private record Ending(int afterMessages, Status status) {}

  private static final byte[] EMPTY = {};
  private static final String HEALTH = "grpc.health.v1.Health/Check";

  /** A {@code HealthCheckResponse}: field 1 is 1. */
  private static final byte[] SERVING = {8, 1};

  private final AtomicLong nextCall = new AtomicLong();
  private final Set<Conversation> conversations = ConcurrentHashMap.newKeySet();
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final Map<String, Ending> endings = new ConcurrentHashMap<>();
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final Map<String, Supplier<Part>> parts = new ConcurrentHashMap<>();
  private volatile Verdict verdict = (method, message, index) -> null;
  private volatile boolean holding;

  /** Guarded by itself; whoever waits for a count waits on it. */
  private final Map<String, Count> counts = new HashMap<>();

  private volatile int port;

  /** Guarded by this. */
  private Server server;

  // ---- its life

  /**
   * Listens on the loopback address; after {@link #stop} it may be started again.
   *
   * @param port 0 takes a free one
   */
  public synchronized StandInOap start(int port) {
    if (server != null) {
      throw new IllegalStateException("already listening on " + this.port);
    }
    try {
      server =
          NettyServerBuilder.forAddress(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
              .directExecutor()
              .maxInboundMessageSize(MAX_MESSAGE_BYTES)
              .fallbackHandlerRegistry(new EveryMethod())
              .build()
              .start();
      this.port = server.getPort();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot listen on port " + port, e);
    }
    return this;
  }

  /** Stays the same after {@link #stop}, to start there again. */
  public int port() {
    return port;
  }

  /**
   * Dies: connections are cut in the middle of whatever they carry. The port is free afterwards.
   */
  public synchronized void stop() {
    if (server == null) {
      return;
    }
    server.shutdownNow();
    try {
      server.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server = null;
  }

  @Override
  public void close() {
    stop();
  }

  // ---- what came

  public Map<String, Count> counts() {
    synchronized (counts) {
      return Map.copyOf(counts);
    }
  }

  public Count count(String method) {
    synchronized (counts) {
      return counts.getOrDefault(method, Count.NONE);
    }
  }

  /** Messages of all methods. */
  public long messages() {
    synchronized (counts) {
      return counts.values().stream().mapToLong(Count::messages).sum();
    }
  }

  /** Calls that were neither answered nor cancelled yet. */
  public int openCalls() {
    return conversations.size();
  }

  /** Waits until so many messages of a method came in all; false when they did not in time. */
  public boolean awaitMessages(String method, long messages, Duration atMost)
      throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    synchronized (counts) {
      while (count(method).messages() < messages) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        TimeUnit.NANOSECONDS.timedWait(counts, left);
      }
      return true;
    }
  }

  private void count(String method, Count one) {
    synchronized (counts) {
      counts.merge(method, one, Count::plus);
      counts.notifyAll();
    }
  }

  public void listen(Listener listener) {
    listeners.add(listener);
  }

  /** Shows each message with its method. */
  public void onMessage(BiConsumer<String, byte[]> consumer) {
    listen(
        new Listener() {
          @Override
          public void message(Call call, int index, byte[] message) {
            consumer.accept(call.method(), message);
          }
        });
  }

  // ---- how it behaves

  /** Each call of a method ends with a status after so many messages; 0 is as soon as it opens. */
  public void endAfter(String method, int messages, Status status) {
    endings.put(method, new Ending(messages, status));
  }

  /** Each message is judged; one call that ends with OK gets its empty message too. */
  public void endWhen(Verdict verdict) {
    this.verdict = verdict;
  }

  /**
   * Messages of a method are answered as they come. A call that was answered so gets no empty
   * message at its end.
   */
  public void answer(String method, Answer answer) {
    answers.put(method, answer);
  }

  /** In each call of a method the node plays a part of its own, and answers nothing else. */
  public void play(String method, Supplier<Part> part) {
    parts.put(method, part);
  }

  /** Takes back what {@code endAfter}, {@code endWhen}, {@code answer} and {@code play} said. */
  public void behave() {
    endings.clear();
    answers.clear();
    parts.clear();
    verdict = (method, message, index) -> null;
  }

  /** From now on nothing is answered, neither messages nor statuses; messages are still read. */
  public void hold() {
    holding = true;
  }

  /** Gives all answers that were held back, in the order of their call. */
  public void release() {
    holding = false;
    conversations.forEach(Conversation::flush);
  }

  /** Calls with an answer held back. */
  public long held() {
    return conversations.stream().filter(Conversation::holdsAnswer).count();
  }

  /** Declares each method that is asked for, as the kind of call that fits all. */
  private final class EveryMethod extends HandlerRegistry {

    private final Map<String, ServerMethodDefinition<byte[], byte[]>> known =
        new ConcurrentHashMap<>();

    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String method, String authority) {
      return known.computeIfAbsent(
          method,
          name ->
              ServerMethodDefinition.create(
                  Wire.method(name, MethodType.BIDI_STREAMING), StandInOap.this::open));
    }
  }

  private ServerCall.Listener<byte[]> open(ServerCall<byte[], byte[]> call, Metadata headers) {
    String method = call.getMethodDescriptor().getFullMethodName();
    SocketAddress client = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    Conversation conversation =
        new Conversation(call, new Call(nextCall.incrementAndGet(), method, headers, client));
    conversations.add(conversation);
    conversation.begin();
    return conversation;
  }

  /**
   * One call. Its listener methods come one after the other on the event loop; the outbox is also
   * flushed by who calls {@link #release}, and therefore guarded, as are all writes to the call.
   */
  private final class Conversation extends ServerCall.Listener<byte[]> {

    private final ServerCall<byte[], byte[]> wire;
    private final Call call;
    private final Part part;
    private final Queue<Runnable> outbox = new ArrayDeque<>();
    private int received;
    private boolean answered;
    private boolean decided;

    Conversation(ServerCall<byte[], byte[]> wire, Call call) {
      this.wire = wire;
      this.call = call;
      Supplier<Part> played = parts.get(call.method());
      this.part = played == null ? null : played.get();
    }

    void begin() {
      count(call.method(), new Count(1, 0, 0));
      listeners.forEach(listener -> listener.opened(call));
      Status status = ending();
      if (status != null) {
        end(status);
      } else {
        wire.request(1);
      }
    }

    @Override
    public void onMessage(byte[] message) {
      int index = received++;
      count(call.method(), new Count(0, 1, message.length));
      listeners.forEach(listener -> listener.message(call, index, message));
      Status status = ending();
      if (status == null) {
        status = verdict.on(call.method(), message, index);
      }
      if (status != null) {
        end(status);
        return;
      }
      Answer answer = answers.get(call.method());
      if (part != null) {
        replyUnlessNull(part.hear(message));
      } else if (answer != null) {
        replyUnlessNull(answer.to(message, index));
      }
      wire.request(1);
    }

    @Override
    public void onHalfClose() {
      listeners.forEach(listener -> listener.halfClosed(call));
      if (decided) {
        return;
      }
      if (part != null) {
        replyUnlessNull(part.end());
      }
      end(Status.OK);
    }

    @Override
    public void onComplete() {
      conversations.remove(this);
      listeners.forEach(listener -> listener.ended(call));
    }

    @Override
    public void onCancel() {
      synchronized (outbox) {
        outbox.clear();
      }
      conversations.remove(this);
      listeners.forEach(listener -> listener.cancelled(call));
    }

    private Status ending() {
      Ending ending = endings.get(call.method());
      return ending != null && received >= ending.afterMessages() ? ending.status() : null;
    }

    private void end(Status status) {
      decided = true;
      if (status.isOk() && !answered && part == null) {
        reply(call.method().equals(HEALTH) ? SERVING : EMPTY);
      }
      send(() -> wire.close(status, new Metadata()));
    }

    private void replyUnlessNull(byte[] response) {
      if (response != null) {
        reply(response);
      }
    }

    private void reply(byte[] response) {
      boolean first = !answered;
      answered = true;
      send(
          () -> {
            if (first) {
              wire.sendHeaders(new Metadata());
            }
            wire.sendMessage(response);
          });
    }

    private void send(Runnable step) {
      synchronized (outbox) {
        outbox.add(step);
        flush();
      }
    }

    void flush() {
      synchronized (outbox) {
        while (!holding && !wire.isCancelled() && !outbox.isEmpty()) {
          outbox.remove().run();
        }
      }
    }

    boolean holdsAnswer() {
      synchronized (outbox) {
        return !outbox.isEmpty();
      }
    }
  }
}
