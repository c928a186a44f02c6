package satellite.discovery;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * @param servers empty for those of the system; its search domains and hosts file count only then
 * @param minTtl answers are asked for again no sooner than this
 * @param maxTtl and no later than this, whatever time to live they have
 */
public record DnsConfig(
    List<DnsQuery> queries, List<InetSocketAddress> servers, Duration minTtl, Duration maxTtl) {

  public static final Duration MIN_TTL = Duration.ofSeconds(1);
  public static final Duration MAX_TTL = Duration.ofMinutes(5);

  public DnsConfig {
    queries = List.copyOf(queries);
    servers = List.copyOf(servers);
    if (queries.isEmpty()) {
      throw new IllegalArgumentException("DNS needs at least one name to look for");
    }
    for (InetSocketAddress server : servers) {
      if (server.isUnresolved()) {
        throw new IllegalArgumentException(
            "the DNS server " + server.getHostString() + " must be an address");
      }
    }
    if (minTtl.isZero() || minTtl.isNegative() || minTtl.compareTo(maxTtl) > 0) {
      throw new IllegalArgumentException(
          "the bounds of the time to live must be above 0 and in order, not "
              + minTtl
              + " and "
              + maxTtl);
    }
  }

  public DnsConfig(List<DnsQuery> queries) {
    this(queries, List.of(), MIN_TTL, MAX_TTL);
  }
}
