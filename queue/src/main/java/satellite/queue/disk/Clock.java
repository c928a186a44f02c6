package satellite.queue.disk;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Both clocks: {@code nanoTime} measures, and means nothing to another process; the wall clock
 * does, and jumps.
 */
record Clock(LongSupplier nanoTime, LongSupplier wallMillis) {

  /** Older than anything that is looked at; more would overflow. */
  private static final long MAX_AGE_MILLIS = TimeUnit.DAYS.toMillis(3650);

  static final Clock SYSTEM = new Clock(System::nanoTime, System::currentTimeMillis);

  long nanos() {
    return nanoTime.getAsLong();
  }

  long wallOf(long nanos) {
    return wallMillis.getAsLong() - TimeUnit.NANOSECONDS.toMillis(nanos() - nanos);
  }

  /** In this process's time, and never in the future, however the wall clock was set. */
  long nanosOf(long wall) {
    long age = Math.max(0, Math.min(MAX_AGE_MILLIS, wallMillis.getAsLong() - wall));
    return nanos() - TimeUnit.MILLISECONDS.toNanos(age);
  }
}
