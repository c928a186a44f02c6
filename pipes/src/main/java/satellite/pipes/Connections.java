package satellite.pipes;

import io.grpc.Grpc;
import io.grpc.ServerCall;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * The clients' connections, by their remote address: from a call to what it came on. Any thread.
 */
final class Connections {

  private record Open(ReadPacing pacing, long sinceNanos) {}

  private final Map<SocketAddress, Open> open = new ConcurrentHashMap<>();
  private final ExactBuffers exactBuffers;

  /**
   * @param filling whether streams may soon be paused, for want of memory
   */
  Connections(BooleanSupplier filling) {
    this.exactBuffers = new ExactBuffers(filling);
  }

  /** Before the connection says a word. */
  void opened(Channel channel) {
    SocketAddress client = channel.remoteAddress();
    if (client == null) {
      // Gone already.
      return;
    }
    ReadPacing paced = new ReadPacing(System::nanoTime);
    channel.pipeline().addFirst(paced, exactBuffers);
    Open opened = new Open(paced, System.nanoTime());
    open.put(client, opened);
    channel.closeFuture().addListener(closed -> open.remove(client, opened));
  }

  /** By host; those with most connections first, then those that have the oldest one. */
  List<ClientConnections> byHost() {
    long now = System.nanoTime();
    Map<String, ClientConnections> hosts = new HashMap<>();
    open.forEach(
        (client, connection) -> {
          String host = host(client);
          Duration age = Duration.ofNanos(now - connection.sinceNanos);
          hosts.merge(host, new ClientConnections(host, 1, age), ClientConnections::and);
        });
    return hosts.values().stream().sorted(ClientConnections.MOST_FIRST).toList();
  }

  private static String host(SocketAddress client) {
    return client instanceof InetSocketAddress internet
        ? internet.getAddress().getHostAddress()
        : client.toString();
  }

  /** The call's connection carries a stream that nobody waits for an answer of. */
  void oneWay(ServerCall<?, ?> call, long pauseNanos) {
    ReadPacing paced = of(call);
    if (paced != null) {
      paced.oneWay(pauseNanos);
    }
  }

  /** Somebody may wait for an answer on the call's connection. */
  void interactive(ServerCall<?, ?> call) {
    ReadPacing paced = of(call);
    if (paced != null) {
      paced.interactive();
    }
  }

  private ReadPacing of(ServerCall<?, ?> call) {
    SocketAddress client = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    Open connection = client == null ? null : open.get(client);
    return connection == null ? null : connection.pacing;
  }
}
