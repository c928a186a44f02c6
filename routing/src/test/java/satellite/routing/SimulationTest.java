package satellite.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import satellite.routing.Connection.State;
import satellite.routing.FakeConnector.FakeConnection;

/**
 * Senders, as a pipe's dispatchers are, in front of nodes that behave in a way; both follow the
 * clock that is turned by hand and a fixed seed. After each test every job must have been delivered
 * once, and no permit be taken.
 */
class SimulationTest extends RouterFixture {

  private static final int LANE = 16;
  private static final int TIMEOUT_MILLIS = 20_000;
  private static final int BACKOFF_MILLIS = 100;

  private final Random random = new Random(1995);
  private final Map<String, Node> behaviour = new HashMap<>();
  private final List<Sender> senders = new ArrayList<>();
  private int created;
  private int delivered;
  private int attempts;

  SimulationTest() {
    super(State.UP);
  }

  /** What becomes of a call. */
  private enum End {
    OK,
    FAILED,
    NEVER
  }

  /** A node with workers that take one call after the other, and a queue in front of them. */
  private final class Node {
    private final int workers;
    private final double millis;
    private final Deque<Runnable> queue = new ArrayDeque<>();
    private int busy;
    private double failing;
    private int limit = Integer.MAX_VALUE;
    private boolean hangs;
    int calls;
    int delivered;
    int most;

    Node(int workers, double millis) {
      this.workers = workers;
      this.millis = millis;
    }

    Node failing(double share) {
      this.failing = share;
      return this;
    }

    /** More calls than that at a time are refused at once. */
    Node limit(int calls) {
      this.limit = calls;
      return this;
    }

    void take(Job job) {
      calls++;
      most = Math.max(most, busy + queue.size() + 1);
      if (busy + queue.size() >= limit) {
        after(0.2, () -> job.end(this, End.FAILED));
      } else if (hangs) {
        after(TIMEOUT_MILLIS, () -> job.end(this, End.FAILED));
      } else if (busy < workers) {
        work(job);
      } else {
        queue.add(() -> work(job));
      }
    }

    private void work(Job job) {
      busy++;
      after(
          millis * (0.5 + random.nextDouble()),
          () -> {
            busy--;
            Runnable next = queue.poll();
            if (next != null) {
              next.run();
            }
            job.end(this, random.nextDouble() < failing ? End.FAILED : End.OK);
          });
    }
  }

  private void after(double millis, Runnable task) {
    time.schedule(task, (long) (millis * 1e6), TimeUnit.NANOSECONDS);
  }

  /** A batch. */
  private final class Job {
    private final Sender sender;
    private Upstream<FakeConnection>.Call call;
    private String last;
    private int tries;

    Job(Sender sender) {
      this.sender = sender;
      created++;
    }

    void send(Upstream<FakeConnection> upstream) {
      attempts++;
      tries++;
      last = host(upstream);
      call = upstream.call(router.minLatency("jobs"), time.nanoTime());
      sender.inFlight.merge(last, 1, Integer::sum);
      behaviour.get(last).take(this);
    }

    void end(Node node, End end) {
      sender.inFlight.merge(last, -1, Integer::sum);
      if (end == End.OK) {
        call.answered(time.nanoTime());
        delivered++;
        node.delivered++;
        sender.delivered++;
      } else {
        call.failed(time.nanoTime());
        rest(tries);
      }
      sender.pump();
    }

    private void rest(int step) {
      double most = Math.min(5_000, BACKOFF_MILLIS * Math.pow(2, Math.min(step, 20) - 1));
      after(
          most * (0.5 + 0.5 * random.nextDouble()),
          () -> {
            if (router.retryBudget().take(time.nanoTime())) {
              sender.ready.addFirst(this);
              sender.pump();
            } else {
              rest(step + 1);
            }
          });
    }
  }

