package satellite.routing;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;

/** How many of a node's calls failed within the last {@value #SECONDS} seconds. No lock. */
final class ErrorRate {

  static final int SECONDS = 10;

  /** Fewer calls say too little. */
  static final int MIN_CALLS = 20;

  private static final int BITS = 20;
  private static final long COUNT = (1L << BITS) - 1;
  private static final long SECOND = (1L << 24) - 1;

  /** A power of two: the numbers of seconds begin anew without a seam. */
  private static final int BUCKETS = 16;

  /** A second each, in turn: its number, its calls, its failures, in 24, 20 and 20 bits. */
  private final AtomicLongArray seconds = new AtomicLongArray(BUCKETS);

  void add(boolean failed, long nowNanos) {
    long second = second(nowNanos);
    int bucket = (int) (second % BUCKETS);
    long before;
    long after;
    do {
      before = seconds.get(bucket);
      long counts = before >>> 2 * BITS == second ? before : second << 2 * BITS;
      after = counts + (1L << BITS) + (failed ? 1 : 0);
    } while (!seconds.compareAndSet(bucket, before, after));
  }

  /** At least half of them. */
  boolean isHigh(long nowNanos) {
    long second = second(nowNanos);
    long calls = 0;
    long failures = 0;
    for (int i = 0; i < BUCKETS; i++) {
      long one = seconds.get(i);
      long age = (second - (one >>> 2 * BITS)) & SECOND;
      if (age < SECONDS) {
        calls += one >>> BITS & COUNT;
        failures += one & COUNT;
      }
    }
    return calls >= MIN_CALLS && 2 * failures >= calls;
  }

  void reset() {
    for (int i = 0; i < BUCKETS; i++) {
      seconds.set(i, 0);
    }
  }

  private static long second(long nowNanos) {
    return Math.floorDiv(nowNanos, TimeUnit.SECONDS.toNanos(1)) & SECOND;
  }
}
