package satellite.replicas;

import static java.lang.System.Logger.Level.INFO;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import satellite.discovery.Discovery;
import satellite.discovery.Node;
import satellite.discovery.SourceStatus;

/**
 * Knows the other replicas: asks a few of them, chosen by chance, once in a round, and remembers
 * what they said for some rounds. What that costs a replica does not depend on how many there are.
 *
 * <p>{@link #poll} on one thread, which it does not block; the rest on any.
 */
public final class Replicas implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger("replicas");

  /** How many of the others are asked in a round. */
  public static final int FANOUT = 3;

  private static final long STATUS_TTL_NANOS = TimeUnit.SECONDS.toNanos(10);

  private record Answer(ReplicaStatus status, long atNanos) {}

  private final Discovery discovery;
  private final Supplier<ReplicaStatus> ownStatus;
  private final Function<Node, CompletionStage<ReplicaStatus>> client;
  private final LongSupplier nanoTime;
  private final RandomGenerator random;
  private final Map<Node, Answer> answers = new ConcurrentHashMap<>();

  /** Those whose answer may yet come. */
  private final Set<Node> awaited = ConcurrentHashMap.newKeySet();

  /** In an order that changes as they are asked. */
  private volatile List<Node> nodes = List.of();

  /** As which this one is found; null until it has met itself. */
  private volatile Node self;

  /**
   * @param discovery of all replicas, this one among them or not
   * @param client gets the answer of one, sooner or later; it fails where there is none
   */
  public Replicas(
      Discovery discovery,
      Supplier<ReplicaStatus> ownStatus,
      Function<Node, CompletionStage<ReplicaStatus>> client,
      LongSupplier nanoTime,
      RandomGenerator random) {
    this.discovery = discovery;
    this.ownStatus = ownStatus;
    this.client = client;
    this.nanoTime = nanoTime;
    this.random = random;
  }

  public void start() {
    discovery.start(this::found);
  }

  private void found(Set<Node> found) {
    nodes = new ArrayList<>(found);
    answers.keySet().retainAll(found);
    awaited.retainAll(found);
    Node met = self;
    self = met != null && found.contains(met) ? met : null;
    LOG.log(INFO, "replicas found: {0}", String.valueOf(found.size()));
  }

  /** Asks some; to be called about once a second. */
  public void poll() {
    long now = nanoTime.getAsLong();
    answers.values().removeIf(one -> now - one.atNanos >= STATUS_TTL_NANOS);
    List<Node> drawn = nodes;
    int asked = 0;
    // A shuffle (Fisher and Yates) that ends with the last one asked.
    for (int i = 0; i < drawn.size() && asked < FANOUT; i++) {
      Collections.swap(drawn, i, i + random.nextInt(drawn.size() - i));
      Node node = drawn.get(i);
      if (!node.equals(self) && awaited.add(node)) {
        ask(node);
        asked++;
      }
    }
  }

  private void ask(Node node) {
    client
        .apply(node)
        .whenComplete(
            (status, failure) -> {
              if (!awaited.remove(node)) {
                return;
              }
              if (failure != null) {
                answers.remove(node);
              } else if (status.id().equals(ownStatus.get().id())) {
                self = node;
              } else {
                answers.put(node, new Answer(status, nanoTime.getAsLong()));
              }
            });
  }

  /** What the others have said lately. */
  public Collection<ReplicaStatus> others() {
    return answers.values().stream().map(Answer::status).toList();
  }

  public ReplicasSummary summary() {
    int found = nodes.size();
    return summary(ownStatus.get(), others(), self == null ? found + 1 : found);
  }

  /**
   * The mean, where each of the others that was heard stands for as many as there are of those that
   * were not.
   *
   * @param replicas how many there are
   */
  static ReplicasSummary summary(ReplicaStatus own, Collection<ReplicaStatus> heard, int replicas) {
    int others = heard.isEmpty() ? 0 : Math.max(heard.size(), replicas - 1);
    double each = heard.isEmpty() ? 0 : (double) others / heard.size();
    double connections = own.connections();
    double share = own.share();
    boolean accept = false;
    for (ReplicaStatus other : heard) {
      connections += each * other.connections();
      share += each * other.share();
      accept |= other.accepting();
    }
    return new ReplicasSummary(
        others + 1, heard.size(), connections / (others + 1), share / (others + 1), accept);
  }

  /** What finding them has come to. */
  public List<SourceStatus> statuses() {
    return discovery.statuses();
  }

  @Override
  public void close() {
    discovery.close();
  }
}
