package satellite.routing;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import satellite.discovery.Node;

/**
 * A node with its connection, its circuit breaker ({@link Circuit}) and the calls under way to it
 * ({@link Window}). Who sends takes a permit first ({@link #tryAcquire} or {@link #onPermit}),
 * begins his {@link #call} on it and ends that, which frees the permit. Any thread; nothing blocks.
 */
public final class Upstream<C extends Connection> {

  /** How a node is, and is used. */
  public enum Condition {
    /** Its calls are answered, as far as it has any. */
    UP,
    /** It is new, was left out or away, and gets more with each answer. */
    SLOW_START,
    /** It was never connected, or not again yet. */
    CONNECTING,
    DOWN,
    /** It is tried with one call at a time. */
    PROBED,
    /** It is left out, as its calls failed. */
    EJECTED,
    /** It is no longer among the nodes; its calls under way may end. */
    DRAINING
  }

  private final Node node;
  private final C connection;
  private final Runnable onChange;
  private final Shared shared;

  /** What all versions of an upstream share: it stays when the weight changes. */
  private static final class Shared {
    final Window window;
    final Circuit circuit;
    final RetryBudget retries;
    final LongAdder delivered = new LongAdder();
    final LongAdder ejections = new LongAdder();
    final LongAdder answers = new LongAdder();
    final LongAdder answerNanos = new LongAdder();
    final AtomicInteger passThroughCalls = new AtomicInteger();
    volatile boolean drains;

    /** Guarded by the router. */
    boolean lost;

    Shared(RetryBudget retries, Duration ejection, long nowNanos) {
      this.window = new Window(nowNanos);
      this.circuit = new Circuit(window, ejection, nowNanos);
      this.retries = retries;
    }
  }

  /**
   * @param ejection how long it is left out the first time
   */
  Upstream(
      Node node,
      C connection,
      Runnable onChange,
      RetryBudget retries,
      Duration ejection,
      long nowNanos) {
    this(node, connection, onChange, new Shared(retries, ejection, nowNanos));
  }

  private Upstream(Node node, C connection, Runnable onChange, Shared shared) {
    this.node = node;
    this.connection = connection;
    this.onChange = onChange;
    this.shared = shared;
  }

  /** The same upstream under another weight. */
  Upstream<C> withNode(Node weighted) {
    return new Upstream<>(weighted, connection, onChange, shared);
  }

  public Node node() {
    return node;
  }

  public C connection() {
    return connection;
  }

  /** That of its connection; down while it is left out. */
  public Connection.State state() {
    return circuitState() == Circuit.State.OPEN ? Connection.State.DOWN : connection.state();
  }

  public boolean isUp() {
    return state() == Connection.State.UP;
  }

  private Circuit.State circuitState() {
    return shared.circuit.generation().state;
  }

  public Condition condition() {
    if (shared.drains) {
      return Condition.DRAINING;
    }
    return switch (connection.state()) {
      case DOWN -> Condition.DOWN;
      case CONNECTING -> Condition.CONNECTING;
      case UP ->
          switch (circuitState()) {
            case CLOSED -> shared.window.isInSlowStart() ? Condition.SLOW_START : Condition.UP;
            case PAUSED, HALF_OPEN -> Condition.PROBED;
            case OPEN -> Condition.EJECTED;
          };
    };
  }

  /** Why it is in its condition, in words for people; empty where there is nothing to say. */
  public String why() {
    return switch (condition()) {
      case DOWN -> connection.why();
      case EJECTED, PROBED -> "left out " + shared.circuit.why();
      case DRAINING -> "no longer among the nodes, " + outstanding() + " calls under way";
      case UP, SLOW_START, CONNECTING -> "";
    };
  }

  /** Whether it is up and nothing is held against it. */
  boolean isHealthy() {
    return circuitState() == Circuit.State.CLOSED && connection.state() == Connection.State.UP;
  }

  /**
   * Whether an identity may settle here: not while others wait to hear what became of the call that
   * it is probed with.
   */
  boolean takesIdentities() {
    return switch (circuitState()) {
      case CLOSED -> connection.state() != Connection.State.DOWN;
      case HALF_OPEN -> connection.state() == Connection.State.UP && shared.window.inFlight() == 0;
      case PAUSED, OPEN -> false;
    };
  }

  /** Client messages that the node has answered for. */
  public long delivered() {
    return shared.delivered.sum();
  }

  public void delivered(int messages) {
    shared.delivered.add(messages);
  }

