package satellite.config;

import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import satellite.pipes.AccessToken;

/**
 * What the program tells about itself: {@code telemetry}.
 *
 * @param cluster a label of every metric, like service and instance; empty for none
 * @param prometheus whether metrics are served over HTTP
 * @param host address of that HTTP server, empty for all
 * @param port 0 takes a free one
 * @param endpoint path of the metrics
 * @param admin who may see the status page there
 */
public record TelemetryConfig(
    String cluster,
    String service,
    String instance,
    boolean prometheus,
    String host,
    int port,
    String endpoint,
    Admin admin) {

  /**
   * Who may see the status page.
   *
   * @param open whether those may who come from elsewhere and have no token
   * @param token to be presented by all, whatever {@code open} says, if there is one
   */
  public record Admin(boolean open, AccessToken token) {}

  private static final Set<String> EXPORTS =
      Set.of("prometheus", "metrics_service", "pprof", "none");

  static TelemetryConfig from(Mapping telemetry, List<String> notices) {
    Scalar exportType = telemetry.scalar("export_type");
    List<String> exports = exportType.commaList();
    exports.forEach(export -> Choice.check(exportType, export, EXPORTS));
    if (exports.contains("pprof")) {
      notices.add(exportType.place() + ": pprof is accepted without effect");
    }
    if (exports.contains("metrics_service")) {
      notices.add(exportType.place() + ": metrics_service comes later, nothing is sent");
    }
    Mapping metricsService = telemetry.mapping("metrics_service");
    metricsService.scalar("client_name").oneOf(Set.of(ClientSection.NAME));
    metricsService.scalar("interval").duration(ChronoUnit.SECONDS);

    Mapping prometheus = telemetry.mapping("prometheus");
    Scalar endpoint = prometheus.scalar("endpoint");
    if (!endpoint.text().startsWith("/")) {
      throw endpoint.invalid("must be a path that begins with /");
    }
    Scalar listen = prometheus.scalar("address");
    Address address = Address.parse(listen, listen.text());
    return new TelemetryConfig(
        telemetry.scalar("cluster").text(),
        telemetry.scalar("service").text(),
        telemetry.scalar("instance").text(),
        exports.contains("prometheus"),
        address.host(),
        address.port(),
        endpoint.text(),
        admin(telemetry.mapping("admin")));
  }

  private static Admin admin(Mapping admin) {
    String access = admin.scalar("access").oneOf(Set.of("loopback", "open"));
    return new Admin(access.equals("open"), AccessToken.of(admin.scalar("token").token()));
  }
}
