package satellite.routing;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import satellite.discovery.Node;

/**
 * A node with its connection and its recent conduct. A node whose last {@value #FAILURES} calls all
 * failed for reasons of its own is left out for a while, although it is connected: it hangs, or it
 * is not ready yet.
 */
public final class Upstream<C extends Connection> {

  static final int FAILURES = 3;

  private final Node node;
  private final C connection;
  private final Runnable onChange;
  private final AtomicInteger failuresInRow;
  private final AtomicLong leftOutSince;
  private final LongAdder delivered;

  Upstream(Node node, C connection, Runnable onChange) {
    this(node, connection, onChange, new AtomicInteger(), new AtomicLong(), new LongAdder());
  }

  private Upstream(
      Node node,
      C connection,
      Runnable onChange,
      AtomicInteger failuresInRow,
      AtomicLong leftOutSince,
      LongAdder delivered) {
    this.node = node;
    this.connection = connection;
    this.onChange = onChange;
    this.failuresInRow = failuresInRow;
    this.leftOutSince = leftOutSince;
    this.delivered = delivered;
  }

  /** The same upstream under another weight. */
  Upstream<C> as(Node weighted) {
    return new Upstream<>(weighted, connection, onChange, failuresInRow, leftOutSince, delivered);
  }

  public Node node() {
    return node;
  }

  public C connection() {
    return connection;
  }

  public Connection.State state() {
    return leftOutSince.get() != 0 ? Connection.State.DOWN : connection.state();
  }

  public boolean isUp() {
    return state() == Connection.State.UP;
  }

  /** Client messages that the node has answered for. */
  public long delivered() {
    return delivered.sum();
  }

  public void succeeded(int messages) {
    delivered.add(messages);
    if (failuresInRow.get() != 0) {
      failuresInRow.set(0);
    }
  }

  /** A call failed in a way that says more of the node than of the call. */
  public void failed(long nowNanos) {
    if (failuresInRow.incrementAndGet() == FAILURES) {
      leftOutSince.set(nowNanos | 1);
      onChange.run();
    }
  }

  /** Forgets its failures. */
  void letBackIn() {
    failuresInRow.set(0);
    leftOutSince.set(0);
  }

  /**
   * Lets a node that was left out for {@code nanos} try again; one more failure leaves it out
   * again.
   */
  void readmit(long nowNanos, long nanos) {
    long since = leftOutSince.get();
    if (since != 0 && nowNanos - since >= nanos && leftOutSince.compareAndSet(since, 0)) {
      failuresInRow.set(FAILURES - 1);
      onChange.run();
    }
  }
}
