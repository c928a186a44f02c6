package satellite.e2e.faults;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import satellite.e2e.Metrics;

/** Satellite's own account, in client messages. */
record AccountFigures(
    long received,
    long forwarded,
    long queued,
    long spilled,
    long dead,
    Map<String, Long> dropped,
    long recovered) {

  private static final Pattern REASONS = Pattern.compile("dropped \\d+ \\{(.*?)}");

  /** As its last words have it. */
  static AccountFigures ofLastLine(List<String> output) {
    String last = output.get(output.size() - 1);
    if (!last.contains("account: received")) {
      throw new AssertionError("no account in the last line: " + last);
    }
    Map<String, Long> dropped = new TreeMap<>();
    Matcher reasons = REASONS.matcher(last);
    if (reasons.find()) {
      for (String reason : reasons.group(1).split(", ")) {
        String[] parts = reason.split("=");
        dropped.put(parts[0], Long.parseLong(parts[1]));
      }
    }
    return new AccountFigures(
        number("received", last),
        number("forwarded", last),
        number("queued", last),
        number("spilled", last),
        number("dead", last),
        dropped,
        number("recovered", last));
  }

  private static long number(String word, String line) {
    Matcher m = Pattern.compile("\\b" + word + " (\\d+)").matcher(line);
    return m.find() ? Long.parseLong(m.group(1)) : 0;
  }

  /** As its metrics have it. */
  static AccountFigures of(Metrics metrics) {
    Map<String, Long> dropped = new TreeMap<>();
    for (String reason : metrics.values("satellite_dropped_messages_total", "reason")) {
      dropped.put(reason, metrics.sum("satellite_dropped_messages", "reason=\"" + reason + "\""));
    }
    return new AccountFigures(
        metrics.sum("satellite_received_messages"),
        metrics.sum("satellite_forwarded_messages"),
        metrics.sum("satellite_queued_messages"),
        metrics.sum("satellite_spilled_messages"),
        metrics.sum("satellite_dead_messages"),
        dropped,
        metrics.sum("satellite_recovered_messages"));
  }

  long droppedInAll() {
    return dropped.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Without dead letters, what a node refuses for good is dropped. */
  long refusedForGood() {
    return dropped.getOrDefault("invalid_argument", 0L) + dropped.getOrDefault("internal", 0L);
  }

  boolean balances() {
    return received == forwarded + queued + spilled + dead + droppedInAll();
  }

  /** Nothing is under way. */
  boolean areClosed() {
    return queued == 0 && spilled == 0 && balances();
  }
}
