package satellite.discovery;

/**
 * One upstream node.
 *
 * @param weight its share relative to the other nodes, 1..{@value #MAX_WEIGHT}
 * @param zone where it stands, such as {@code eu-west-1a}; empty where that is not known
 * @param priority nodes of a higher number are used only while none of a lower one is up, as with
 *     SRV records; 0 unless its source tells priorities
 */
public record Node(String host, int port, int weight, String zone, int priority) {

  public Node {
    if (host.isEmpty()) {
      throw new IllegalArgumentException("a node needs a host");
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("port " + port + " is not within 1..65535");
    }
    if (weight < 1 || weight > MAX_WEIGHT) {
      throw new IllegalArgumentException("weight " + weight + " is not within 1.." + MAX_WEIGHT);
    }
    if (priority < 0) {
      throw new IllegalArgumentException("priority " + priority + " is below 0");
    }
  }

  /** Bounds the length of a weighted schedule. */
  public static final int MAX_WEIGHT = 100;

  public Node(String host, int port) {
    this(host, port, 1);
  }

  public Node(String host, int port, int weight) {
    this(host, port, weight, "", 0);
  }

  public Node withZone(String zone) {
    return new Node(host, port, weight, zone, priority);
  }

  /**
   * {@code host:port}, an IPv6 host in brackets: how the node is named in logs, metrics and hashes.
   */
  public String address() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }

  /** The same place, whatever its weight. */
  public boolean sameAddress(Node other) {
    return host.equals(other.host) && port == other.port;
  }

  @Override
  public String toString() {
    return address();
  }
}
