package satellite.routing;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleUnaryOperator;

/**
 * How many calls may be under way to one node, of all pipes together, and who waits for a permit.
 * Any thread; no lock.
 *
 * <p>The size follows the answers as that of TCP Vegas does (Brakmo and Peterson, "TCP Vegas: End
 * to End Congestion Avoidance on a Global Internet", 1995). Of {@code n} calls under way that take
 * {@code t}, where the best node takes {@code b}, {@code n * (1 - b/t)} only stand in a queue.
 * Fewer than {@value #ALPHA}: it grows, by one for each answer while it is small and new, then by
 * one for as many answers as it is large. More than {@value #BETA}: half of what is too many goes
 * within as many answers. A failure halves it, once for all calls that were under way then. It
 * grows only while it is used: half of it at least.
 *
 * <p>Permits go to those who wait in their order, and nobody passes them: a pipe with much to send
 * gets no more than another one.
 */
final class Window {

  static final int INITIAL_LIMIT = 10;
  static final int MAX_LIMIT = 256;
  static final double ALPHA = 8;
  static final double BETA = 16;

  private final AtomicInteger inFlight = new AtomicInteger();

  /** Bits of a double. */
  private final AtomicLong size = new AtomicLong(Double.doubleToRawLongBits(INITIAL_LIMIT));

  private final AtomicLong cutNanos;
  private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

  /** It doubles with each round of answers up to here. */
  private volatile double slowStartThreshold = MAX_LIMIT;

  private volatile boolean inSlowStart;

  /** What the node's circuit allows. */
  private volatile int maxLimit = MAX_LIMIT;

  Window(long nowNanos) {
    this.cutNanos = new AtomicLong(nowNanos - 1);
  }

  /** Takes a permit; who gets none may wait for one, {@link #onPermit}. */
  boolean tryAcquire() {
    return waiting.isEmpty() && take();
  }

  /**
   * Runs {@code granted} once, when a permit was taken in its name, on the thread that freed it, or
   * at once. The permit must be used, or given back by {@link #release}.
   */
  void onPermit(Runnable granted) {
    waiting.add(granted);
    grantWaiting();
  }

  void release() {
    inFlight.decrementAndGet();
    grantWaiting();
  }

  /** To be followed by {@link #grantWaiting}. */
  void setMaxLimit(int permits) {
    maxLimit = permits;
  }

  /**
   * Whoever frees a permit, or adds himself, runs this after it; so no permit stays free while
   * somebody waits.
   */
  void grantWaiting() {
    while (!waiting.isEmpty() && take()) {
      Runnable first = waiting.poll();
      if (first == null) {
        inFlight.decrementAndGet();
      } else {
        first.run();
      }
    }
  }

  private boolean take() {
    int now;
    do {
      now = inFlight.get();
      if (now >= limit()) {
        return false;
      }
    } while (!inFlight.compareAndSet(now, now + 1));
    return true;
  }

  /**
   * @param underWay calls when this one began or ended, itself included
   * @param share of its time that it would have taken on an idle node
   */
  void answered(int underWay, double share) {
    double queued = underWay * (1 - share);
    if (queued > ALPHA) {
      slowStartThreshold = Math.min(slowStartThreshold, exact());
    }
    if (queued > BETA) {
      resize(size -> size - (queued - BETA) / (2 * underWay));
    } else if (queued < ALPHA) {
      resize(
          size -> {
            boolean used = 2 * underWay >= size;
            double more = size < slowStartThreshold ? 1 : 1 / size;
            return used ? size + more : size;
          });
    }
    if (inSlowStart && exact() >= INITIAL_LIMIT) {
      inSlowStart = false;
    }
  }

  /** A call that began at {@code startNanos} failed, or the node said that it has too much. */
  void failed(long startNanos, long nowNanos) {
    long last = cutNanos.get();
    if (startNanos - last > 0 && cutNanos.compareAndSet(last, nowNanos)) {
      resize(size -> size / 2);
      slowStartThreshold = exact();
      inSlowStart = false;
    }
  }

  /** From one on: the node is new, or has been away. */
  void slowStart() {
    size.set(Double.doubleToRawLongBits(1));
    slowStartThreshold = MAX_LIMIT;
    inSlowStart = true;
  }

  /** Whether it was restarted and has not come far. */
  boolean isInSlowStart() {
    return inSlowStart;
  }

  private void resize(DoubleUnaryOperator step) {
    size.updateAndGet(
        bits -> {
          double next = step.applyAsDouble(Double.longBitsToDouble(bits));
          return Double.doubleToRawLongBits(Math.max(1, Math.min(MAX_LIMIT, next)));
        });
  }

  private double exact() {
    return Double.longBitsToDouble(size.get());
  }

  /** Calls that may be under way now. */
  int limit() {
    return Math.min(maxLimit, (int) exact());
  }

  int inFlight() {
    return inFlight.get();
  }
}
