package satellite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.config.ConfigException;

/** The time for draining, as the environment says it. */
class ShutdownTimeTest {

  private static final String NAME = "SATELLITE_SHUTDOWN_HOOK_TIME";

  @Test
  void isFiveSecondsUnlessSaidOtherwise() {
    assertEquals(Duration.ofSeconds(5), ShutdownTime.from(Map.of()));
    assertEquals(Duration.ofSeconds(5), ShutdownTime.from(Map.of(NAME, "")));
    assertEquals(Duration.ZERO, ShutdownTime.from(Map.of(NAME, "0")));
    assertEquals(Duration.ofSeconds(30), ShutdownTime.from(Map.of(NAME, "30")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "5s", "86401", "99999999999999999999", " 5"})
  void anythingElseIsRefusedWithItsName(String value) {
    ConfigException refused =
        assertThrows(ConfigException.class, () -> ShutdownTime.from(Map.of(NAME, value)));
    assertTrue(refused.getMessage().contains(NAME), refused.getMessage());
    assertTrue(refused.getMessage().contains(value), refused.getMessage());
  }
}
