package satellite.pipes.server;

import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import satellite.pipes.server.ServerConfig.Ages;

/**
 * Connection draining: sends clients away so that they lose nothing, for the age of their
 * connection (max connection age) or because other replicas have fewer (rebalancing). The
 * connection is told to go (GOAWAY), and its client opens new streams elsewhere. Streams that it
 * keeps open are answered at a moment at which nothing is on its way, or when the grace time is
 * over; then the connection ends by itself. One that does not is closed.
 *
 * <p>{@link #tick} and {@link #shed} on one thread.
 */
final class ConnectionDraining {

  /** Why a connection was told to go. */
  enum Reason {
    AGE,
    UNEVEN
  }

  /** What is left after the grace time is closed so much later: answers take a moment. */
  private static final long LAST_NANOS = TimeUnit.SECONDS.toNanos(2);

  /**
   * A call that is paused may fill what its connection may send ahead, and then the others cannot
   * send. So long after it they could, and what they held back is there.
   */
  private static final long HELD_BACK_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** A connection must have begun to speak before it can be told anything. */
  private static final long YOUNG_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final Comparator<ClientConnection> OLDEST_FIRST =
      (one, other) -> Long.compare(one.sinceNanos - other.sinceNanos, 0);

  private final ConnectionRegistry connections;
  private final List<Receiver> receivers;
  private final Ages ages;
  private final LongSupplier nanoTime;
  private final Map<Reason, LongAdder> drained = new EnumMap<>(Reason.class);

  ConnectionDraining(
      ConnectionRegistry connections, List<Receiver> receivers, Ages ages, LongSupplier nanoTime) {
    this.connections = connections;
    this.receivers = receivers;
    this.ages = ages;
    this.nanoTime = nanoTime;
    for (Reason reason : Reason.values()) {
      drained.put(reason, new LongAdder());
    }
  }

  long drained(Reason reason) {
    return drained.get(reason).sum();
  }

  /** Connections that nobody has told to go. */
  int staying() {
    int staying = 0;
    for (ClientConnection connection : connections.all()) {
      staying += connection.isDraining() ? 0 : 1;
    }
    return staying;
  }

  /**
   * Tells so many connections to go, the longest-lived first: one that was moved is not moved again
   * before all others were.
   */
  void shed(int count) {
    long now = nanoTime.getAsLong();
    connections.all().stream()
        .filter(
            connection -> !connection.isDraining() && now - connection.sinceNanos >= YOUNG_NANOS)
        .sorted(OLDEST_FIRST)
        .limit(count)
        .forEach(connection -> drain(connection, Reason.UNEVEN, now));
  }

  /** Ends what is too old; to be called some times a second. */
  void tick() {
    long now = nanoTime.getAsLong();
    boolean anyDrains = false;
    for (ClientConnection connection : connections.all()) {
      if (!connection.isDraining() && isTooOld(connection, now)) {
        drain(connection, Reason.AGE, now);
      }
      anyDrains |= connection.isDraining();
    }
    Set<SocketAddress> busy = new HashSet<>();
    if (anyDrains || !ages.stream().isZero()) {
      receivers.forEach(receiver -> receiver.openCalls(call -> see(call, busy, now)));
      receivers.forEach(receiver -> receiver.openCalls(call -> endStream(call, now)));
    }
    if (anyDrains) {
      closeOverdue(busy, now);
    }
  }

  /** What is queued when there is space again, or answered by a node, ends by itself. */
  private void closeOverdue(Set<SocketAddress> busy, long now) {
    long atMost = ages.grace().toNanos() + LAST_NANOS;
    for (ClientConnection connection : connections.all()) {
      if (connection.drainingNanos(now) >= atMost
          && !busy.contains(connection.channel.remoteAddress())) {
        closeNow(connection.channel);
      }
    }
  }

  private boolean isTooOld(ClientConnection connection, long now) {
    Duration age = ages.connection();
    return !age.isZero() && now - connection.sinceNanos >= age.toNanos() * connection.jitter;
  }

  private void see(ReceiverCall call, Set<SocketAddress> busy, long now) {
    busy.add(call.client());
    ClientConnection connection = connections.of(call.client());
    if (connection != null && call.isPaused()) {
      connection.pausedNanos = now;
    }
  }

  private void endStream(ReceiverCall call, long now) {
    ClientConnection connection = connections.of(call.client());
    if (connection == null || isHeldBack(call, connection, now)) {
      return;
    }
    long late = lateNanos(call, connection, now);
    if (late >= 0) {
      connection.readPromptlyOnce();
      call.endStream(late >= ages.grace().toNanos());
    }
  }

  private static boolean isHeldBack(ReceiverCall call, ClientConnection connection, long now) {
    Long paused = connection.pausedNanos;
    return paused != null && now - paused < HELD_BACK_NANOS && !call.isPaused();
  }

  /** For how long it should have ended; negative while it may go on. */
  private long lateNanos(ReceiverCall call, ClientConnection connection, long now) {
    long draining = connection.drainingNanos(now);
    if (ages.stream().isZero()) {
      return draining;
    }
    long age = (long) (ages.stream().toNanos() * connection.jitter);
    return Math.max(draining, call.ageNanos(now) - age);
  }

  /** Closing a channel of grpc-java's server is GOAWAY first, and the end when its streams end. */
  private void drain(ClientConnection connection, Reason reason, long now) {
    connection.drain(now);
    connection.channel.close();
    drained.get(reason).increment();
  }

  /**
   * Past grpc-java's handlers, which would wait for the streams; they and all who count it are told
   * that it is closed, which closing forcibly would not do.
   */
  private static void closeNow(Channel channel) {
    channel.eventLoop().execute(() -> channel.unsafe().close(channel.voidPromise()));
  }
}