  private final class Sender {
    final Deque<Job> ready = new ArrayDeque<>();
    final Map<String, Integer> inFlight = new HashMap<>();
    private final Set<String> awaits = new HashSet<>();
    private final Set<String> granted = new HashSet<>();
    private final Router<FakeConnection>.Cursor cursor = router.cursor();
    int delivered;

    Sender() {
      senders.add(this);
      router.onChange(() -> time.execute(this::pump));
    }

    void pump() {
      while (!ready.isEmpty()) {
        Job job = ready.peek();
        var free = cursor.next(u -> !host(u).equals(job.last) && enter(u));
        free = free == null ? cursor.next(this::enter) : free;
        if (free == null) {
          router.used().forEach(this::await);
          break;
        }
        ready.remove().send(free);
      }
      granted.forEach(host -> upstream(host).release());
      granted.clear();
    }

    private boolean enter(Upstream<FakeConnection> upstream) {
      return inFlight.getOrDefault(host(upstream), 0) < LANE
          && (granted.remove(host(upstream)) || upstream.tryAcquire());
    }

    private void await(Upstream<FakeConnection> upstream) {
      String host = host(upstream);
      if (inFlight.getOrDefault(host, 0) < LANE && awaits.add(host)) {
        upstream.onPermit(
            () ->
                time.execute(
                    () -> {
                      awaits.remove(host);
                      granted.add(host);
                      pump();
                    }));
      }
    }
  }

  /** So many jobs, as they come, to so many senders in turn. */
  private void load(int senderCount, int perSecond, int seconds) {
    nodes(behaviour.keySet().toArray(String[]::new));
    while (senders.size() < senderCount) {
      new Sender();
    }
    for (int i = 0; i < perSecond * seconds; i++) {
      Sender sender = senders.get(i % senderCount);
      sender.ready.add(new Job(sender));
      sender.pump();
      time.advance(TimeUnit.SECONDS.toNanos(1) / perSecond, TimeUnit.NANOSECONDS);
    }
  }

  private Node node(String host, int workers, double millis) {
    Node node = new Node(workers, millis);
    behaviour.put(host, node);
    return node;
  }

  @AfterEach
  void everyJobIsDeliveredOnce() {
    behaviour.values().forEach(node -> node.failing(0).limit(Integer.MAX_VALUE).hangs = false);
    for (int i = 0; i < 600 && delivered < created; i++) {
      time.advance(1, TimeUnit.SECONDS);
    }
    assertEquals(created, delivered);
    assertEquals(
        created, behaviour.values().stream().mapToInt(node -> node.delivered).sum(), "once");
    router.upstreams().values().forEach(u -> assertEquals(0, u.inFlight(), host(u)));
    time.advance(1, TimeUnit.HOURS);
  }

  private double share(Node node) {
    return (double) node.delivered / delivered;
  }

  @Test
  void equalNodesGetEqualShares() {
    Node a = node("a", 4, 4);
    node("b", 4, 4);
    load(4, 500, 10);
    assertEquals(0.5, share(a), 0.05);
    assertEquals(created, attempts);
  }

  @Test
  void aSlowNodeGetsLess() {
    Node slow = node("slow", 4, 400);
    Node fast = node("fast", 8, 10);
    load(8, 600, 20);
    assertTrue(share(slow) < 0.05, () -> share(slow) + " of all");
    assertTrue(slow.most <= 2 * Window.BETA, () -> slow.most + " under way to it");
    assertTrue(delivered > 0.97 * created, () -> delivered + " of " + created);
    assertTrue(fast.most <= Window.MAX_LIMIT);
  }

  @Test
  void aHungNodeStopsAtItsWindowAndItsJobsGoElsewhere() {
    Node hangs = node("hangs", 8, 10);
    node("works", 8, 10);
    hangs.hangs = true;
    load(8, 300, 19);
    assertEquals(Window.INITIAL_LIMIT, hangs.calls);
    assertEquals(created - Window.INITIAL_LIMIT, delivered, 15);
    load(8, 300, 11);
    assertEquals(0, hangs.delivered);
    assertTrue(hangs.calls <= Window.INITIAL_LIMIT + 2, () -> hangs.calls + " calls to it");
    assertTrue(delivered > created - 15);
  }

