package satellite.config;

import java.net.URI;
import java.time.temporal.ChronoUnit;
import java.util.List;
import satellite.pipes.http.HttpConfig;
import satellite.pipes.transport.AccessToken;

/** Reads the {@code http-server} of {@code sharing.servers}. */
final class HttpSection {

  static final String NAME = "http-server";

  private HttpSection() {}

  /**
   * A file that lists its servers means those. One written for the Go Satellite does not know this
   * one, and may run where the port is taken.
   */
  static boolean isListed(Mapping user) {
    if (!(user.get("sharing") instanceof Mapping sharing) || !sharing.has("servers")) {
      return true;
    }
    return sharing.sequence("servers").mappings().stream()
        .anyMatch(server -> server.scalar("plugin_name").text().equals(NAME));
  }

  /**
   * Null when it is switched off.
   *
   * @param token what clients of the other server must present
   */
  static HttpConfig server(Mapping server, AccessToken token) {
    Scalar listen = server.scalar("address");
    Address address = Address.parse(listen, listen.text());
    HttpConfig config =
        new HttpConfig(
            address.host(),
            address.port(),
            server.scalar("ask_for_token").bool() ? token : AccessToken.NONE,
            server.scalar("tls").bool(),
            server.scalar("max_request_bytes").integer(1, Integer.MAX_VALUE / 16),
            server.scalar("connection_count").integer(1, Integer.MAX_VALUE),
            server.scalar("idle_timeout").duration(ChronoUnit.SECONDS),
            origins(server.scalar("cors_origins")),
            server.scalar("zipkin_port").integer(1, 65535));
    return server.scalar("enabled").bool() ? config : null;
  }

  private static List<String> origins(Scalar list) {
    List<String> origins = list.commaList();
    for (String origin : origins) {
      if (!origin.equals("*") && !isOrigin(origin)) {
        throw new Scalar(list.location(), origin, origin)
            .invalid("must be * or an origin such as https://shop.example");
      }
    }
    return origins;
  }

  /** Scheme, host and perhaps a port, as browsers send them. */
  private static boolean isOrigin(String text) {
    try {
      URI uri = URI.create(text);
      return uri.getScheme() != null && uri.getHost() != null && uri.getRawPath().isEmpty();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
