package satellite.routing;

import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import satellite.discovery.Node;

/**
 * The live set of upstreams of one client. Picks read an immutable snapshot, without a lock;
 * changes of the node set and of connections are rare and make a new one.
 */
public final class Router<C extends Connection> implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger("router");

  /**
   * @param up those that are up
   * @param used those of them that take calls now; {@code strategy} chooses among them
   */
  private record Snapshot<C extends Connection>(
      Map<String, Upstream<C>> byAddress,
      List<Upstream<C>> up,
      List<Upstream<C>> used,
      Strategy<C> strategy) {}

  /** How often a node that is gone is checked for calls under way. */
  private static final long CHECK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Connector<C> connector;
  private final ScheduledExecutorService timer;
  private final LongSupplier nanoTime;
  private final Duration checkPeriod;
  private final Duration drainTime;
  private final LoadBalancing balancing;
  private final ScheduledFuture<?> checks;
  private final RetryBudget retries;
  private final Map<String, MinLatency> minLatencies = new ConcurrentHashMap<>();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final AtomicInteger cursors = new AtomicInteger();
  private final Map<Upstream<C>, Drain> draining = new ConcurrentHashMap<>();
  private volatile Snapshot<C> snapshot;
  private boolean closed;

  /**
   * @param checkPeriod how often nodes that are down are tried again, and how long one whose calls
   *     fail is left out the first time
   * @param drainTime how long the calls of a node that is no longer among the nodes may go on
   */
  public Router(
      Connector<C> connector,
      ScheduledExecutorService timer,
      LongSupplier nanoTime,
      Duration checkPeriod,
      Duration drainTime,
      LoadBalancing balancing) {
    this.drainTime = drainTime;
    this.balancing = balancing;
    this.connector = connector;
    this.timer = timer;
    this.nanoTime = nanoTime;
    this.checkPeriod = checkPeriod;
    this.retries = new RetryBudget(nanoTime.getAsLong());
    this.snapshot = new Snapshot<>(Map.of(), List.of(), List.of(), balancing.of(List.of()));
    long period = checkPeriod.toNanos();
    this.checks = timer.scheduleWithFixedDelay(this::check, period, period, TimeUnit.NANOSECONDS);
  }

  /** The listener of a {@link satellite.discovery.Discovery}: the whole set, old and new. */
  public void nodes(Set<Node> nodes) {
    synchronized (this) {
      if (closed) {
        return;
      }
      Map<String, Upstream<C>> old = snapshot.byAddress;
      Map<String, Node> wanted = new TreeMap<>();
      nodes.forEach(node -> wanted.put(node.address(), node));
      Map<String, Upstream<C>> byAddress = new LinkedHashMap<>();
      boolean othersWork = old.values().stream().anyMatch(Upstream::isHealthy);
      wanted.forEach(
          (address, node) -> {
            Upstream<C> known = old.get(address);
            byAddress.put(address, known == null ? open(node, othersWork) : known.withNode(node));
          });
      publish(byAddress);
      old.forEach(
          (address, upstream) -> {
            if (!byAddress.containsKey(address)) {
              new Drain(upstream).begin();
            }
          });
    }
    tell();
  }

  /**
   * What a node that is gone has under way. Its connection is closed when that has ended, a moment
   * later at the earliest: somebody may have chosen it and not begun his call yet.
   */
  private final class Drain implements Runnable {
    private final Upstream<C> upstream;
    private final long endNanos = nanoTime.getAsLong() + drainTime.toNanos();
    private ScheduledFuture<?> nextCheck;

    Drain(Upstream<C> upstream) {
      this.upstream = upstream;
    }

    /** The router's lock is held, as in {@link #end}. */
    void begin() {
      upstream.drain();
      draining.put(upstream, this);
      nextCheck = timer.schedule(this, CHECK_NANOS, TimeUnit.NANOSECONDS);
    }

    @Override
    public void run() {
      synchronized (Router.this) {
        if (closed) {
          return;
        }
        if (upstream.outstanding() == 0) {
          end();
        } else if (nanoTime.getAsLong() - endNanos >= 0) {
          LOG.log(
              System.Logger.Level.INFO,
              "node {0} is gone: {1} calls under way are ended",
              upstream.node(),
              String.valueOf(upstream.outstanding()));
          end();
          upstream.connection().closeNow();
        } else {
          nextCheck = timer.schedule(this, CHECK_NANOS, TimeUnit.NANOSECONDS);
        }
      }
    }

    void end() {
      nextCheck.cancel(false);
      draining.remove(upstream);
      upstream.close();
    }
  }

  private Upstream<C> open(Node node, boolean othersWork) {
    Upstream<C> upstream = open(node);
    return othersWork ? upstream.slowStart() : upstream;
  }

  private Upstream<C> open(Node node) {
    return new Upstream<>(
        node,
        connector.open(node, this::changed),
        this::changed,
        retries,
        checkPeriod,
        nanoTime.getAsLong());
  }

  private void changed() {
    synchronized (this) {
      if (closed) {
        return;
      }
      publish(snapshot.byAddress);
    }
    tell();
  }

  private void publish(Map<String, Upstream<C>> byAddress) {
    List<Upstream<C>> were = snapshot.up;
    long now = nanoTime.getAsLong();
    byAddress.values().forEach(upstream -> upstream.checkConnection(now));
    if (byAddress.values().stream().noneMatch(Upstream::isHealthy)) {
      // To leave out a node helps only while another one can take its calls.
      byAddress.values().forEach(upstream -> upstream.panic(now));
    }
    byAddress.values().forEach(upstream -> upstream.scheduleTimer(timer, nanoTime));
    List<Upstream<C>> up = byAddress.values().stream().filter(Upstream::isUp).toList();
    List<Upstream<C>> used = bestPriorities(up);
    snapshot = new Snapshot<>(byAddress, up, used, balancing.of(used));
    Set<String> after = addresses(up);
    for (Upstream<C> upstream : were) {
      String ejected = after.contains(upstream.node().address()) ? null : upstream.countEjection();
      if (ejected != null) {
        LOG.log(System.Logger.Level.INFO, "node {0} is left out {1}", upstream.node(), ejected);
      }
    }
    if (!after.equals(addresses(were))) {
      LOG.log(System.Logger.Level.INFO, "nodes up: {0}, of {1}", after, byAddress.keySet());
    }
  }

  /** Those of the lowest number, and of the next ones as long as none of these is healthy. */
  private static <C extends Connection> List<Upstream<C>> bestPriorities(List<Upstream<C>> up) {
    int last =
        up.stream()
            .filter(Upstream::isHealthy)
            .mapToInt(upstream -> upstream.node().priority())
            .min()
            .orElse(Integer.MAX_VALUE);
    return up.stream().filter(upstream -> upstream.node().priority() <= last).toList();
  }

  private static <C extends Connection> Set<String> addresses(List<Upstream<C>> upstreams) {
    Set<String> addresses = new TreeSet<>();
    upstreams.forEach(upstream -> addresses.add(upstream.node().address()));
    return addresses;
  }

  private void tell() {
    listeners.forEach(Runnable::run);
  }

  private void check() {
    for (Upstream<C> upstream : snapshot.byAddress.values()) {
      if (upstream.connection().state() == Connection.State.DOWN) {
        upstream.connection().reconnect();
      }
    }
  }

  /** Runs {@code listener} after every change, on the thread that brought it; it must not block. */
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  /** A walk along the upstreams, with a position of its own: see {@link Cursor}. */
  public Cursor cursor() {
    return new Cursor(cursors.getAndIncrement());
  }

  /**
   * One walk along the upstreams. Whoever sends keeps one of its own: on a shared one, two senders
   * in step would each always meet the same node. Any thread.
   */
  public final class Cursor {
    private final AtomicInteger position;

    private Cursor(int start) {
      this.position = new AtomicInteger(start);
    }

    /** The next upstream that takes calls and is usable, or null; those after it are not asked. */
    public Upstream<C> next(Predicate<Upstream<C>> usable) {
      return snapshot.strategy.pick(position.getAndIncrement(), usable);
    }

    /**
     * The next upstream for a call that cannot wait: one that is up, and proven if possible; else
     * one that may come up within the call's time, else null. Such calls take no permit.
     */
    public Upstream<C> nextNow() {
      int now = position.getAndIncrement();
      Strategy<C> strategy = snapshot.strategy;
      Upstream<C> up = strategy.pick(now, Upstream::isHealthy);
      up = up == null ? strategy.pick(now, any -> true) : up;
      if (up != null) {
        return up;
      }
      for (Upstream<C> upstream : snapshot.byAddress.values()) {
        // One that was left out is better than none.
        if (upstream.connection().state() != Connection.State.DOWN) {
          return upstream;
        }
      }
      return null;
    }
  }

  /** What all that is sent to these nodes has for retries. */
  public RetryBudget retryBudget() {
    return retries;
  }

  /** How fast calls of this kind are answered; the same object for the same kind. */
  public MinLatency minLatency(String kind) {
    return minLatencies.computeIfAbsent(kind, any -> new MinLatency(nanoTime.getAsLong()));
  }

  /** All upstreams, by address. */
  public Map<String, Upstream<C>> upstreams() {
    return snapshot.byAddress;
  }

  /** Those that are up. */
  public List<Upstream<C>> up() {
    return snapshot.up;
  }

  /** Those that take calls now: all that are up, unless they are kept for when others are not. */
  public List<Upstream<C>> used() {
    return snapshot.used;
  }

  /** Those that are no longer among the nodes, as long as they have calls under way. */
  public Collection<Upstream<C>> draining() {
    return Collections.unmodifiableSet(draining.keySet());
  }

  @Override
  public void close() {
    checks.cancel(false);
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      List.copyOf(draining.values()).forEach(Drain::end);
      snapshot.byAddress.values().forEach(Upstream::close);
    }
  }
}
