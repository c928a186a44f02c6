package satellite.discovery;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How people write a node: {@code host:port}, then {@code =weight} and {@code @zone} where they are
 * wanted; an IPv6 host in brackets.
 */
public final class NodeText {

  private static final Pattern SHAPE =
      Pattern.compile(
          "(?:\\[(?<ipv6>[0-9a-fA-F:.]+)]|(?<name>[\\w.-]+)):(?<port>\\d{1,5})"
              + "(?:\\s*=\\s*(?<weight>[^\\s=@]+))?(?:\\s*@\\s*(?<zone>[\\w./-]+))?");

  private static final int LONGEST_IN_MESSAGES = 80;

  private NodeText() {}

  /**
   * @throws IllegalArgumentException in words for the one who wrote the text
   */
  public static Node parse(String text) {
    Matcher shape = SHAPE.matcher(text.strip());
    if (!shape.matches()) {
      throw invalid(text, "must be host:port or [IPv6]:port, then =weight and @zone if wanted");
    }
    int port = Integer.parseInt(shape.group("port"));
    if (port < 1 || port > 65535) {
      throw invalid(text, "must have a port within 1..65535");
    }
    String ipv6 = shape.group("ipv6");
    String host = ipv6 == null ? shape.group("name") : ipv6(text, ipv6);
    String zone = shape.group("zone");
    return new Node(host, port, weight(text, shape.group("weight")), zone == null ? "" : zone, 0);
  }

  private static int weight(String text, String weight) {
    if (weight == null) {
      return 1;
    }
    if (weight.matches("\\d{1,9}")) {
      int number = Integer.parseInt(weight);
      if (number >= 1 && number <= Node.MAX_WEIGHT) {
        return number;
      }
    }
    throw invalid(text, "must have a weight within 1.." + Node.MAX_WEIGHT);
  }

  /** The JDK reads what stands in brackets as a literal and never looks it up. */
  private static String ipv6(String text, String literal) {
    try {
      if (literal.indexOf(':') >= 0) {
        return host(InetAddress.getByName("[" + literal + "]"));
      }
    } catch (UnknownHostException e) {
      // Said below.
    }
    throw invalid(text, "must have an IPv6 address in its brackets");
  }

  private static IllegalArgumentException invalid(String text, String what) {
    String found =
        text.length() > LONGEST_IN_MESSAGES ? text.substring(0, LONGEST_IN_MESSAGES) + ".." : text;
    return new IllegalArgumentException("\"" + found + "\" " + what);
  }

  /** In the one way that RFC 5952 leaves for IPv6: an address must be the same node everywhere. */
  static String host(InetAddress address) {
    if (!(address instanceof Inet6Address)) {
      return address.getHostAddress();
    }
    byte[] bytes = address.getAddress();
    int[] groups = new int[8];
    for (int i = 0; i < 8; i++) {
      groups[i] = (bytes[2 * i] & 0xff) << 8 | bytes[2 * i + 1] & 0xff;
    }
    int start = 0;
    int length = 0;
    for (int from = 0; from < 8; from++) {
      int to = from;
      while (to < 8 && groups[to] == 0) {
        to++;
      }
      if (to - from > length) {
        start = from;
        length = to - from;
      }
    }
    if (length < 2) {
      return joined(groups, 0, 8);
    }
    return joined(groups, 0, start) + "::" + joined(groups, start + length, 8);
  }

  private static String joined(int[] groups, int from, int to) {
    var text = new StringBuilder();
    for (int i = from; i < to; i++) {
      text.append(i == from ? "" : ":").append(Integer.toHexString(groups[i]));
    }
    return text.toString();
  }
}
