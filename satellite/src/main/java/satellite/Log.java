package satellite;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import satellite.config.LoggerConfig;

/**
 * The log, in the layout of the Go Satellite: {@code %time}, {@code %level}, {@code %field} (who
 * writes) and {@code %msg}. Written by the JDK's logger to standard error.
 */
final class Log {

  /**
   * Go writes a layout as the moment 2006-01-02 15:04:05; longer pieces before their beginnings.
   */
  private static final Map<String, String> GO_LAYOUT = new LinkedHashMap<>();

  static {
    GO_LAYOUT.put("2006", "yyyy");
    GO_LAYOUT.put("January", "MMMM");
    GO_LAYOUT.put("Jan", "MMM");
    GO_LAYOUT.put("Monday", "EEEE");
    GO_LAYOUT.put("Mon", "EEE");
    GO_LAYOUT.put("MST", "zzz");
    GO_LAYOUT.put("-07:00", "xxx");
    GO_LAYOUT.put("-0700", "xx");
    GO_LAYOUT.put("Z07:00", "XXX");
    GO_LAYOUT.put("000000000", "SSSSSSSSS");
    GO_LAYOUT.put("000000", "SSSSSS");
    GO_LAYOUT.put("000", "SSS");
    GO_LAYOUT.put("01", "MM");
    GO_LAYOUT.put("02", "dd");
    GO_LAYOUT.put("15", "HH");
    GO_LAYOUT.put("03", "hh");
    GO_LAYOUT.put("04", "mm");
    GO_LAYOUT.put("05", "ss");
    GO_LAYOUT.put("06", "yy");
    GO_LAYOUT.put("PM", "a");
  }

  /**
   * They warn with every try and every batch; what a person needs to know of it, we say. Held, as
   * the JDK forgets the level of a logger that nobody holds.
   */
  private static List<Logger> quiet;

  /** Where the Kafka client says what one of its threads died of, and nowhere else. */
  private static Logger kafkaThreads;

  private Log() {}

  /**
   * To be called before anything is logged. The JDK closes its log when the JVM begins to end,
   * which is when draining begins; the account comes after that.
   */
  static void keepUntilExit() {
    System.setProperty("java.util.logging.manager", NeverResetLogManager.class.getName());
  }

  /** A log manager that nobody resets. */
  public static final class NeverResetLogManager extends LogManager {
    @Override
    public void reset() {}
  }

  static void configure(LoggerConfig config) {
    Logger root = LogManager.getLogManager().getLogger("");
    for (Handler handler : root.getHandlers()) {
      root.removeHandler(handler);
    }
    Level level =
        switch (config.level()) {
          case ALL, TRACE -> Level.FINER;
          case DEBUG -> Level.FINE;
          case INFO -> Level.INFO;
          case WARNING -> Level.WARNING;
          case ERROR -> Level.SEVERE;
          case OFF -> Level.OFF;
        };
    ConsoleHandler console = new ConsoleHandler();
    console.setLevel(level);
    console.setFormatter(new Layout(config.logPattern(), timeFormat(config.timePattern())));
    root.addHandler(console);
    // Never above warnings, whatever is written of them: an Error among them ends the process.
    root.setLevel(level.intValue() > Level.WARNING.intValue() ? Level.WARNING : level);
    // The libraries' details are not what a person asks for who wants to see Satellite's.
    Logger.getLogger("io").setLevel(Level.WARNING);
    quiet = List.of(Logger.getLogger("org.apache.kafka"), Logger.getLogger("io.fabric8"));
    quiet.forEach(library -> library.setLevel(Level.OFF));
    kafkaThreads = Logger.getLogger("org.apache.kafka.common.utils.KafkaThread");
    kafkaThreads.setLevel(Level.SEVERE);
  }

  /**
   * Tells of every exception that comes with a warning or an error, before that is written. After
   * {@link #configure}.
   */
  static void onThrown(Consumer<Throwable> listener) {
    Logger root = LogManager.getLogManager().getLogger("");
    Handler[] writers = root.getHandlers();
    for (Handler writer : writers) {
      root.removeHandler(writer);
    }
    root.addHandler(new Listener(listener));
    for (Handler writer : writers) {
      root.addHandler(writer);
    }
  }

  /** Writes nothing. */
  private static final class Listener extends Handler {
    private final Consumer<Throwable> listener;

    Listener(Consumer<Throwable> listener) {
      this.listener = listener;
    }

    @Override
    public void publish(LogRecord entry) {
      if (entry.getThrown() != null) {
        listener.accept(entry.getThrown());
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  /** A Go time layout as Java's; what is no part of the moment is text. */
  static DateTimeFormatter timeFormat(String goLayout) {
    DateTimeFormatterBuilder format = new DateTimeFormatterBuilder();
    int at = 0;
    while (at < goLayout.length()) {
      String piece = pieceAt(goLayout, at);
      if (piece != null) {
        format.appendPattern(GO_LAYOUT.get(piece));
        at += piece.length();
      } else {
        format.appendLiteral(goLayout.charAt(at++));
      }
    }
    return format.toFormatter();
  }

  private static String pieceAt(String layout, int at) {
    for (String piece : GO_LAYOUT.keySet()) {
      if (layout.startsWith(piece, at)) {
        return piece;
      }
    }
    return null;
  }

  /** One line of the log. */
  static final class Layout extends Formatter {
    private final String pattern;
    private final DateTimeFormatter time;

    Layout(String pattern, DateTimeFormatter time) {
      this.pattern = pattern;
      this.time = time;
    }

    @Override
    public String format(LogRecord entry) {
      String level =
          entry.getLevel() == Level.SEVERE
              ? "error"
              : entry.getLevel().getName().toLowerCase(Locale.ROOT);
      String message = formatMessage(entry);
      if (entry.getThrown() != null) {
        message += ": " + entry.getThrown();
      }
      Instant instant = entry.getInstant();
      return pattern
              .replace("%time", time.format(instant.atZone(ZoneId.systemDefault())))
              .replace("%level", level)
              .replace("%field", String.valueOf(entry.getLoggerName()))
              .replace("%msg", message)
          + System.lineSeparator();
    }
  }
}
