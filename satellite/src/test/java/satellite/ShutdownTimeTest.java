package satellite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import satellite.config.ConfigException;

/** The times of a stop, as the environment says them. */
class ShutdownTimeTest {

  private static final String HOLD = "SATELLITE_SHUTDOWN_HOLD_TIME";
  private static final String GRACE = "SATELLITE_SHUTDOWN_HOOK_TIME";

  private static Duration hold(Map<String, String> environment) {
    return ShutdownTime.from(environment).hold();
  }

  private static Duration grace(Map<String, String> environment) {
    return ShutdownTime.from(environment).grace();
  }

  @Test
  void graceIsFiveSecondsUnlessSaidOtherwise() {
    assertEquals(Duration.ofSeconds(5), grace(Map.of()));
    assertEquals(Duration.ofSeconds(5), grace(Map.of(GRACE, "")));
    assertEquals(Duration.ZERO, grace(Map.of(GRACE, "0")));
    assertEquals(Duration.ofSeconds(30), grace(Map.of(GRACE, "30")));
  }

  @Test
  void nobodyIsWaitedForOutsideOfKubernetes() {
    assertEquals(Duration.ZERO, hold(Map.of()));
    assertEquals(Duration.ZERO, hold(Map.of("KUBERNETES_SERVICE_HOST", "")));
    assertEquals(Duration.ofSeconds(5), hold(Map.of("KUBERNETES_SERVICE_HOST", "10.0.0.1")));
  }

  @Test
  void theHoldIsWhatIsSaidEverywhere() {
    assertEquals(Duration.ofSeconds(12), hold(Map.of(HOLD, "12")));
    assertEquals(Duration.ZERO, hold(Map.of(HOLD, "0", "KUBERNETES_SERVICE_HOST", "10.0.0.1")));
  }

  @ParameterizedTest
  @CsvSource({
    "SATELLITE_SHUTDOWN_HOOK_TIME, -1",
    "SATELLITE_SHUTDOWN_HOOK_TIME, 5s",
    "SATELLITE_SHUTDOWN_HOOK_TIME, 86401",
    "SATELLITE_SHUTDOWN_HOOK_TIME, 99999999999999999999",
    "SATELLITE_SHUTDOWN_HOOK_TIME, ' 5'",
    "SATELLITE_SHUTDOWN_HOLD_TIME, -1",
    "SATELLITE_SHUTDOWN_HOLD_TIME, long",
  })
  void anythingElseIsRefusedWithItsName(String name, String value) {
    ConfigException refused =
        assertThrows(ConfigException.class, () -> ShutdownTime.from(Map.of(name, value)));
    assertTrue(refused.getMessage().contains(name), refused.getMessage());
    assertTrue(refused.getMessage().contains(value), refused.getMessage());
  }
}
