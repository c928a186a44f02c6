package satellite;

import java.time.Duration;
import java.util.Map;
import satellite.config.ConfigException;

/** {@code SATELLITE_SHUTDOWN_HOOK_TIME}: seconds that a stopping Satellite has for draining. */
final class ShutdownTime {

  private static final String NAME = "SATELLITE_SHUTDOWN_HOOK_TIME";
  private static final Duration DEFAULT = Duration.ofSeconds(5);

  private ShutdownTime() {}

  static Duration from(Map<String, String> environment) {
    String seconds = environment.getOrDefault(NAME, "");
    if (seconds.isEmpty()) {
      return DEFAULT;
    }
    try {
      long value = Long.parseLong(seconds);
      if (value >= 0 && value <= Duration.ofDays(1).toSeconds()) {
        return Duration.ofSeconds(value);
      }
    } catch (NumberFormatException e) {
      // Said below, together with what is out of range.
    }
    throw new ConfigException(
        "environment variable "
            + NAME
            + ": must be seconds from 0 to 86400, found \""
            + seconds
            + "\"");
  }
}
