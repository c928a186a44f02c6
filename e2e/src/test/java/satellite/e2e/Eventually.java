package satellite.e2e;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Waits for a fact by asking again and again; the failure tells the last answer. */
public final class Eventually {

  /** Long enough for a busy machine; a good run waits for the OAP's flush, some seconds. */
  static final Duration PATIENCE = Duration.ofSeconds(90);

  private static final long PAUSE_MILLIS = 200;

  private Eventually() {}

  static <T> void equal(T expected, String what, Callable<T> actual) {
    until(what + " is " + expected, actual, answer -> Objects.equals(expected, answer));
  }

  /** Each of them arrives, once, and nothing else does. */
  static void exactly(Collection<String> expected, String what, Callable<List<String>> actual) {
    until(
        what + " are the expected " + expected.size(),
        () -> Difference.between(expected, actual.call()),
        Difference::isNone);
  }

  /** Tells thousands of names apart in a line. */
  private record Difference(List<String> missing, List<String> extra) {

    static Difference between(Collection<String> expected, Collection<String> actual) {
      return new Difference(without(expected, actual), without(actual, expected));
    }

    private static List<String> without(Collection<String> some, Collection<String> others) {
      Map<String, Integer> left = new HashMap<>();
      others.forEach(name -> left.merge(name, 1, Integer::sum));
      return some.stream().filter(name -> left.merge(name, -1, Integer::sum) < 0).toList();
    }

    boolean isNone() {
      return missing.isEmpty() && extra.isEmpty();
    }

    @Override
    public String toString() {
      return few("missing", missing) + ", " + few("too many", extra);
    }

    private static String few(String what, List<String> names) {
      return names.size() + " " + what + " " + names.subList(0, Math.min(3, names.size()));
    }
  }

  static <T> T until(String what, Callable<T> question, Predicate<T> fact) {
    return until(what, PATIENCE, question, fact);
  }

  /** Exceptions of the question count as "not yet": a peer that starts refuses connections. */
  static <T> T until(String what, Duration patience, Callable<T> question, Predicate<T> fact) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      Object last;
      try {
        T answer = question.call();
        if (fact.test(answer)) {
          return answer;
        }
        last = answer;
      } catch (Exception e) {
        last = e;
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within " + patience + ": " + what + "; last: " + last);
      }
      pause();
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while waiting", e);
    }
  }
}
