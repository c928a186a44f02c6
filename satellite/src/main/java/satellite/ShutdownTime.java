package satellite;

import java.time.Duration;
import java.util.Map;
import satellite.config.ConfigException;

/**
 * How a Satellite that was told to stop spends its time: first the hold, then the grace.
 *
 * @param hold {@code SATELLITE_SHUTDOWN_HOLD_TIME}: it is not ready any more, and takes in all the
 *     same, for those who have not been told yet
 * @param grace {@code SATELLITE_SHUTDOWN_HOOK_TIME}: the most that draining takes after that
 */
public record ShutdownTime(Duration hold, Duration grace) {

  private static final String HOLD = "SATELLITE_SHUTDOWN_HOLD_TIME";
  private static final String GRACE = "SATELLITE_SHUTDOWN_HOOK_TIME";

  /** Set in every container that Kubernetes runs. */
  private static final String KUBERNETES = "KUBERNETES_SERVICE_HOST";

  /** Nodes and proxies of a cluster learn within it that a pod is going. */
  private static final Duration HOLD_IN_KUBERNETES = Duration.ofSeconds(5);

  private static final Duration DEFAULT_GRACE = Duration.ofSeconds(5);

  static ShutdownTime from(Map<String, String> environment) {
    boolean inKubernetes = !environment.getOrDefault(KUBERNETES, "").isEmpty();
    return new ShutdownTime(
        seconds(environment, HOLD, inKubernetes ? HOLD_IN_KUBERNETES : Duration.ZERO),
        seconds(environment, GRACE, DEFAULT_GRACE));
  }

  private static Duration seconds(
      Map<String, String> environment, String name, Duration otherwise) {
    String seconds = environment.getOrDefault(name, "");
    if (seconds.isEmpty()) {
      return otherwise;
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
            + name
            + ": must be seconds from 0 to 86400, found \""
            + seconds
            + "\"");
  }
}
