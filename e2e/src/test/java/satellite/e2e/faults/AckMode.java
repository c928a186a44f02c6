package satellite.e2e.faults;

import java.util.Arrays;
import java.util.List;

/** When Satellite answers a sender; named as its configuration does. */
enum AckMode {
  QUEUED,
  DURABLE,
  DELIVERED;

  /** All, or those that {@code -Dsatellite.modes=queued,durable} names. */
  static List<AckMode> chosen() {
    String words = System.getProperty("satellite.modes", "queued,durable,delivered");
    return Arrays.stream(words.toUpperCase().split(",")).map(AckMode::valueOf).toList();
  }

  String word() {
    return name().toLowerCase();
  }
}
