package satellite.replicas;

import static java.lang.System.Logger.Level.INFO;

import java.util.ArrayList;
import java.util.Collection;
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
import satellite.discovery.Finding;
import satellite.discovery.Node;

/**
 * Knows the other replicas: asks a few of them, chosen by chance, once in a round, and remembers
 * what they said for some rounds. What that costs a replica does not depend on how many there are.
 *
 * <p>{@link #round} on one thread, which it does not block; the rest on any.
 */
public final class Replicas implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger("replicas");

  /** Questions in a round. */
  public static final int ASKED = 3;

  private static final long MEMORY_NANOS = TimeUnit.SECONDS.toNanos(10);

  private record Said(Standing standing, long atNanos) {}

  private final Discovery discovery;
  private final Supplier<Standing> own;
  private final Function<Node, CompletionStage<Standing>> asking;
  private final LongSupplier nanoTime;
  private final RandomGenerator random;
  private final Map<String, Said> said = new ConcurrentHashMap<>();
  private volatile List<Node> nodes = List.of();

  /** Under which this one was found; null until it has met itself. */
  private volatile String self;

  /**
   * @param discovery of all replicas, this one among them or not
   * @param asking gets the answer of one; it fails where there is none in time
   */
  public Replicas(
      Discovery discovery,
      Supplier<Standing> own,
      Function<Node, CompletionStage<Standing>> asking,
      LongSupplier nanoTime,
      RandomGenerator random) {
    this.discovery = discovery;
    this.own = own;
    this.asking = asking;
    this.nanoTime = nanoTime;
    this.random = random;
  }

  public void start() {
    discovery.start(this::found);
  }

  private void found(Set<Node> found) {
    nodes = List.copyOf(found);
    Set<String> addresses = ConcurrentHashMap.newKeySet();
    found.forEach(node -> addresses.add(node.address()));
    said.keySet().retainAll(addresses);
    LOG.log(INFO, "replicas found: {0}", String.valueOf(found.size()));
  }

  /** Asks some; to be called about once a second. */
  public void round() {
    long now = nanoTime.getAsLong();
    said.values().removeIf(one -> now - one.atNanos >= MEMORY_NANOS);
    List<Node> others = new ArrayList<>(nodes);
    others.removeIf(node -> node.address().equals(self));
    int questions = Math.min(ASKED, others.size());
    for (int i = 0; i < questions; i++) {
      ask(others.remove(random.nextInt(others.size())));
    }
  }

  private void ask(Node node) {
    asking
        .apply(node)
        .whenComplete(
            (standing, failure) -> {
              if (failure != null) {
                said.remove(node.address());
              } else if (standing.id().equals(own.get().id())) {
                self = node.address();
              } else {
                said.put(node.address(), new Said(standing, nanoTime.getAsLong()));
              }
            });
  }

  /** What the others have said lately. */
  public Collection<Standing> others() {
    return said.values().stream().map(Said::standing).toList();
  }

  public View view() {
    return view(own.get(), others(), found());
  }

  /** With this one, whether it was found or not. */
  private int found() {
    int found = nodes.size();
    return self != null && isAmong(self) ? found : found + 1;
  }

  private boolean isAmong(String address) {
    return nodes.stream().anyMatch(node -> node.address().equals(address));
  }

  /**
   * The mean, where each of the others that was heard stands for as many as there are of those that
   * were not.
   *
   * @param replicas how many there are
   */
  static View view(Standing own, Collection<Standing> heard, int replicas) {
    int others = heard.isEmpty() ? 0 : Math.max(heard.size(), replicas - 1);
    double each = heard.isEmpty() ? 0 : (double) others / heard.size();
    double connections = own.connections();
    double share = own.share();
    boolean accept = false;
    for (Standing other : heard) {
      connections += each * other.connections();
      share += each * other.share();
      accept |= other.accepting();
    }
    return new View(
        others + 1, heard.size(), connections / (others + 1), share / (others + 1), accept);
  }

  /** What finding them has come to. */
  public List<Finding> findings() {
    return discovery.findings();
  }

  @Override
  public void close() {
    discovery.close();
  }
}
