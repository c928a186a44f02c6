package satellite.config;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import satellite.pipes.transport.AccessToken;

/**
 * What the program tells about itself: {@code telemetry}.
 *
 * @param cluster a label of every metric, like service and instance; empty for none
 * @param prometheus whether metrics are served over HTTP
 * @param host address of that HTTP server, empty for all
 * @param port 0 takes a free one
 * @param endpoint path of the metrics
 * @param admin who may see the status page there
 * @param meters how OAP is told of the metrics; null where it is not
 */
public record TelemetryConfig(
    String cluster,
    String service,
    String instance,
    boolean prometheus,
    String host,
    int port,
    String endpoint,
    Admin admin,
    Meters meters) {

  /** What the Go Satellite's file calls an instance that nobody has named. */
  private static final String UNNAMED = "satellite-instance";

  /** A minute of meters, for which OAP computes what counters grew by. */
  private static final Duration MINUTE = Duration.ofMinutes(1);

  /**
   * {@code metrics_service}.
   *
   * @param interval between two reports
   * @param prefix what every meter's name begins with
   */
  public record Meters(Duration interval, String prefix) {}

  /**
   * Who may see the status page.
   *
   * @param open whether those may who come from elsewhere and have no token
   * @param token to be presented by all, whatever {@code open} says, if there is one
   */
  public record Admin(boolean open, AccessToken token) {}

  private static final Duration SHORTEST = Duration.ofSeconds(1);

  private static final Set<String> EXPORTS =
      Set.of("prometheus", "metrics_service", "pprof", "none");

  /** Paths of the same port, for probes and for other replicas. */
  private static final List<String> TAKEN = List.of("/live", "/ready", "/load");

  static TelemetryConfig from(Mapping telemetry, Map<String, String> env, List<String> notices) {
    Scalar exportType = telemetry.scalar("export_type");
    List<String> exports = exportType.commaList();
    exports.forEach(export -> AllowedValues.check(exportType, export, EXPORTS));
    if (exports.contains("pprof")) {
      notices.add(exportType.location() + ": pprof is accepted without effect");
    }
    boolean toOap = exports.contains("metrics_service");
    Meters meters =
        meters(telemetry.mapping("metrics_service"), toOap ? notices : new ArrayList<>());

    Mapping prometheus = telemetry.mapping("prometheus");
    Scalar endpoint = prometheus.scalar("endpoint");
    if (!endpoint.text().startsWith("/")) {
      throw endpoint.invalid("must be a path that begins with /");
    }
    if (TAKEN.contains(endpoint.text())) {
      throw endpoint.invalid(
          "must not be " + String.join(", ", TAKEN) + ", which tell other things");
    }
    Scalar listen = prometheus.scalar("address");
    Address address = Address.parse(listen, listen.text());
    return new TelemetryConfig(
        telemetry.scalar("cluster").text(),
        telemetry.scalar("service").text(),
        instance(telemetry.scalar("instance").text(), env),
        exports.contains("prometheus"),
        address.host(),
        address.port(),
        endpoint.text(),
        admin(telemetry.mapping("admin")),
        toOap ? meters : null);
  }

  private static Meters meters(Mapping service, List<String> notices) {
    service.scalar("client_name").oneOf(Set.of(ClientSection.NAME));
    Scalar interval = service.scalar("interval");
    Duration every = interval.duration(ChronoUnit.SECONDS);
    if (every.compareTo(SHORTEST) < 0) {
      throw interval.invalid("must be a second at least");
    }
    if (MINUTE.toMillis() % every.toMillis() != 0) {
      notices.add(
          interval.location()
              + ": OAP counts by the minute, which is no multiple of "
              + interval.text()
              + ": with several replicas of one service its counters will be wrong");
    }
    return new Meters(every, service.scalar("metric_prefix").text());
  }

  /** Replicas of one name would be one to OAP and to Prometheus. */
  private static String instance(String named, Map<String, String> env) {
    return named.isEmpty() || named.equals(UNNAMED) ? HostName.of(env) : named;
  }

  private static Admin admin(Mapping admin) {
    String access = admin.scalar("access").oneOf(Set.of("loopback", "open"));
    return new Admin(access.equals("open"), AccessToken.of(admin.scalar("token").token()));
  }
}
