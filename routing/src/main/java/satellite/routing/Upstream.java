package satellite.routing;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import satellite.discovery.Node;

/**
 * A node with its connection, its recent conduct ({@link Circuit}) and the calls under way to it
 * ({@link Window}). Who sends takes a place first ({@link #tryEnter} or {@link #onRoom}), begins
 * his {@link #call} on it and ends that, which frees the place. Any thread; nothing blocks.
 */
public final class Upstream<C extends Connection> {

  /** How a node is used. */
  public enum Use {
    /** Its calls are answered, as far as it has any. */
    FULL,
    /** It was left out or away and gets more with each answer. */
    SLOW_START,
    /** It is tried with one call at a time. */
    PROBED,
    /** Its calls failed. */
    LEFT_OUT
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

  public Use use() {
    return switch (phase()) {
      case CLOSED -> conduct.window.isRestarting() ? Use.SLOW_START : Use.FULL;
      case PAUSED, PROBING -> Use.PROBED;
      case OPEN -> Use.LEFT_OUT;
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

  /** Calls that may be under way now. */
  public int window() {
    return conduct.window.places();
  }

  /** Calls under way, of all pipes. */
  public int inFlight() {
    return conduct.window.inFlight();
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
