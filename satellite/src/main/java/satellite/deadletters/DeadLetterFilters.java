package satellite.deadletters;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;
import satellite.pipes.deadletters.StoredDeadLetter;

/** Which letters are meant; without any, all. */
final class DeadLetterFilters {

  @Option(names = "--pipe", paramLabel = "NAME", description = "Only those of this pipe.")
  private String pipe;

  @Option(
      names = "--reason",
      paramLabel = "REASON",
      description = "Only those refused for this reason, such as invalid_argument.")
  private String reason;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      converter = Since.class,
      description =
          "Only those refused since then: so long ago (90s, 30m, 2h, 7d), a date or a time"
              + " (2026-11-22, 2026-11-22T23:30:00Z).")
  private Instant since;

  boolean match(StoredDeadLetter letter) {
    return (pipe == null || pipe.equals(letter.pipe()))
        && (reason == null || reason.equals(letter.reason()))
        && (since == null || !letter.time().isBefore(since));
  }

  boolean any() {
    return pipe != null || reason != null || since != null;
  }

  /** A moment, or how long ago it was. */
  static final class Since implements ITypeConverter<Instant> {
    private static final Pattern AGO = Pattern.compile("(\\d{1,6})([smhd])");

    @Override
    public Instant convert(String text) {
      Matcher ago = AGO.matcher(text);
      if (ago.matches()) {
        long number = Long.parseLong(ago.group(1));
        return Instant.now()
            .minus(
                switch (ago.group(2)) {
                  case "s" -> Duration.ofSeconds(number);
                  case "m" -> Duration.ofMinutes(number);
                  case "h" -> Duration.ofHours(number);
                  default -> Duration.ofDays(number);
                });
      }
      try {
        return text.contains("T")
            ? OffsetDateTime.parse(text).toInstant()
            : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
      } catch (DateTimeException e) {
        throw new TypeConversionException(
            "'" + text + "' is no time: 90s, 30m, 2h, 7d, 2026-11-22 or 2026-11-22T23:30:00Z");
      }
    }
  }
}
