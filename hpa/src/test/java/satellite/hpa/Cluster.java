package satellite.hpa;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.LongPredicate;
import java.util.function.LongUnaryOperator;
import satellite.hpa.Autoscaler.PodState;
import satellite.hpa.Autoscaler.Tolerance;

/**
 * Agents, the replicas of a Satellite, OAP, the adapter and a HorizontalPodAutoscaler, in steps of
 * five seconds: what is connected where, and how many replicas that makes.
 */
final class Cluster {

  static final int STEP = 5;

  /** When a replica that is at its limit answers that it is not ready. */
  enum Readiness {
    /** Never: it knows of no others ({@code SATELLITE_REPLICAS_FINDER=none}). */
    ALWAYS,
    /** Only while the mean of all is below 90 percent of the limit; alone it stays ready. */
    NOT_WITH_ROOM_ELSEWHERE,
    /** Whenever it is at its limit. */
    NOT_AT_LIMIT
  }

  /** What it was at the end of a step. */
  record Snapshot(
      long seconds, int wanted, int ready, int agents, int connected, List<Integer> connections) {}

  private static final class Replica {
    final long reads;
    final long reportPhase;
    int connections;
    boolean ready;
    boolean wasReady;
    long scraped = -1;

    Replica(long reads, long reportPhase) {
      this.reads = reads;
      this.reportPhase = reportPhase;
    }
  }

  private final int limit;
  private final Autoscaler autoscaler;
  private final Random random;
  private final SwckAdapter oap = new SwckAdapter(25);
  private final List<Replica> replicas = new ArrayList<>();
  private final List<Snapshot> history = new ArrayList<>();
  private final boolean rebalances;
  private final Readiness readiness;
  private final int startSeconds;
  private LongPredicate oapIsAway = second -> false;
  private LongPredicate reportsAreLost = second -> false;
  private double cpuPercentPerConnection;
  private int wanted;
  private int waiting;
  private long now;

  Cluster(
      AutoscalerSpec spec,
      Tolerance tolerance,
      int limit,
      Readiness readiness,
      boolean rebalances,
      int startSeconds,
      long seed) {
    this.autoscaler = new Autoscaler(spec, tolerance);
    this.limit = limit;
    this.readiness = readiness;
    this.rebalances = rebalances;
    this.startSeconds = startSeconds;
    this.random = new Random(seed);
    this.now = random.nextInt(12) * STEP; // the minutes of OAP begin anywhere
    scaleTo(spec.minReplicas(), 0);
  }

  /** It answers nobody: the adapter fails, and what is reported is lost. */
  Cluster oapIsAway(LongPredicate when) {
    this.oapIsAway = when;
    return this;
  }

  /** It answers the adapter, without what is reported. */
  Cluster reportsAreLost(LongPredicate when) {
    this.reportsAreLost = when;
    return this;
  }

  Cluster cpuPercentPerConnection(double percent) {
    this.cpuPercentPerConnection = percent;
    return this;
  }

  /** Begins with so many ready replicas, as if they had been there for long. */
  Cluster startsWith(int count) {
    scaleTo(count, 0);
    return this;
  }

  /** Goes on for so long; how many agents there are is a function of the time since then. */
  Cluster run(long seconds, LongUnaryOperator agents) {
    for (long since = 0; since < seconds; since += STEP) {
      step((int) agents.applyAsLong(since));
      now += STEP;
    }
    return this;
  }

  Cluster run(long seconds, int agents) {
    return run(seconds, since -> agents);
  }

  /** One goes without a word; the Deployment replaces it. */
  Cluster kill() {
    Replica dead = replicas.remove(random.nextInt(replicas.size()));
    waiting += dead.connections;
    scaleTo(wanted, startSeconds);
    return this;
  }

  List<Snapshot> history() {
    return history;
  }

  Snapshot last() {
    return history.get(history.size() - 1);
  }

  long now() {
    return now;
  }

  /** What the autoscaler wanted, each change once: {@code [1, 2, 1]}. */
  List<Integer> course() {
    List<Integer> course = new ArrayList<>();
    for (Snapshot snapshot : history) {
      if (course.isEmpty() || course.get(course.size() - 1) != snapshot.wanted) {
        course.add(snapshot.wanted);
      }
    }
    return course;
  }

  Cluster forget() {
    history.clear();
    return this;
  }

