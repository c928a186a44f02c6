package satellite.config;

import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What the program writes to its log: {@code logger}.
 *
 * @param logPattern layout of a line, with {@code %time %level %field %msg}
 * @param timePattern the moment 2006-01-02 15:04:05 as it shall look, the way Go describes layouts
 * @param level the lowest that is written
 */
public record LoggerConfig(String logPattern, String timePattern, Level level) {

  private static final Map<String, Level> LEVELS = new LinkedHashMap<>();

  static {
    LEVELS.put("trace", Level.TRACE);
    LEVELS.put("debug", Level.DEBUG);
    LEVELS.put("info", Level.INFO);
    LEVELS.put("warn", Level.WARNING);
    LEVELS.put("warning", Level.WARNING);
    LEVELS.put("error", Level.ERROR);
    // The Go Satellite has two above error.
    LEVELS.put("fatal", Level.ERROR);
    LEVELS.put("panic", Level.ERROR);
  }

  static LoggerConfig from(Mapping logger) {
    Scalar level = logger.scalar("level");
    String name = level.text().toLowerCase(Locale.ROOT);
    AllowedValues.check(level, name, LEVELS.keySet());
    return new LoggerConfig(
        logger.scalar("log_pattern").text(),
        logger.scalar("time_pattern").text(),
        LEVELS.get(name));
  }
}
