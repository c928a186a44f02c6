package satellite.routing;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import satellite.discovery.Node;

/**
 * A node with its connection, its recent conduct ({@link Circuit}) and the calls under way to it
 * ({@link Window}). Who sends takes a place first ({@link #tryEnter} or {@link #onRoom}), begins
 * his {@link #call} on it and ends that, which frees the place. Any thread; nothing blocks.
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
  private final Conduct conduct;

  /** What stays when the weight changes. */
  private static final class Conduct {
    final Window window;
    final Circuit circuit;
    final RetryBudget retries;
    final LongAdder delivered = new LongAdder();
    final LongAdder ejections = new LongAdder();
    final LongAdder answers = new LongAdder();
    final LongAdder answerNanos = new LongAdder();
    final AtomicInteger passing = new AtomicInteger();
    volatile boolean drains;

    /** Guarded by the router. */
    boolean lost;

    Conduct(RetryBudget retries, Duration ejection, long nowNanos) {
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
    this(node, connection, onChange, new Conduct(retries, ejection, nowNanos));
  }

  private Upstream(Node node, C connection, Runnable onChange, Conduct conduct) {
    this.node = node;
    this.connection = connection;
    this.onChange = onChange;
    this.conduct = conduct;
  }

  /** The same upstream under another weight. */
  Upstream<C> as(Node weighted) {
    return new Upstream<>(weighted, connection, onChange, conduct);
  }

  public Node node() {
    return node;
  }

  public C connection() {
    return connection;
  }

  /** That of its connection; down while it is left out. */
  public Connection.State state() {
    return phase() == Circuit.Phase.OPEN ? Connection.State.DOWN : connection.state();
  }

  public boolean isUp() {
    return state() == Connection.State.UP;
  }

  private Circuit.Phase phase() {
    return conduct.circuit.spell().phase;
  }

  public Condition condition() {
    if (conduct.drains) {
      return Condition.DRAINING;
    }
    return switch (connection.state()) {
      case DOWN -> Condition.DOWN;
      case CONNECTING -> Condition.CONNECTING;
      case UP ->
          switch (phase()) {
            case CLOSED -> conduct.window.isRestarting() ? Condition.SLOW_START : Condition.UP;
            case PAUSED, PROBING -> Condition.PROBED;
            case OPEN -> Condition.EJECTED;
          };
    };
  }

  /** Why it is in its condition, in words for people; empty where there is nothing to say. */
  public String why() {
    return switch (condition()) {
      case DOWN -> connection.why();
      case EJECTED, PROBED -> "left out " + conduct.circuit.why();
      case DRAINING -> "no longer among the nodes, " + outstanding() + " calls under way";
      case UP, SLOW_START, CONNECTING -> "";
    };
  }

  /** Whether it is up and nothing is held against it. */
  boolean isTrusted() {
    return phase() == Circuit.Phase.CLOSED && connection.state() == Connection.State.UP;
  }

  /**
   * Whether an identity may settle here: not while others wait to hear what became of the call that
   * it is probed with.
   */
  boolean takesIdentities() {
    return switch (phase()) {
      case CLOSED -> connection.state() != Connection.State.DOWN;
      case PROBING -> connection.state() == Connection.State.UP && conduct.window.inFlight() == 0;
      case PAUSED, OPEN -> false;
    };
  }

  /** Client messages that the node has answered for. */
  public long delivered() {
    return conduct.delivered.sum();
  }

  public void delivered(int messages) {
    conduct.delivered.add(messages);
  }

  /** Times it was left out. */
  public long ejections() {
    return conduct.ejections.sum();
  }

  /** Batches that it answered, and the time that it took for all of them. */
  public long answers() {
    return conduct.answers.sum();
  }

  public long answerNanos() {
    return conduct.answerNanos.sum();
  }

  /** Calls that may be under way now. */
  public int window() {
    return conduct.window.places();
  }

  /** Calls under way, of all pipes. */
  public int inFlight() {
    return conduct.window.inFlight();
  }

  /** A call is passed through to it, which takes no place; to be followed by {@link #passed}. */
  public void passes() {
    conduct.passing.incrementAndGet();
  }

  public void passed() {
    conduct.passing.decrementAndGet();
  }

  /** All calls under way: those of pipes and those that are passed through. */
  public int outstanding() {
    return conduct.window.inFlight() + conduct.passing.get();
  }

  /** Takes a place for a call. Who waits already is not passed. */
  public boolean tryEnter() {
    return conduct.window.tryEnter();
  }

  /**
   * Runs {@code granted} once, when a place was taken in its name: on the thread that freed it, or
   * at once on this one. The place is to be used for a call, or given back with {@link #leave}.
   * Those who wait get their places in their order.
   */
  public void onRoom(Runnable granted) {
    conduct.window.await(granted);
  }

  /** Gives back a place that was not used. */
  public void leave() {
    conduct.window.leave();
  }

  /**
   * A call begins, on a place that was taken.
   *
   * @param pace of calls of its kind
   */
  public Call call(Pace pace, long nowNanos) {
    return new Call(pace, nowNanos);
  }

  /** One call under way. One of its methods is to be called, once. */
  public final class Call {
    private final Pace pace;
    private final long startNanos;
    private final int underWay = conduct.window.inFlight();
    private final Circuit.Spell spell = conduct.circuit.spell();

    private Call(Pace pace, long startNanos) {
      this.pace = pace;
      this.startNanos = startNanos;
    }

    /** The node took it. */
    public void answered(long nowNanos) {
      long took = nowNanos - startNanos;
      pace.answered(took, nowNanos);
      conduct.answers.increment();
      conduct.answerNanos.add(took);
      conduct.retries.answered();
      conduct.circuit.answered(spell, nowNanos);
      int most = Math.max(underWay, conduct.window.inFlight());
      conduct.window.answered(most, pace.share(took));
      conduct.window.leave();
    }

    /** The node refused what was in it, for good: that is an answer, too. */
    public void refused(long nowNanos) {
      conduct.circuit.answered(spell, nowNanos);
      conduct.window.leave();
    }

    /**
     * It ended in a way that says more of the node, or of the way there, than of what was in it; or
     * the node said that it has too much to do.
     */
    public void failed(long nowNanos) {
      conduct.window.failed(startNanos, nowNanos);
      boolean opened = conduct.circuit.failed(spell, nowNanos);
      conduct.window.leave();
      if (opened) {
        onChange.run();
      }
    }
  }

  // ---- the router's

  /** Others work already: it gets more with each answer, from one call on. */
  Upstream<C> slowly() {
    conduct.window.restart();
    return this;
  }

  /** It is no longer among the nodes. */
  void drain() {
    conduct.drains = true;
    conduct.circuit.forget();
  }

  /** Looks whether the connection was lost and is back. */
  void look(long nowNanos) {
    Connection.State now = connection.state();
    if (now == Connection.State.DOWN) {
      conduct.lost = true;
    } else if (now == Connection.State.UP && conduct.lost) {
      conduct.lost = false;
      conduct.circuit.reconnected(nowNanos);
    }
  }

  /** No node works: one that is left out is better than none. */
  void isTheLast(long nowNanos) {
    if (connection.state() == Connection.State.UP) {
      conduct.circuit.isTheLast(nowNanos);
    }
  }

  void time(ScheduledExecutorService timer, LongSupplier nanoTime) {
    conduct.circuit.time(timer, nanoTime, onChange);
  }

  /** It is no longer among those that are up; null when that is not for its conduct. */
  String ejected() {
    if (phase() != Circuit.Phase.OPEN) {
      return null;
    }
    conduct.ejections.increment();
    return conduct.circuit.why();
  }

  void close() {
    conduct.circuit.forget();
    connection.close();
  }
}
