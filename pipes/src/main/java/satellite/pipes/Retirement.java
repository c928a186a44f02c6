package satellite.pipes;

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
import satellite.pipes.Connections.Open;
import satellite.pipes.ServerConfig.Ages;

/**
 * Sends clients away so that they lose nothing, for their age or because others have more room: the
 * connection is told to go (GOAWAY), and its client opens new streams elsewhere. Streams that it
 * keeps open are answered at a moment at which nothing is on its way, or when the grace time is
 * over; then the connection ends by itself. One that does not is closed.
 *
 * <p>{@link #look} and {@link #shed} on one thread.
 */
final class Retirement {

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

  private static final Comparator<Open> OLDEST_FIRST =
      (one, other) -> Long.compare(one.sinceNanos - other.sinceNanos, 0);

  private final Connections connections;
  private final List<Pipe> pipes;
  private final Ages ages;
  private final LongSupplier nanoTime;
  private final Map<Reason, LongAdder> retired = new EnumMap<>(Reason.class);

  Retirement(Connections connections, List<Pipe> pipes, Ages ages, LongSupplier nanoTime) {
    this.connections = connections;
    this.pipes = pipes;
    this.ages = ages;
    this.nanoTime = nanoTime;
    for (Reason reason : Reason.values()) {
      retired.put(reason, new LongAdder());
    }
  }

  long retired(Reason reason) {
    return retired.get(reason).sum();
  }

  /** Connections that nobody has told to go. */
  int staying() {
    int staying = 0;
    for (Open connection : connections.all()) {
      staying += connection.isGoing() ? 0 : 1;
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
        .filter(connection -> !connection.isGoing() && now - connection.sinceNanos >= YOUNG_NANOS)
        .sorted(OLDEST_FIRST)
        .limit(count)
        .forEach(connection -> go(connection, Reason.UNEVEN, now));
  }

  /** Ends what is too old; to be called some times a second. */
  void look() {
    long now = nanoTime.getAsLong();
    boolean anyGoes = false;
    for (Open connection : connections.all()) {
      if (!connection.isGoing() && isTooOld(connection, now)) {
        go(connection, Reason.AGE, now);
      }
      anyGoes |= connection.isGoing();
    }
    Set<SocketAddress> busy = new HashSet<>();
    if (anyGoes || !ages.stream().isZero()) {
      pipes.forEach(pipe -> pipe.openCalls(call -> see(call, busy, now)));
      pipes.forEach(pipe -> pipe.openCalls(call -> retire(call, now)));
    }
    if (anyGoes) {
      closeOverdue(busy, now);
    }
  }

  /** What is queued when there is space again, or answered by a node, ends by itself. */
  private void closeOverdue(Set<SocketAddress> busy, long now) {
    long atMost = ages.grace().toNanos() + LAST_NANOS;
    for (Open connection : connections.all()) {
      if (connection.goingNanos(now) >= atMost
          && !busy.contains(connection.channel.remoteAddress())) {
        closeNow(connection.channel);
      }
    }
  }

  private boolean isTooOld(Open connection, long now) {
    Duration age = ages.connection();
    return !age.isZero() && now - connection.sinceNanos >= age.toNanos() * connection.jitter;
  }

  private void see(Receiver.OpenCall call, Set<SocketAddress> busy, long now) {
    busy.add(call.client());
    Open connection = connections.of(call.client());
    if (connection != null && call.isPaused()) {
      connection.pausedNanos = now;
    }
  }

  private void retire(Receiver.OpenCall call, long now) {
    Open connection = connections.of(call.client());
    if (connection == null || isHeldBack(call, connection, now)) {
      return;
    }
    long late = lateNanos(call, connection, now);
    if (late >= 0) {
      connection.hurry();
      call.retire(late >= ages.grace().toNanos());
    }
  }

  private static boolean isHeldBack(Receiver.OpenCall call, Open connection, long now) {
    Long paused = connection.pausedNanos;
    return paused != null && now - paused < HELD_BACK_NANOS && !call.isPaused();
  }

  /** For how long it should have ended; negative while it may go on. */
  private long lateNanos(Receiver.OpenCall call, Open connection, long now) {
    long going = connection.goingNanos(now);
    if (ages.stream().isZero()) {
      return going;
    }
    long age = (long) (ages.stream().toNanos() * connection.jitter);
    return Math.max(going, call.ageNanos(now) - age);
  }

  /** Closing a channel of grpc-java's server is GOAWAY first, and the end when its streams end. */
  private void go(Open connection, Reason reason, long now) {
    connection.goes(now);
    connection.channel.close();
    retired.get(reason).increment();
  }

  /**
   * Past grpc-java's handlers, which would wait for the streams; they and all who count it are told
   * that it is closed, which closing forcibly would not do.
   */
  private static void closeNow(Channel channel) {
    channel.eventLoop().execute(() -> channel.unsafe().close(channel.voidPromise()));
  }
}
