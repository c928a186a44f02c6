package satellite.routing;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many retries the nodes of one client get: one for {@value #CALLS_PER_RETRY} calls that were
 * answered, saved up to {@value #MAX_SAVED}, and {@value #RESERVE_PER_SECOND} a second in any case.
 * So nodes that fail most of what they get are not asked more than nodes that fail nothing, and a
 * client without success still tries. A retry that gets no token is to wait, not to be given up.
 * Any thread; no lock.
 */
public final class RetryBudget {

  static final int CALLS_PER_RETRY = 5;
  static final int MAX_SAVED = 100;
  static final int RESERVE_PER_SECOND = 20;

  private static final long RESERVE_NANOS = TimeUnit.SECONDS.toNanos(1) / RESERVE_PER_SECOND;

  /** In fifths of a retry. */
  private final AtomicInteger saved = new AtomicInteger(MAX_SAVED * CALLS_PER_RETRY);

  /** When the next one of the reserve is there; a second's worth of them at most is. */
  private final AtomicLong nextNanos;

  private final LongAdder taken = new LongAdder();
  private final LongAdder delayed = new LongAdder();

  RetryBudget(long nowNanos) {
    this.nextNanos = new AtomicLong(nowNanos);
  }

  void answered() {
    if (saved.get() < MAX_SAVED * CALLS_PER_RETRY) {
      saved.incrementAndGet();
    }
  }

  /** Whether a retry may go now. */
  public boolean take(long nowNanos) {
    if (takeSaved() || takeReserve(nowNanos)) {
      taken.increment();
      return true;
    }
    delayed.increment();
    return false;
  }

  private boolean takeSaved() {
    int now;
    do {
      now = saved.get();
      if (now < CALLS_PER_RETRY) {
        return false;
      }
    } while (!saved.compareAndSet(now, now - CALLS_PER_RETRY));
    return true;
  }

  private boolean takeReserve(long nowNanos) {
    long next = nextNanos.get();
    if (next - nowNanos > 0) {
      return false;
    }
    long earliest = nowNanos - TimeUnit.SECONDS.toNanos(1);
    long from = next - earliest > 0 ? next : earliest;
    return nextNanos.compareAndSet(next, from + RESERVE_NANOS) || takeReserve(nowNanos);
  }

  /** Retries that went. */
  public long taken() {
    return taken.sum();
  }

  /** Times a retry was told to wait. */
  public long delayed() {
    return delayed.sum();
  }
}