  /** Times it was left out. */
  public long ejections() {
    return shared.ejections.sum();
  }

  /** Batches that it answered, and the time that it took for all of them. */
  public long answers() {
    return shared.answers.sum();
  }

  public long answerNanos() {
    return shared.answerNanos.sum();
  }

  /** Calls that may be under way now. */
  public int window() {
    return shared.window.limit();
  }

  /** Calls under way, of all pipes. */
  public int inFlight() {
    return shared.window.inFlight();
  }

  /**
   * A call is passed through to it, which takes no permit; to be followed by {@link
   * #passThroughEnded}.
   */
  public void passThroughStarted() {
    shared.passThroughCalls.incrementAndGet();
  }

  public void passThroughEnded() {
    shared.passThroughCalls.decrementAndGet();
  }

  /** All calls under way: those of pipes and those that are passed through. */
  public int outstanding() {
    return shared.window.inFlight() + shared.passThroughCalls.get();
  }

  /** Takes a permit for a call. Who waits already is not passed. */
  public boolean tryAcquire() {
    return shared.window.tryAcquire();
  }

  /**
   * Runs {@code granted} once, when a permit was taken in its name: on the thread that freed it, or
   * at once on this one. The permit is to be used for a call, or given back with {@link #release}.
   * Those who wait get their permits in their order.
   */
  public void onPermit(Runnable granted) {
    shared.window.onPermit(granted);
  }

  /** Gives back a permit that was not used. */
  public void release() {
    shared.window.release();
  }

  /**
   * A call begins, on a permit that was taken.
   *
   * @param minLatency of calls of its kind
   */
  public Call call(MinLatency minLatency, long nowNanos) {
    return new Call(minLatency, nowNanos);
  }

  /** One call under way. One of its methods is to be called, once. */
  public final class Call {
    private final MinLatency minLatency;
    private final long startNanos;
    private final int underWay = shared.window.inFlight();
    private final Circuit.Generation generation = shared.circuit.generation();

    private Call(MinLatency minLatency, long startNanos) {
      this.minLatency = minLatency;
      this.startNanos = startNanos;
    }

    /** The node took it. */
    public void answered(long nowNanos) {
      long took = nowNanos - startNanos;
      minLatency.record(took, nowNanos);
      shared.answers.increment();
      shared.answerNanos.add(took);
      shared.retries.answered();
      shared.circuit.answered(generation, nowNanos);
      int most = Math.max(underWay, shared.window.inFlight());
      shared.window.answered(most, minLatency.share(took));
      shared.window.release();
    }

    /** The node refused what was in it, for good: that is an answer, too. */
    public void refused(long nowNanos) {
      shared.circuit.answered(generation, nowNanos);
      shared.window.release();
    }

    /**
     * It ended in a way that says more of the node, or of the way there, than of what was in it; or
     * the node said that it has too much to do.
     */
    public void failed(long nowNanos) {
      shared.window.failed(startNanos, nowNanos);
      boolean opened = shared.circuit.failed(generation, nowNanos);
      shared.window.release();
      if (opened) {
        onChange.run();
      }
    }
  }

  // ---- the router's

  /** Others work already: it gets more with each answer, from one call on. */
  Upstream<C> slowStart() {
    shared.window.slowStart();
    return this;
  }

  /** It is no longer among the nodes. */
  void drain() {
    shared.drains = true;
    shared.circuit.cancelTimer();
  }

  /** Checks whether the connection was lost and is back. */
  void checkConnection(long nowNanos) {
    Connection.State now = connection.state();
    if (now == Connection.State.DOWN) {
      shared.lost = true;
    } else if (now == Connection.State.UP && shared.lost) {
      shared.lost = false;
      shared.circuit.reconnected(nowNanos);
    }
  }

  /** No node works: one that is left out is better than none. */
  void panic(long nowNanos) {
    if (connection.state() == Connection.State.UP) {
      shared.circuit.panic(nowNanos);
    }
  }

  void scheduleTimer(ScheduledExecutorService timer, LongSupplier nanoTime) {
    shared.circuit.scheduleTimer(timer, nanoTime, onChange);
  }

  /** It is no longer among those that are up; null when that is not for its circuit. */
  String countEjection() {
    if (circuitState() != Circuit.State.OPEN) {
      return null;
    }
    shared.ejections.increment();
    return shared.circuit.why();
  }

  void close() {
    shared.circuit.cancelTimer();
    connection.close();
  }
}
