package satellite.discovery;

import org.xbill.DNS.Name;
import org.xbill.DNS.TextParseException;

/** What DNS is asked for. */
public sealed interface DnsQuery {

  /**
   * {@code host:port}, with {@code =weight} and {@code @zone} as {@link NodeText} reads it: every
   * address of the host, IPv4 and IPv6, is a node of this port, weight and zone.
   */
  record Addresses(Node like) implements DnsQuery {

    public Addresses {
      DnsQuery.name(like.host());
    }

    @Override
    public String toString() {
      return like.address();
    }
  }

  /**
   * The name of SRV records: every address of their targets is a node, of the record's port,
   * priority and weight.
   */
  record Services(String name) implements DnsQuery {

    public Services {
      DnsQuery.name(name);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * {@code host:port} or the name of SRV records, such as {@code _grpc._tcp.oap.example}.
   *
   * @throws IllegalArgumentException in words for the one who wrote the text
   */
  static DnsQuery parse(String text) {
    String query = text.strip();
    return query.startsWith("_") && query.indexOf(':') < 0
        ? new Services(query)
        : new Addresses(NodeText.parse(query));
  }

  /** Absolute if it ends with a dot. */
  static Name name(String text) {
    try {
      Name.fromString(text, Name.root);
      return Name.fromString(text);
    } catch (TextParseException e) {
      throw new IllegalArgumentException(
          "\"" + text + "\" must be a name that DNS can have: " + e.getMessage(), e);
    }
  }
}
