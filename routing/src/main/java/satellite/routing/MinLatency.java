package satellite.routing;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How fast calls of one kind are answered when nothing is in their way: the best that any node did
 * within the last half minute to a minute. Older figures are forgotten: the node that was so fast
 * may be gone. Any thread; a figure that is lost in a race comes again.
 */
public final class MinLatency {

  private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** So much more than the best says nothing: a larger batch, a pause of the collector. */
  private static final long SLACK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final AtomicLong periodStart;
  private volatile long best = Long.MAX_VALUE;
  private volatile long before = Long.MAX_VALUE;

  MinLatency(long nowNanos) {
    this.periodStart = new AtomicLong(nowNanos);
  }

  void record(long tookNanos, long nowNanos) {
    long start = periodStart.get();
    if (nowNanos - start >= PERIOD_NANOS && periodStart.compareAndSet(start, nowNanos)) {
      before = best;
      best = tookNanos;
    } else if (tookNanos < best) {
      best = tookNanos;
    }
  }

  /** The part of a call's time that it would have taken anyway; the rest of it was a queue. */
  double share(long tookNanos) {
    long least = Math.min(best, before);
    long free = least == Long.MAX_VALUE ? tookNanos : least + SLACK_NANOS;
    return tookNanos <= free ? 1 : (double) free / tookNanos;
  }
}
