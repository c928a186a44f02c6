package satellite.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code host:port}, {@code :port} or {@code [IPv6]:port}.
 *
 * @param host empty when left out
 */
record Address(String host, int port) {

  private static final Pattern SHAPE =
      Pattern.compile("(?:\\[(?<ipv6>[0-9a-fA-F:.]+)]|(?<name>[\\w.-]*)):(?<port>\\d{1,5})");

  /** Reads {@code text}, which is the value or a part of it. */
  static Address parse(Scalar where, String text) {
    Matcher shape = SHAPE.matcher(text);
    if (!shape.matches()) {
      throw invalid(where, text);
    }
    int port = Integer.parseInt(shape.group("port"));
    String ipv6 = shape.group("ipv6");
    if (port > 65535 || (ipv6 != null && !isIpv6(ipv6))) {
      throw invalid(where, text);
    }
    return new Address(ipv6 != null ? ipv6 : shape.group("name"), port);
  }

  static ConfigException invalid(Scalar where, String text) {
    return new Scalar(where.location(), text, text)
        .invalid("must be an address: host:port, :port or [IPv6]:port with a port within 1..65535");
  }

  /** The JDK reads what stands in brackets as a literal and never looks it up. */
  private static boolean isIpv6(String literal) {
    try {
      return literal.indexOf(':') >= 0 && InetAddress.getByName("[" + literal + "]") != null;
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
