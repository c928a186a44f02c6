package satellite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The layout of a line of the log, and of its time. */
class LogTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "2006-01-02 15:04:05.000   | 2026-11-22 07:08:09.012",
        "2006-01-02T15:04:05Z07:00 | 2026-11-22T07:08:09Z",
        "06/01/02, 03:04 PM        | 26/11/22, 07:08 AM",
        "at  [15:04] o'clock       | at  [07:08] o'clock",
        "''15''                    | ''07''",
        "Jan 02 -- 15h04           | Nov 22 -- 07h08",
        "05.000000                 | 09.012000",
      })
  void aGoLayoutIsWrittenAsGoWritesIt(String layout, String expected) {
    var moment = LocalDateTime.of(2026, 11, 22, 7, 8, 9, 12_000_000).atOffset(ZoneOffset.UTC);
    assertEquals(expected, Log.timeFormat(layout).withLocale(Locale.ROOT).format(moment));
  }

  @Test
  void aLineHasWhatThePatternNames() {
    var layout = new Log.Layout("%level|%field|%msg", Log.timeFormat("2006"));
    LogRecord entry = new LogRecord(Level.SEVERE, "{0} of {1}");
    entry.setLoggerName("router");
    entry.setParameters(new Object[] {1, 2});
    assertEquals("error|router|1 of 2" + System.lineSeparator(), layout.format(entry));
  }

  @Test
  void aFailureIsToldInTheSameLine() {
    var layout = new Log.Layout("%level %msg", Log.timeFormat("2006"));
    LogRecord entry = new LogRecord(Level.WARNING, "oops");
    entry.setThrown(new IllegalStateException("why"));
    assertEquals(
        "warning oops: java.lang.IllegalStateException: why" + System.lineSeparator(),
        layout.format(entry));
  }
}
