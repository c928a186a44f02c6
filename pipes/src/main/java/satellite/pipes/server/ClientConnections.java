package satellite.pipes.server;

import java.time.Duration;
import java.util.Comparator;

/**
 * The connections that clients of one host have open.
 *
 * @param host its address as Satellite sees it, which may be that of a balancer
 * @param oldest how long the oldest of them has been open
 */
public record ClientConnections(String host, int connections, Duration oldest) {

  static final Comparator<ClientConnections> MOST_FIRST =
      Comparator.comparingInt(ClientConnections::connections)
          .thenComparing(ClientConnections::oldest)
          .reversed()
          .thenComparing(ClientConnections::host);

  ClientConnections and(ClientConnections more) {
    Duration older = oldest.compareTo(more.oldest) > 0 ? oldest : more.oldest;
    return new ClientConnections(host, connections + more.connections, older);
  }
}