  private void step(int agents) {
    readiness();
    if (rebalances && now % 10 == 0) {
      evenOut();
    }
    connect(agents);
    report();
    if (now % Autoscaler.SYNC_SECONDS == 0) {
      sync();
    }
    int connected = replicas.stream().mapToInt(r -> r.connections).sum();
    history.add(
        new Snapshot(
            now,
            wanted,
            (int) replicas.stream().filter(r -> r.ready).count(),
            agents,
            connected,
            replicas.stream().map(r -> r.connections).toList()));
  }

  private void readiness() {
    double mean =
        replicas.stream()
            .filter(r -> now >= r.reads)
            .mapToInt(r -> r.connections)
            .average()
            .orElse(0);
    for (Replica replica : replicas) {
      boolean atLimit = replica.connections >= limit;
      replica.ready =
          now >= replica.reads
              && switch (readiness) {
                case ALWAYS -> true;
                case NOT_WITH_ROOM_ELSEWHERE -> !atLimit || mean >= 0.9 * limit;
                case NOT_AT_LIMIT -> !atLimit;
              };
      replica.wasReady |= replica.ready;
    }
  }

  /** Each goes to any ready replica; who is refused there waits and tries again. */
  private void connect(int agents) {
    int there = waiting + replicas.stream().mapToInt(r -> r.connections).sum();
    waiting += Math.max(0, agents - there);
    for (int leaves = there - agents; leaves > 0; leaves--) {
      if (waiting > 0) {
        waiting--;
      } else {
        ofAnyConnection().connections--;
      }
    }
    List<Replica> ready = replicas.stream().filter(r -> r.ready).toList();
    for (int tries = ready.isEmpty() ? 0 : waiting; tries > 0; tries--) {
      Replica replica = ready.get(random.nextInt(ready.size()));
      if (replica.connections < limit) {
        replica.connections++;
        waiting--;
      }
    }
  }

  private Replica ofAnyConnection() {
    int any = random.nextInt(replicas.stream().mapToInt(r -> r.connections).sum());
    for (Replica replica : replicas) {
      any -= replica.connections;
      if (any < 0) {
        return replica;
      }
    }
    throw new AssertionError();
  }

  /** Those above the mean send a third of the difference away, by GOAWAY. */
  private void evenOut() {
    List<Replica> known = replicas.stream().filter(r -> now >= r.reads).toList();
    double mean = known.stream().mapToInt(r -> r.connections).average().orElse(0);
    for (Replica replica : known) {
      double above = replica.connections - Math.ceil(mean);
      if (above > 0.05 * mean) {
        int shed = (int) Math.ceil(above / 3);
        replica.connections -= shed;
        waiting += shed;
      }
    }
  }

  private void report() {
    for (Replica replica : replicas) {
      if (now < replica.reads) {
        continue;
      }
      if ((now + replica.reportPhase) % SwckAdapter.REPORT_SECONDS == 0
          && !oapIsAway.test(now)
          && !reportsAreLost.test(now)) {
        oap.report(now, replica.connections);
      }
      if ((now + replica.reportPhase) % 30 == 0) {
        replica.scraped = replica.connections;
      }
    }
  }

  private void sync() {
    List<Autoscaler.Pod> pods = new ArrayList<>();
    for (Replica replica : replicas) {
      Map<String, Long> metrics = new HashMap<>();
      if (replica.scraped >= 0) {
        metrics.put("grpc_server_connection_count", replica.scraped * 1000);
        metrics.put("cpu", Math.round(replica.scraped * cpuPercentPerConnection * 1000));
      }
      PodState state = PodState.READY;
      if (!replica.ready) {
        state = replica.wasReady ? PodState.NOT_READY : PodState.STARTING;
      }
      pods.add(new Autoscaler.Pod(state, metrics));
    }
    scaleTo(
        autoscaler.sync(
            now,
            wanted,
            pods,
            metric ->
                oapIsAway.test(now)
                    ? OptionalLong.empty()
                    : OptionalLong.of(oap.value(now) * 1000)),
        startSeconds);
  }

  /** As a ReplicaSet does: those go first that are not ready, then the youngest. */
  private void scaleTo(int count, int startSeconds) {
    wanted = count;
    while (replicas.size() < count) {
      replicas.add(new Replica(now + startSeconds, random.nextInt(2) * STEP));
    }
    if (replicas.size() > count) {
      replicas.sort(
          Comparator.comparing((Replica r) -> !r.ready && now >= r.reads)
              .thenComparing(r -> r.reads));
    }
    while (replicas.size() > count) {
      waiting += replicas.remove(replicas.size() - 1).connections;
    }
  }
}
