package satellite.routing;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * How much each key may take in a second; what it did not take is saved for a second. Nothing is
 * refused: who takes more than there is has to wait before it takes again, at most an hour. Keys
 * that took nothing for so long owe nothing and are forgotten, and so are the least used of very
 * many. Any thread, no lock.
 *
 * <p>The generic cell rate algorithm (ITU-T I.371): for each key only the instant is kept at which
 * it will have paid for what it took.
 */
public final class RateLimit {

  private static final long SAVED_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int MAX_KEYS = 10_000;
  private static final long OWED_NANOS = TimeUnit.HOURS.toNanos(1);

  private final double nanosEach;
  private final LongSupplier nanoTime;
  private final Cache<String, AtomicLong> paidAt;

  public RateLimit(long perSecond, LongSupplier nanoTime) {
    this.nanosEach = (double) TimeUnit.SECONDS.toNanos(1) / perSecond;
    this.nanoTime = nanoTime;
    this.paidAt =
        Caffeine.newBuilder()
            .maximumSize(MAX_KEYS)
            .expireAfterAccess(Duration.ofNanos(OWED_NANOS))
            .ticker(nanoTime::getAsLong)
            .executor(Runnable::run)
            .build();
  }

  /**
   * Takes so many.
   *
   * @return for how long the key has to wait before it takes more, in nanoseconds; 0 for not at all
   */
  public long take(String key, long count) {
    long now = nanoTime.getAsLong();
    long costs = (long) Math.min(count * nanosEach, SAVED_NANOS + OWED_NANOS);
    AtomicLong paid = paidAt.get(key, any -> new AtomicLong(now - SAVED_NANOS));
    long after =
        paid.updateAndGet(
            before -> {
              long saved = Math.min(SAVED_NANOS, now - before);
              return now + Math.min(OWED_NANOS, costs - saved);
            });
    return Math.max(0, after - now);
  }
}
