package satellite.routing;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Whether a node is to be used, by the conduct of its calls. Its {@link Window} gets the places
 * that go with it.
 *
 * <pre>
 *            failed {@value #FAILURES} times in a row, or half of its calls
 *   CLOSED ------------------------------------------------> OPEN: left out, twice as long each time
 *     ^                                                      |   \  when no node works
 *     |  answered: from one place on                   in time    \
 *     |                                                      v     v
 *     +--------------------------------------------- PROBING <--- PAUSED: for a moment
 *                                            one call at a time, and one failure opens
 * </pre>
 *
 * <p>Calls remember the spell they began in: what was sent before a change says nothing about what
 * came after it. Any thread; outcomes take a lock only when they change something.
 */
final class Circuit {

  static final int FAILURES = 3;

  /** Left out for at most 2^4 times as long as the first time. */
  private static final int MOST_STEPS = 4;

  private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long MOST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  enum Phase {
    CLOSED,
    OPEN,
    PAUSED,
    PROBING
  }

  /** A time spent in one phase. */
  static final class Spell {
    final Phase phase;
    private final long sinceNanos;

    /** How long it lasts; 0 where only an outcome ends it. */
    private final long nanos;

    private Spell(Phase phase, long sinceNanos, long nanos) {
      this.phase = phase;
      this.sinceNanos = sinceNanos;
      this.nanos = nanos;
    }
  }

  private final Window window;
  private final long firstNanos;
  private final ErrorRate rate = new ErrorRate();
  private final AtomicInteger failures = new AtomicInteger();
  private volatile Spell spell;

  // Guarded by this.
  private int steps;
  private long lastOutNanos;
  private int pauses;
  private String why = "";

  // Guarded by the router.
  private Spell timed;
  private ScheduledFuture<?> timer;

  /**
   * @param firstTime how long it is left out the first time
   */
  Circuit(Window window, Duration firstTime, long nowNanos) {
    this.window = window;
    this.firstNanos = firstTime.toNanos();
    this.lastOutNanos = firstNanos;
    this.spell = new Spell(Phase.CLOSED, nowNanos, 0);
  }

  Spell spell() {
    return spell;
  }

  void answered(Spell begun, long nowNanos) {
    if (begun != spell) {
      return;
    }
    if (begun.phase == Phase.CLOSED) {
      rate.add(false, nowNanos);
      if (failures.get() != 0) {
        failures.set(0);
      }
    } else if (begun.phase == Phase.PROBING) {
      close(begun, nowNanos);
    }
  }

  /** Whether it opened. */
  boolean failed(Spell begun, long nowNanos) {
    if (begun != spell) {
      return false;
    }
    if (begun.phase == Phase.PROBING) {
      return open(begun, nowNanos, "it failed again");
    }
    if (begun.phase != Phase.CLOSED) {
      return false;
    }
    rate.add(true, nowNanos);
    if (failures.incrementAndGet() >= FAILURES) {
      return open(begun, nowNanos, FAILURES + " calls in a row failed");
    }
    return rate.isBad(nowNanos) && open(begun, nowNanos, "half of its calls failed");
  }

  private synchronized boolean open(Spell begun, long nowNanos, String reason) {
    if (begun != spell) {
      return false;
    }
    if (begun.phase == Phase.CLOSED) {
      // A step back for each time that it was as long in use as it was out before.
      steps -= (int) Math.min(steps, (nowNanos - begun.sinceNanos) / lastOutNanos);
    }
    why = reason;
    lastOutNanos = firstNanos << steps;
    become(Phase.OPEN, nowNanos, lastOutNanos, 0);
    return true;
  }

  private void close(Spell begun, long nowNanos) {
    synchronized (this) {
      if (begun != spell) {
        return;
      }
      pauses = 0;
      window.restart();
      become(Phase.CLOSED, nowNanos, 0, Window.MOST);
    }
    window.handOut();
  }

  /** No other node works: it is better than none, with a pause before each try. */
  synchronized void isTheLast(long nowNanos) {
    if (spell.phase == Phase.OPEN) {
      long pause = Math.min(MOST_PAUSE_NANOS, FIRST_PAUSE_NANOS << Math.min(pauses++, 10));
      become(Phase.PAUSED, nowNanos, Math.min(firstNanos, pause), 0);
    }
  }

  /** Another process answers at the node's address. */
  void reconnected(long nowNanos) {
    synchronized (this) {
      window.restart();
      if (spell.phase == Phase.CLOSED) {
        become(Phase.CLOSED, nowNanos, 0, Window.MOST);
      } else {
        become(Phase.PROBING, nowNanos, 0, 1);
      }
    }
    window.handOut();
  }

  private void become(Phase phase, long nowNanos, long nanos, int places) {
    spell = new Spell(phase, nowNanos, nanos);
    failures.set(0);
    rate.reset();
    window.bound(places);
  }

  /**
   * Sees to it that a phase that ends by time does. The router's lock is held.
   *
   * @param onBack told when a node that was left out is to be used again
   */
  void time(ScheduledExecutorService pool, LongSupplier nanoTime, Runnable onBack) {
    Spell now = spell;
    if (timed == now) {
      return;
    }
    forget();
    timed = now;
    if (now.nanos > 0) {
      timer =
          pool.schedule(
              () -> end(now, nanoTime.getAsLong(), onBack), now.nanos, TimeUnit.NANOSECONDS);
    }
  }

  void forget() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private void end(Spell over, long nowNanos, Runnable onBack) {
    synchronized (this) {
      if (over != spell) {
        return;
      }
      if (over.phase == Phase.OPEN) {
        steps = Math.min(steps + 1, MOST_STEPS);
      }
      become(Phase.PROBING, nowNanos, 0, 1);
    }
    if (over.phase == Phase.OPEN) {
      onBack.run();
    }
    window.handOut();
  }

  /** For how long it opened last, and why. */
  synchronized String why() {
    return "for " + TimeUnit.NANOSECONDS.toMillis(lastOutNanos) + " ms: " + why;
  }
}
