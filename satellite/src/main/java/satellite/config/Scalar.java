package satellite.config;

import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/**
 * A single value. Whoever asks for it decides how its text is read, so {@code 5}, {@code "5"} and
 * {@code ${X:5}} are the same.
 *
 * @param text after environment variables were put in
 * @param defaultText the text that the reference has here when no environment variable is set
 */
record Scalar(Location location, String text, String defaultText) implements Value {

  private static final int LONGEST_SHOWN = 80;

  boolean isDefault() {
    return text.equals(defaultText);
  }

  int integer(int min, int max) {
    return (int) number(min, max);
  }

  long number(long min, long max) {
    try {
      // Reading takes the square of the length.
      long number = new BigDecimal(shown()).longValueExact();
      if (number >= min && number <= max) {
        return number;
      }
    } catch (ArithmeticException | NumberFormatException e) {
      // told below
    }
    throw invalid("must be a whole number within " + min + ".." + max);
  }

  /** Empty is false, as an empty default in the file means. */
  boolean bool() {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false", "" -> false;
      default -> throw invalid("must be true or false");
    };
  }

  /** Such as {@code 500ms} or {@code 1m30s}, or a plain number of the unit; longer than zero. */
  Duration duration(ChronoUnit unit) {
    Duration duration = durationOrZero(unit);
    if (duration.isZero()) {
      throw invalid("must be longer than zero");
    }
    return duration;
  }

  Duration durationOrZero(ChronoUnit unit) {
    return GoDuration.parse(text, unit)
        .orElseThrow(
            () ->
                invalid(
                    "must be a duration: 500ms, 5s, 1m30s, or a number of "
                        + (unit == ChronoUnit.MILLIS
                            ? "milliseconds"
                            : unit.toString().toLowerCase(Locale.ROOT))
                        + ", at most "
                        + GoDuration.LONGEST.toDays()
                        + " days"));
  }

  @Override
  public String oneOf(Collection<String> possible) {
    AllowedValues.check(this, text, possible);
    return text;
  }

  /** The parts between commas, without the blank ones. */
  List<String> commaList() {
    return Arrays.stream(text.split(",")).map(String::strip).filter(s -> !s.isEmpty()).toList();
  }

  Path path() {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw invalid("must be the path of a file");
    }
  }

  /** A secret that goes over the wire as a header: what does not survive that is no token. */
  String token() {
    if (!text.equals(text.strip()) || text.chars().anyMatch(c -> c < ' ' || c > '~')) {
      throw error("must be printable ASCII without blanks around it; it is not shown here");
    }
    return text;
  }

  /** An error that shows what was found. */
  ConfigException invalid(String what) {
    return error(what + ", found " + kind());
  }

  @Override
  public Scalar asScalar() {
    return this;
  }

  @Override
  public String kind() {
    return '"' + shown() + '"';
  }

  private String shown() {
    return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "...";
  }

  @Override
  public Value withDefaults(Value base) {
    if (base instanceof Scalar scalar) {
      return new Scalar(location, text, scalar.defaultText);
    }
    if (base instanceof Absent) {
      return this;
    }
    throw mustBeLike(base);
  }
}
