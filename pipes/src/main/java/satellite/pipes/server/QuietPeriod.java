package satellite.pipes.server;

import java.util.concurrent.TimeUnit;

/**
 * Tells when a stream that its client keeps open may be ended without losing what is on its way:
 * these protocols acknowledge nothing before their end, so a moment must do at which nothing has
 * come for a while. On the stream's event loop.
 */
final class QuietPeriod {

  /**
   * A stream on which nothing came for so long has nothing on its way, most likely: longer than the
   * pauses of {@link ReadCoalescing} and than most ways, shorter than most flush times of senders.
   */
  static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  /**
   * Younger ones end by themselves, most likely. Above all, the first message of one that was
   * opened just now is on its way.
   */
  static final long LASTING_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final InboundMessageTracer tracer;
  private final long openedNanos;
  private long lastNanos;

  QuietPeriod(InboundMessageTracer tracer, long openedNanos) {
    this.tracer = tracer;
    this.openedNanos = openedNanos;
    this.lastNanos = openedNanos;
  }

  /** A message came, or could come again. */
  void messageAt(long nanos) {
    lastNanos = nanos;
  }

  boolean isAt(long nanos) {
    return nanos - lastNanos >= QUIET_NANOS
        && nanos - openedNanos >= LASTING_NANOS
        && !tracer.isInPart();
  }
}
