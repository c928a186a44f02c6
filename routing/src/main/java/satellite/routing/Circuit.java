package satellite.routing;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Whether a node is to be used, by the outcomes of its calls. Its {@link Window} gets the permits
 * that go with it.
 *
 * <pre>
 *            failed {@value #FAILURES} times in a row, or half of its calls
 *   CLOSED ------------------------------------------------> OPEN: left out, twice as long each time
 *     ^                                                      |   \  when no node works
 *     |  answered: from one permit on                  in time    \
 *     |                                                      v     v
 *     +--------------------------------------------- HALF_OPEN <- PAUSED: for a moment
 *                                            one call at a time, and one failure opens
 * </pre>
 *
 * <p>Calls remember the generation that they began in: what was sent before a change says nothing
 * about what came after it. Any thread; outcomes take a lock only when they change something.
 */
final class Circuit {

  static final int FAILURES = 3;

  /** Left out for at most 2^4 times as long as the first time. */
  private static final int MAX_STEPS = 4;

  private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long MAX_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  enum State {
    CLOSED,
    OPEN,
    PAUSED,
    HALF_OPEN
  }

  /** One stay in a state: a call belongs to the generation that it began in. */
  static final class Generation {
    final State state;
    private final long sinceNanos;

    /** How long it lasts; 0 where only an outcome ends it. */
    private final long nanos;

    private Generation(State state, long sinceNanos, long nanos) {
      this.state = state;
      this.sinceNanos = sinceNanos;
      this.nanos = nanos;
    }
  }

  private final Window window;
  private final long firstNanos;
  private final ErrorRate rate = new ErrorRate();
  private final AtomicInteger failures = new AtomicInteger();
  private volatile Generation generation;

  // Guarded by this.
  private int steps;
  private long lastOutNanos;
  private int pauses;
  private String why = "";

  // Guarded by the router.
  private Generation timed;
  private ScheduledFuture<?> timer;

  /**
   * @param firstTime how long it is left out the first time
   */
  Circuit(Window window, Duration firstTime, long nowNanos) {
    this.window = window;
    this.firstNanos = firstTime.toNanos();
    this.lastOutNanos = firstNanos;
    this.generation = new Generation(State.CLOSED, nowNanos, 0);
  }

  Generation generation() {
    return generation;
  }

  void answered(Generation begun, long nowNanos) {
    if (begun != generation) {
      return;
    }
    if (begun.state == State.CLOSED) {
      rate.add(false, nowNanos);
      if (failures.get() != 0) {
        failures.set(0);
      }
    } else if (begun.state == State.HALF_OPEN) {
      close(begun, nowNanos);
    }
  }

  /** Whether it opened. */
  boolean failed(Generation begun, long nowNanos) {
    if (begun != generation) {
      return false;
    }
    if (begun.state == State.HALF_OPEN) {
      return open(begun, nowNanos, "it failed again");
    }
    if (begun.state != State.CLOSED) {
      return false;
    }
    rate.add(true, nowNanos);
    if (failures.incrementAndGet() >= FAILURES) {
      return open(begun, nowNanos, FAILURES + " calls in a row failed");
    }
    return rate.isHigh(nowNanos) && open(begun, nowNanos, "half of its calls failed");
  }

  private synchronized boolean open(Generation begun, long nowNanos, String reason) {
    if (begun != generation) {
      return false;
    }
    if (begun.state == State.CLOSED) {
      // A step back for each time that it was as long in use as it was out before.
      steps -= (int) Math.min(steps, (nowNanos - begun.sinceNanos) / lastOutNanos);
    }
    why = reason;
    lastOutNanos = firstNanos << steps;
    become(State.OPEN, nowNanos, lastOutNanos, 0);
    return true;
  }

  private void close(Generation begun, long nowNanos) {
    synchronized (this) {
      if (begun != generation) {
        return;
      }
      pauses = 0;
      window.slowStart();
      become(State.CLOSED, nowNanos, 0, Window.MAX_LIMIT);
    }
    window.grantWaiting();
  }

  /** No other node works: it is better than none, with a pause before each try. */
  synchronized void panic(long nowNanos) {
    if (generation.state == State.OPEN) {
      long pause = Math.min(MAX_PAUSE_NANOS, FIRST_PAUSE_NANOS << Math.min(pauses++, 10));
      become(State.PAUSED, nowNanos, Math.min(firstNanos, pause), 0);
    }
  }

  /** Another process answers at the node's address. */
  void reconnected(long nowNanos) {
    synchronized (this) {
      window.slowStart();
      if (generation.state == State.CLOSED) {
        become(State.CLOSED, nowNanos, 0, Window.MAX_LIMIT);
      } else {
        become(State.HALF_OPEN, nowNanos, 0, 1);
      }
    }
    window.grantWaiting();
  }

  private void become(State state, long nowNanos, long nanos, int permits) {
    generation = new Generation(state, nowNanos, nanos);
    failures.set(0);
    rate.reset();
    window.setMaxLimit(permits);
  }

  /**
   * Sees to it that a state that ends by time does. The router's lock is held.
   *
   * @param onBack told when a node that was left out is to be used again
   */
  void scheduleTimer(ScheduledExecutorService pool, LongSupplier nanoTime, Runnable onBack) {
    Generation now = generation;
    if (timed == now) {
      return;
    }
    cancelTimer();
    timed = now;
    if (now.nanos > 0) {
      timer =
          pool.schedule(
              () -> end(now, nanoTime.getAsLong(), onBack), now.nanos, TimeUnit.NANOSECONDS);
    }
  }

  void cancelTimer() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private void end(Generation over, long nowNanos, Runnable onBack) {
    synchronized (this) {
      if (over != generation) {
        return;
      }
      if (over.state == State.OPEN) {
        steps = Math.min(steps + 1, MAX_STEPS);
      }
      become(State.HALF_OPEN, nowNanos, 0, 1);
    }
    if (over.state == State.OPEN) {
      onBack.run();
    }
    window.grantWaiting();
  }

  /** For how long it opened last, and why. */
  synchronized String why() {
    return "for " + TimeUnit.NANOSECONDS.toMillis(lastOutNanos) + " ms: " + why;
  }
}
