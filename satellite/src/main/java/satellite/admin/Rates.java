package satellite.admin;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * How much counters have grown lately, from samples that somebody takes once a second: over the
 * last ten seconds, or as far back as there are samples. Any thread.
 */
final class Rates<K> {

  private static final long SPAN_NANOS = TimeUnit.SECONDS.toNanos(10);

  private record Sample<K>(Map<K, Long> counters, long nanos) {}

  /** The oldest first; of those that are as old as the span, the youngest. */
  private final ArrayDeque<Sample<K>> samples = new ArrayDeque<>();

  /**
   * @param counters never changed again
   */
  synchronized void sample(Map<K, Long> counters, long nowNanos) {
    samples.add(new Sample<>(counters, nowNanos));
    while (hasTwoThatAreOld(nowNanos)) {
      samples.removeFirst();
    }
  }

  private boolean hasTwoThatAreOld(long nowNanos) {
    Iterator<Sample<K>> oldest = samples.iterator();
    oldest.next();
    return oldest.hasNext() && nowNanos - oldest.next().nanos >= SPAN_NANOS;
  }

  /** 0 for a counter that nobody knows. */
  double perSecond(K counter) {
    Increase increase = increaseOf(counter);
    return increase.nanos == 0 ? 0 : increase.count * 1e9 / increase.nanos;
  }

  /** By how much it has grown in that time. */
  long increase(K counter) {
    return increaseOf(counter).count;
  }

  private record Increase(long count, long nanos) {}

  /** Back to where the counter began, or began again: a node may go and come back. */
  private synchronized Increase increaseOf(K counter) {
    if (samples.isEmpty() || !samples.getLast().counters.containsKey(counter)) {
      return new Increase(0, 0);
    }
    Sample<K> last = samples.getLast();
    long most = last.counters.get(counter);
    long first = most;
    long firstNanos = last.nanos;
    Iterator<Sample<K>> backwards = samples.descendingIterator();
    while (backwards.hasNext()) {
      Sample<K> sample = backwards.next();
      Long value = sample.counters.get(counter);
      if (value == null || value > first) {
        break;
      }
      first = value;
      firstNanos = sample.nanos;
    }
    return new Increase(most - first, last.nanos - firstNanos);
  }
}
