package satellite.admin;

import com.sun.net.httpserver.Headers;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import satellite.config.TelemetryConfig;
import satellite.pipes.transport.AccessToken;

/**
 * Who may see the status page: who presents the token, if there is one; else those on this machine,
 * or everybody.
 *
 * <p>"On this machine" is more than the address that a request comes from:
 *
 * <ul>
 *   <li>A page on the internet may name a host that resolves to 127.0.0.1, and let a browser here
 *       read the answer as if it were its own (DNS rebinding). The browser then says that name in
 *       {@code Host}; who means this machine says localhost, 127.0.0.1 or [::1].
 *   <li>A proxy beside Satellite, such as a pod's sidecar, connects from 127.0.0.1 for everybody.
 *       It says so in {@code Forwarded} or one of its relatives.
 * </ul>
 *
 * <p>{@code kubectl port-forward} and an ssh tunnel look like this machine, and are meant to: who
 * may use them may do more than look.
 */
final class Access {

  static final String CHALLENGE = "Basic realm=\"Satellite\", charset=\"UTF-8\"";

  private static final String LOOPBACK_ONLY =
      "the status page answers this machine only (http://localhost, also through kubectl"
          + " port-forward); for others set SATELLITE_ADMIN_TOKEN, or SATELLITE_ADMIN_ACCESS=open\n";

  private static final String TOKEN_MISSING =
      "the status page asks for the token of SATELLITE_ADMIN_TOKEN: as \"Authorization: Bearer"
          + " TOKEN\", or as password with any user name\n";

  private static final String TOKEN_WRONG =
      "the token presented is not that of SATELLITE_ADMIN_TOKEN\n";

  /** The exact ones: nobody needs the others of 127.0.0.0/8 here. */
  private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "0:0:0:0:0:0:0:1");

  private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");

  private static final List<String> OF_PROXIES =
      List.of("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via");

  private final boolean open;
  private final AccessToken token;

  Access(TelemetryConfig.Admin config) {
    this.open = config.open();
    this.token = config.token();
  }

  /**
   * @param status 401 or 403
   * @param why a line that says what would help
   */
  record Refusal(int status, String why) {}

  /** Null for one who may see it. */
  Refusal refusal(InetAddress from, Headers headers) {
    if (token.isAskedFor()) {
      String presented = presented(headers.getFirst("Authorization"));
      if (token.admits(presented)) {
        return null;
      }
      return new Refusal(401, presented == null ? TOKEN_MISSING : TOKEN_WRONG);
    }
    return open || isOnThisMachine(from, headers) ? null : new Refusal(403, LOOPBACK_ONLY);
  }

  /** Null where there is none. */
  private static String presented(String authorization) {
    if (authorization == null) {
      return null;
    }
    String[] parts = authorization.strip().split(" +", 2);
    if (parts.length < 2) {
      return null;
    }
    return switch (parts[0].toLowerCase(Locale.ROOT)) {
      case "bearer" -> parts[1];
      case "basic" -> password(parts[1]);
      default -> null;
    };
  }

  private static String password(String credentials) {
    try {
      String both = new String(Base64.getDecoder().decode(credentials), StandardCharsets.UTF_8);
      int colon = both.indexOf(':');
      return colon < 0 ? null : both.substring(colon + 1);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static boolean isOnThisMachine(InetAddress from, Headers headers) {
    List<String> hosts = headers.getOrDefault("Host", List.of());
    return LOOPBACK.contains(from.getHostAddress())
        && hosts.size() == 1
        && THIS_MACHINE.contains(withoutPort(hosts.get(0)).toLowerCase(Locale.ROOT))
        && OF_PROXIES.stream().noneMatch(headers::containsKey);
  }

  private static String withoutPort(String host) {
    return host.replaceFirst(":\\d*$", "");
  }
}
