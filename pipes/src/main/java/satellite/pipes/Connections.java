package satellite.pipes;

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
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * The clients' connections, by their remote address: from a call to what it came on. Any thread.
 */
final class Connections {

  /** One of them. */
  static final class Open {
    final Channel channel;
    final long sinceNanos;

    /** Of ages, so that those who came together do not go together: 0.9..1.1. */
    final double jitter = ThreadLocalRandom.current().nextDouble(0.9, 1.1);

    private final ReadPacing pacing;

    /** Since when it has been told to go; null before. */
    private volatile Long goingSinceNanos;

    /** When one of its calls was last seen paused; null before. For {@link Retirement} alone. */
    Long pausedNanos;

    private Open(Channel channel, ReadPacing pacing, long sinceNanos) {
      this.channel = channel;
      this.pacing = pacing;
      this.sinceNanos = sinceNanos;
    }

    boolean isGoing() {
      return goingSinceNanos != null;
    }

    /** Negative while nobody has told it to go. */
    long goingNanos(long now) {
      Long since = goingSinceNanos;
      return since == null ? -1 : now - since;
    }

    void goes(long now) {
      goingSinceNanos = now;
    }

    /** What comes is read at once. */
    void hurry() {
      channel.eventLoop().execute(pacing::hurry);
    }
  }

  private final Map<SocketAddress, Open> open = new ConcurrentHashMap<>();
  private final ExactBuffers exactBuffers;
  private final LongSupplier nanoTime;

  /**
   * @param filling whether streams may soon be paused, for want of memory
   */
  Connections(BooleanSupplier filling, LongSupplier nanoTime) {
    this.exactBuffers = new ExactBuffers(filling);
    this.nanoTime = nanoTime;
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
    Open opened = new Open(channel, paced, nanoTime.getAsLong());
    open.put(client, opened);
    channel.closeFuture().addListener(closed -> open.remove(client, opened));
  }

  Collection<Open> all() {
    return Collections.unmodifiableCollection(open.values());
  }

  /** Null where it is gone. */
  Open of(SocketAddress client) {
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

  /** The call's connection carries a stream that nobody waits for an answer of. */
  void oneWay(ServerCall<?, ?> call, long pauseNanos) {
    Open connection = of(client(call));
    if (connection != null) {
      connection.pacing.oneWay(pauseNanos);
    }
  }

  /** Somebody may wait for an answer on the call's connection. */
  void interactive(ServerCall<?, ?> call) {
    Open connection = of(client(call));
    if (connection != null) {
      connection.pacing.interactive();
    }
  }

  static SocketAddress client(ServerCall<?, ?> call) {
    return call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
  }
}
