package satellite.queue.disk;

import java.util.concurrent.TimeUnit;

/**
 * Whether the disk works. What fails is said in the log, at most once in ten seconds; writing is
 * tried again every {@value #RETRY_SECONDS} seconds. The disk thread tells, any thread asks.
 */
final class DiskHealth {

  private static final System.Logger LOG = System.getLogger("disk");
  private static final int RETRY_SECONDS = 2;
  private static final long LOG_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final Clock clock;
  private volatile boolean up = true;
  private volatile String lastError;
  private long failedNanos;
  private long loggedNanos;
  private boolean logged;
  private long unsaid;

  DiskHealth(Clock clock) {
    this.clock = clock;
  }

  boolean isUp() {
    return up;
  }

  String lastError() {
    return lastError;
  }

  /** Writing does not work any more. */
  synchronized void failed(String what, Throwable why) {
    up = false;
    failedNanos = clock.nanos();
    warn(what, why);
  }

  /** True when it is time to find out whether it works again. */
  synchronized boolean isRetryDue() {
    return !up && clock.nanos() - failedNanos >= TimeUnit.SECONDS.toNanos(RETRY_SECONDS);
  }

  synchronized void recovered() {
    if (!up) {
      up = true;
      LOG.log(System.Logger.Level.INFO, "the disk works again");
    }
  }

  /** Something failed that does not keep others from being written. */
  synchronized void warn(String what, Throwable why) {
    lastError = what + ": " + describe(why);
    long now = clock.nanos();
    if (logged && now - loggedNanos < LOG_NANOS) {
      unsaid++;
      return;
    }
    LOG.log(
        System.Logger.Level.WARNING,
        lastError + (unsaid == 0 ? "" : " (and " + unsaid + " errors since the last line)"));
    logged = true;
    loggedNanos = now;
    unsaid = 0;
  }

  /** In the system's words where it has any: an exception's text alone may be just a path. */
  private static String describe(Throwable why) {
    String words = why.getMessage();
    return why.getClass().getSimpleName() + (words == null ? "" : " " + words);
  }
}
