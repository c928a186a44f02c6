package satellite.routing;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * How much each key may take in a second; what it did not take is saved for a second. Nothing is
 * refused: who takes more than there is has to wait before it takes again. Keys that took nothing
 * for a minute are forgotten, and so are the least used of very many. Any thread, no lock.
 *
 * <p>The generic cell rate algorithm (ITU-T I.371): for each key only the instant is kept at which
 * it will have paid for what it took.
 */
public final class RateLimit {

  private static final long SAVED_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int MAX_KEYS = 10_000;
  private static final Duration FORGET = Duration.ofMinutes(1);

  private final double nanosEach;
  private final LongSupplier nanoTime;
  private final Cache<String, AtomicLong> paidAt;

  public RateLimit(long perSecond, LongSupplier nanoTime) {
    this.nanosEach = (double) TimeUnit.SECONDS.toNanos(1) / perSecond;
    this.nanoTime = nanoTime;
    this.paidAt =
        Caffeine.newBuilder()
            .maximumSize(MAX_KEYS)
            .expireAfterAccess(FORGET)
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
    long costs = (long) (count * nanosEach);
    AtomicLong paid = paidAt.get(key, any -> new AtomicLong(now - SAVED_NANOS));
    long after =
        paid.updateAndGet(
            before -> (before - (now - SAVED_NANOS) > 0 ? before : now - SAVED_NANOS) + costs);
    return Math.max(0, after - now);
  }
}
