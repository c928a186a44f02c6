package satellite.pipes.server;

import io.grpc.Grpc;
import io.grpc.ServerCall;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * The clients' connections, by their remote address: from a call to what it came on. Any thread.
 */
final class ConnectionRegistry {

  private final Map<SocketAddress, ClientConnection> open = new ConcurrentHashMap<>();
  private final ReadBufferTrimming trimming;
  private final ReceiveBudget budget;
  private final int maxMessageBytes;
  private final LongSupplier nanoTime;

  /**
   * @param filling whether streams may soon be paused, for want of memory
   * @param budget of what is read and not queued
   */
  ConnectionRegistry(
      BooleanSupplier filling, ReceiveBudget budget, int maxMessageBytes, LongSupplier nanoTime) {
    this.trimming = new ReadBufferTrimming(filling);
    this.budget = budget;
    this.maxMessageBytes = maxMessageBytes;
    this.nanoTime = nanoTime;
  }

  /** Before the connection says a word. */
  void opened(Channel channel) {
    SocketAddress client = channel.remoteAddress();
    if (client == null) {
      // Gone already.
      return;
    }
    ReadCoalescing reads = new ReadCoalescing(System::nanoTime);
    channel
        .pipeline()
        .addFirst(reads, trimming, InboundFlowControl.install(budget, maxMessageBytes, reads));
    ClientConnection opened = new ClientConnection(channel, reads, nanoTime.getAsLong());
    open.put(client, opened);
    channel.closeFuture().addListener(closed -> open.remove(client, opened));
  }

  Collection<ClientConnection> all() {
    return Collections.unmodifiableCollection(open.values());
  }

  /** Null where it is gone. */
  ClientConnection of(SocketAddress client) {
    return client == null ? null : open.get(client);
  }

  /** By host; those with most connections first, then those that have the oldest one. */
  List<ClientConnections> byHost() {
    long now = nanoTime.getAsLong();
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

  /** How the call's connection is read; null where it is gone. */
  ReadCoalescing reads(ServerCall<?, ?> call) {
    ClientConnection connection = of(client(call));
    return connection == null ? null : connection.reads;
  }

  static SocketAddress client(ServerCall<?, ?> call) {
    return call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
  }
}
