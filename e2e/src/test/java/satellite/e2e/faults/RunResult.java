package satellite.e2e.faults;

import java.util.Map;
import java.util.TreeMap;

/**
 * What a run, or many, came to, in items: answered = delivered + dead + destroyed + inMemory +
 * givenUp + lost.
 *
 * @param delivered of those answered
 * @param twice copies at the nodes beyond the first, of all that was sent
 * @param refused Satellite answered with an error
 * @param broken the call broke off without an answer
 * @param dead refused by a node for good
 * @param destroyed on disk, by the suite's own hand
 * @param inMemory lost with the memory of a Satellite that was killed
 * @param givenUp in memory at the end of a Satellite whose disk did not take it, and counted by it
 * @param lost without an excuse
 * @param dropped by Satellite's own account, in messages
 */
record RunResult(
    long runs,
    long sent,
    long answered,
    long delivered,
    long twice,
    long refused,
    long broken,
    long dead,
    long destroyed,
    long inMemory,
    long givenUp,
    long lost,
    Map<String, Long> dropped) {

  static final RunResult NONE = new RunResult(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Map.of());

  RunResult plus(RunResult other) {
    Map<String, Long> both = new TreeMap<>(dropped);
    other.dropped.forEach((reason, messages) -> both.merge(reason, messages, Long::sum));
    return new RunResult(
        runs + other.runs,
        sent + other.sent,
        answered + other.answered,
        delivered + other.delivered,
        twice + other.twice,
        refused + other.refused,
        broken + other.broken,
        dead + other.dead,
        destroyed + other.destroyed,
        inMemory + other.inMemory,
        givenUp + other.givenUp,
        lost + other.lost,
        both);
  }

  static String head() {
    return String.format(
        "%-10s %5s %9s %9s %9s %7s %8s %8s %6s %9s %9s %8s %5s  %s",
        "mode",
        "runs",
        "sent",
        "answered",
        "delivered",
        "twice",
        "refused",
        "broken",
        "dead",
        "destroyed",
        "in memory",
        "given up",
        "lost",
        "dropped, in messages");
  }

  String line(String mode) {
    return String.format(
        "%-10s %5d %9d %9d %9d %7d %8d %8d %6d %9d %9d %8d %5d  %s",
        mode, runs, sent, answered, delivered, twice, refused, broken, dead, destroyed, inMemory,
        givenUp, lost, dropped);
  }
}
