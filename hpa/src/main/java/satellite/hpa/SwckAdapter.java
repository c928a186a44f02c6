package satellite.hpa;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;

/**
 * What SWCK's metrics adapter reads from OAP, as arithmetic. OAP keeps one whole number a minute:
 * the mean of all reports of all instances in that minute, cut off. The adapter takes the minute
 * before the present one, and 0 when there is none.
 *
 * <p>Time is an argument, in seconds since a full minute, and must not go back. For one thread.
 */
public final class SwckAdapter {

  /** How often a Satellite reports its meters. */
  public static final int REPORT_SECONDS = 10;

  private record Report(long seconds, long value) {}

  private final Deque<Report> reports = new ArrayDeque<>();
  private final int persistSeconds;

  /**
   * @param persistSeconds how often OAP writes what has come in to where it is read from (its
   *     {@code SW_CORE_PERSISTENT_PERIOD}, 25): until then a minute is known in part
   */
  public SwckAdapter(int persistSeconds) {
    this.persistSeconds = persistSeconds;
  }

  /** One instance has reported; which one does not matter. */
  public void report(long nowSeconds, long value) {
    reports.add(new Report(nowSeconds, value));
  }

  /** What the HorizontalPodAutoscaler is told now. */
  public long value(long nowSeconds) {
    long end = nowSeconds / 60 * 60;
    long begin = end - 60;
    long written = nowSeconds / persistSeconds * persistSeconds;
    while (!reports.isEmpty() && reports.peek().seconds < begin) {
      reports.remove();
    }
    long sum = 0;
    long count = 0;
    for (Report report : reports) {
      if (report.seconds < end && report.seconds <= written) {
        sum += report.value;
        count++;
      }
    }
    return count == 0 ? 0 : sum / count;
  }

  /**
   * An argument that is spelt out in labels, as a label's value cannot hold every character: {@code
   * name}, or {@code name.str.0}, {@code name.byte.1} and so on, joined; a byte is two hex digits
   * of UTF-8.
   */
  public static String argument(String name, Map<String, String> labels) {
    String plain = labels.get(name);
    if (plain != null) {
      return plain;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; ; i++) {
      String string = labels.get(name + ".str." + i);
      String code = labels.get(name + ".byte." + i);
      if (string != null) {
        bytes.writeBytes(string.getBytes(StandardCharsets.UTF_8));
      } else if (code != null) {
        bytes.write(Integer.parseInt(code, 16));
      } else {
        return bytes.toString(StandardCharsets.UTF_8);
      }
    }
  }
}
