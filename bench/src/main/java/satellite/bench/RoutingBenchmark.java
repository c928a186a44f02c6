package satellite.bench;

import java.time.Duration;
import java.util.Comparator;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import satellite.discovery.Node;
import satellite.routing.Connection;
import satellite.routing.LoadBalancing;
import satellite.routing.MinLatency;
import satellite.routing.Router;
import satellite.routing.StickyRouting;
import satellite.routing.Upstream;

/**
 * A pick among ten nodes that are up: in turn, by a known identity, by a new one. And what a call
 * costs beside: a place in its node's window, and its answer.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RoutingBenchmark {

  private static final int NODES = 10;
  private static final int IDENTITIES = 1024;
  private static final Predicate<Upstream<Connection>> ANY = upstream -> true;

  /** Always up. */
  private static final class Up implements Connection {
    @Override
    public State state() {
      return State.UP;
    }

    @Override
    public void reconnect() {}

    @Override
    public String why() {
      return "";
    }

    @Override
    public void close() {}

    @Override
    public void closeNow() {}
  }

  private final String[] identities = new String[IDENTITIES];
  private ScheduledExecutorService timer;
  private Router<Connection> router;
  private Router<Connection>.Cursor cursor;
  private StickyRouting<Connection> fixed;
  private StickyRouting<Connection> forgetful;
  private MinLatency minLatency;
  private int next;

  @Setup(Level.Trial)
  public void connect() {
    timer = Executors.newSingleThreadScheduledExecutor();
    router =
        new Router<>(
            (node, onChange) -> new Up(),
            timer,
            System::nanoTime,
            Duration.ofHours(1),
            Duration.ofHours(1),
            LoadBalancing.ROUND_ROBIN);
    Set<Node> nodes = new TreeSet<>(Comparator.comparing(Node::address));
    for (int i = 0; i < NODES; i++) {
      nodes.add(new Node("oap-" + i + ".oap.skywalking.svc.cluster.local", 11800));
    }
    router.nodes(nodes);
    cursor = router.cursor();
    minLatency = router.minLatency("any");
    fixed = new StickyRouting<>(router, 5000, Duration.ofMinutes(3), System::nanoTime);
    forgetful = new StickyRouting<>(router, 0, Duration.ofMinutes(3), System::nanoTime);
    for (int i = 0; i < IDENTITIES; i++) {
      identities[i] = Messages.SERVICE + '\0' + Messages.INSTANCE + i;
    }
  }

  @TearDown(Level.Trial)
  public void close() {
    router.close();
    timer.shutdown();
  }

  @Benchmark
  public Upstream<Connection> roundRobin() {
    return cursor.next(ANY);
  }

  @Benchmark
  public Upstream<Connection> fixedKnown() {
    return fixed.pick(identity());
  }

  @Benchmark
  public Upstream<Connection> fixedNew() {
    return forgetful.pick(identity());
  }

  @Benchmark
  public Upstream<Connection> call() {
    Upstream<Connection> upstream = cursor.next(Upstream::tryAcquire);
    upstream.call(minLatency, System.nanoTime()).answered(System.nanoTime());
    return upstream;
  }

  private String identity() {
    return identities[next++ & (IDENTITIES - 1)];
  }
}
