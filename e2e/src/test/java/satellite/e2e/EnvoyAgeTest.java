package satellite.e2e;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * A real Envoy writes its access log all the time, five times a second, on one stream, and is sent
 * away again and again: every entry arrives.
 */
@Order(17)
class EnvoyAgeTest {

  private static final long PAUSE_NANOS = 2_000_000;
  private static final int TIMES_SENT_AWAY = 3;

  @Test
  void anEnvoyThatIsSentAwayLosesNoEntry() throws Exception {
    try (AccessLogNode node = new AccessLogNode();
        SatelliteProcess satellite =
            SatelliteProcess.configuredBy(
                "envoy-age",
                List.of(),
                Map.of(
                    "SATELLITE_GRPC_CLIENT", node.address(),
                    "SATELLITE_GRPC_MAX_CONNECTION_AGE", "6",
                    "SATELLITE_GRPC_MAX_CONNECTION_AGE_GRACE", "6"),
                null);
        Envoy envoy = Envoy.start("age", satellite.address())) {
      AtomicBoolean ends = new AtomicBoolean();
      CompletableFuture<Integer> requests =
          CompletableFuture.supplyAsync(() -> envoy.getUntil(ends, PAUSE_NANOS));
      Eventually.until(
          "its stream was ended some times",
          Duration.ofSeconds(90),
          () -> satellite.metrics().sum("satellite_ended_streams"),
          times -> times >= TIMES_SENT_AWAY);
      ends.set(true);
      long sent = requests.join();
      Eventually.equal(sent, "entries", node::entries);
    }
  }
}
