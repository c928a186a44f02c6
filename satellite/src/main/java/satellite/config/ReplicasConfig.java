package satellite.config;

/**
 * The other Satellites of this deployment: {@code sharing.replicas}.
 *
 * @param finders where they are looked for
 * @param tolerancePercent connections above the mean, from which on some are given away
 */
public record ReplicasConfig(FinderConfig finders, int tolerancePercent) {

  /**
   * Null where nobody looks for them.
   *
   * @param client whose access to Kubernetes is used
   */
  static ReplicasConfig from(Mapping replicas, Mapping client, TelemetryConfig telemetry) {
    int tolerance = replicas.scalar("tolerance").integer(0, 1000);
    FinderConfig finders = FinderSection.finders(replicas, client);
    if (finders == null) {
      return null;
    }
    if (!telemetry.prometheus()) {
      throw replicas
          .scalar("finder_type")
          .error(
              "replicas ask each other on the port of telemetry.prometheus: export_type must have"
                  + " prometheus in its list");
    }
    return new ReplicasConfig(finders, tolerance);
  }
}
