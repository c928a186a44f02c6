package satellite.config;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as Go writes them: numbers with units, one after the other, such as {@code 1m30s}. */
final class GoDuration {

  /** Long enough for every timer, short enough that milliseconds fit an int. */
  static final Duration LONGEST = Duration.ofDays(24);

  private static final String NUMBER = "\\d{1,15}(?:\\.\\d{0,9})?|\\.\\d{1,9}";
  private static final Pattern PLAIN = Pattern.compile(NUMBER);
  private static final Pattern PART = Pattern.compile("(" + NUMBER + ")(ns|us|µs|μs|ms|s|m|h)");
  private static final Map<String, ChronoUnit> UNITS =
      Map.of(
          "ns", ChronoUnit.NANOS,
          "us", ChronoUnit.MICROS,
          "µs", ChronoUnit.MICROS,
          "μs", ChronoUnit.MICROS,
          "ms", ChronoUnit.MILLIS,
          "s", ChronoUnit.SECONDS,
          "m", ChronoUnit.MINUTES,
          "h", ChronoUnit.HOURS);

  private GoDuration() {}

  /** Empty if the text is none, or longer than {@link #LONGEST}. */
  static Optional<Duration> parse(String text, ChronoUnit plainUnit) {
    return nanos(text, plainUnit)
        .filter(nanos -> nanos.compareTo(BigDecimal.valueOf(LONGEST.toNanos())) <= 0)
        .map(nanos -> Duration.ofNanos(nanos.longValue()));
  }

  private static Optional<BigDecimal> nanos(String text, ChronoUnit plainUnit) {
    if (PLAIN.matcher(text).matches()) {
      return Optional.of(nanosOf(text, plainUnit));
    }
    Matcher part = PART.matcher(text);
    BigDecimal nanos = BigDecimal.ZERO;
    int end = 0;
    while (part.find() && part.start() == end) {
      nanos = nanos.add(nanosOf(part.group(1), UNITS.get(part.group(2))));
      end = part.end();
    }
    return end > 0 && end == text.length() ? Optional.of(nanos) : Optional.empty();
  }

  private static BigDecimal nanosOf(String number, ChronoUnit unit) {
    return new BigDecimal(number).multiply(BigDecimal.valueOf(unit.getDuration().toNanos()));
  }
}