  @Test
  void aNodeThatHangsUnderLoadStopsWhereItWas() {
    Node hangs = node("hangs", 40, 40);
    node("works", 40, 40);
    load(8, 1500, 5);
    hangs.hangs = true;
    int before = hangs.calls;
    load(8, 500, 15);
    int window = upstream("hangs").window();
    assertTrue(window > 2 * Window.INITIAL_LIMIT, () -> "a window of " + window);
    assertTrue(hangs.calls - before <= window, () -> hangs.calls - before + " calls");
  }

  @Test
  void aNodeThatFailsAFifthGetsLess() {
    Node bad = node("bad", 8, 10).failing(0.2);
    Node good = node("good", 8, 10);
    load(8, 600, 30);
    assertTrue(bad.delivered < good.delivered / 2, () -> bad.delivered + " to " + good.delivered);
    assertTrue(bad.delivered > 0);
    assertTrue(attempts < 1.1 * created, () -> attempts + " attempts of " + created);
  }

  /** Two thirds of the load are its limit: the other one takes the rest. */
  @Test
  void aNodeThatHasTooMuchGetsAsMuchAsItTakes() {
    Node small = node("small", 4, 20).limit(6);
    Node large = node("large", 16, 20);
    load(8, 400, 30);
    double refused = 1 - (double) small.delivered / small.calls;
    assertTrue(refused < 0.2, () -> refused + " of its calls were refused");
    assertTrue(delivered > 0.97 * created, () -> delivered + " of " + created);
    assertTrue(large.delivered > small.delivered);
  }

  @Test
  void whereAllFailMostOfTheirCallsAttemptsAreBounded() {
    int seconds = 30;
    Node a = node("a", 8, 5).failing(0.8);
    Node b = node("b", 8, 5).failing(0.8);
    load(8, 200, seconds);
    int most =
        RetryBudget.MAX_SAVED
            + delivered / RetryBudget.CALLS_PER_RETRY
            + RetryBudget.RESERVE_PER_SECOND * (seconds + 1);
    assertTrue(
        router.retryBudget().taken() <= most, () -> router.retryBudget().taken() + " > " + most);
    int firsts = attempts - (int) router.retryBudget().taken();
    assertTrue(firsts <= created);
    assertEquals(attempts, a.calls + b.calls);
  }

  @Test
  void theOnlyNodeGetsAllAlthoughItFailsAFifth() {
    node("a", 8, 5).failing(0.2);
    load(8, 200, 30);
    assertTrue(delivered > 0.9 * created, () -> delivered + " of " + created);
    assertTrue(attempts < 1.4 * created, () -> attempts + " attempts of " + created);
    assertEquals(0, upstream("a").ejections());
  }

  @Test
  void whereAllRefuseEverythingNobodyIsStormed() {
    Node a = node("a", 8, 5).limit(0);
    Node b = node("b", 8, 5).limit(0);
    load(8, 500, 60);
    assertEquals(0, delivered);
    assertTrue(attempts < 150, () -> attempts + " attempts in a minute");
    assertEquals(a.calls, b.calls, 3);
  }

  /** One has a backlog, one sends now and then: it does not wait behind all that. */
  @Test
  void nobodyWaitsBehindTheBacklogOfAnother() {
    node("a", 2, 10);
    nodes("a");
    Sender much = new Sender();
    Sender little = new Sender();
    for (int i = 0; i < 2000; i++) {
      much.ready.add(new Job(much));
    }
    much.pump();
    for (int i = 0; i < 40; i++) {
      little.ready.add(new Job(little));
      little.pump();
      time.advance(100, TimeUnit.MILLISECONDS);
    }
    assertTrue(much.delivered < 1000, "there is still a backlog");
    assertTrue(little.delivered >= 38, () -> little.delivered + " of 40");
  }
}
