package satellite.replicas;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import satellite.discovery.Node;

/**
 * Many replicas and their agents, in memory: the code that decides is the product's own, agents are
 * numbers, and whoever is sent away comes to a replica by chance, as a Service of Kubernetes would
 * have it.
 */
final class ReplicaSimulation {

  private static final long SECOND = 1_000_000_000L;

  private final Random random;
  private final List<Replica> replicas = new ArrayList<>();
  private final int tolerancePercent;
  private long nanos;
  long moved;
  long questions;
  int schedulesMoved;

  /** Whether all come back to where they were. */
  boolean faithful;

  private final class Replica {
    final int number = replicas.size();
    final Node node = new Node("10." + number / 256 + "." + number % 256 + ".1", 1234);
    final Rebalancing rebalancing = new Rebalancing(tolerancePercent);
    final ReportSchedule schedule = new ReportSchedule("" + number, "satellite-" + number, 10_000);
    final FakeDiscovery discovery = new FakeDiscovery();
    final Replicas others;
    int connections;

    Replica() {
      others =
          new Replicas(
              discovery,
              this::status,
              asked -> {
                questions++;
                return CompletableFuture.completedFuture(replicas.get(number(asked)).status());
              },
              () -> nanos,
              random);
      others.start();
    }

    ReplicaStatus status() {
      return new ReplicaStatus(
          "" + number, connections, connections / 4000.0, true, schedule.offsetMillis());
    }
  }

  private static int number(Node node) {
    String[] parts = node.host().split("\\.");
    return Integer.parseInt(parts[1]) * 256 + Integer.parseInt(parts[2]);
  }

  ReplicaSimulation(long seed, int tolerancePercent, int... connections) {
    this.random = new Random(seed);
    this.tolerancePercent = tolerancePercent;
    grow(connections);
  }

  /** More replicas, which all others find at once. */
  void grow(int... connections) {
    for (int count : connections) {
      Replica replica = new Replica();
      replica.connections = count;
      replicas.add(replica);
    }
    Set<Node> nodes = new HashSet<>();
    replicas.forEach(replica -> nodes.add(replica.node));
    replicas.forEach(replica -> replica.discovery.find(nodes));
  }

  void arrive(int agents) {
    for (int i = 0; i < agents; i++) {
      replicas.get(random.nextInt(replicas.size())).connections++;
    }
  }

  /** Agents that end, whichever they are. */
  void leave(int agents) {
    for (int i = 0; i < agents; ) {
      Replica replica = replicas.get(random.nextInt(replicas.size()));
      if (replica.connections > 0) {
        replica.connections--;
        i++;
      }
    }
  }

  /** A second. */
  void round() {
    nanos += SECOND;
    replicas.forEach(replica -> replica.others.poll());
    int going = 0;
    for (Replica replica : replicas) {
      int shed =
          Math.min(
              replica.connections,
              replica.rebalancing.toShed(replica.connections, replica.others.summary()));
      moved += shed;
      if (!faithful) {
        replica.connections -= shed;
        going += shed;
      }
      int offset = replica.schedule.offsetMillis();
      replica.schedule.avoidCollisions(
          replica.others.others(), replica.others.summary().replicas());
      schedulesMoved += replica.schedule.offsetMillis() == offset ? 0 : 1;
    }
    arrive(going);
  }

  int agents() {
    return replicas.stream().mapToInt(replica -> replica.connections).sum();
  }

  int[] connections() {
    return replicas.stream().mapToInt(replica -> replica.connections).toArray();
  }

  /** From the fewest to the most, of the mean. */
  double spread() {
    int[] all = connections();
    return (IntStream.of(all).max().getAsInt() - IntStream.of(all).min().getAsInt())
        / (double) agents()
        * all.length;
  }

  /** The most, of the mean: 0 is even. */
  double excess() {
    return IntStream.of(connections()).max().getAsInt() / (double) agents() * replicas.size() - 1;
  }

  static int[] each(int replicas, int connections) {
    int[] all = new int[replicas];
    Arrays.fill(all, connections);
    return all;
  }
}
