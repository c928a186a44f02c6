package satellite.discovery;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.xbill.DNS.Address;
import org.xbill.DNS.Name;
import org.xbill.DNS.SRVRecord;
import satellite.discovery.DnsClient.Answer;

/**
 * {@code finder_type: dns}: the nodes that one {@link DnsQuery} leads to. Asks again when the
 * answer is over, by the least time to live that led to it. No such name or no such record is the
 * empty set. When one of the questions fails, all have failed: the last set stays, and all is asked
 * again soon. Nothing waits; what follows an answer runs on the timer's threads.
 */
public final class DnsDiscovery implements Discovery {

  static final int MAX_NODES = 1000;

  /** Where no answer says how long it holds: the hosts file, and a denial without SOA. */
  static final Duration NO_TTL = Duration.ofSeconds(5);

  static final Duration MAX_BACKOFF = Duration.ofSeconds(8);

  /** All questions of one refresh together. */
  static final Duration DEADLINE = Duration.ofSeconds(30);

  /** Each question is a socket. */
  private static final int TARGETS_AT_ONCE = 16;

  private static final int TARGETS_IN_REMARK = 5;

  private final DnsQuery query;
  private final Duration minTtl;
  private final Duration maxTtl;
  private final Supplier<DnsClient> clients;
  private final ScheduledExecutorService timer;
  private final Source source;
  private DnsClient client;
  private Future<?> next;
  private int failures;
  private boolean closed;

  /** Several queries are asked each at its own time; one that fails keeps its own last nodes. */
  public static Discovery of(DnsConfig config, ScheduledExecutorService timer, Clock clock) {
    Supplier<DnsClient> clients =
        () ->
            config.servers().isEmpty()
                ? DnsClient.ofSystem(timer)
                : DnsClient.of(config.servers(), timer);
    List<Discovery> each = new ArrayList<>();
    for (DnsQuery query : config.queries()) {
      each.add(new DnsDiscovery(query, config.minTtl(), config.maxTtl(), clients, timer, clock));
    }
    return each.size() == 1 ? each.get(0) : new CompositeDiscovery(each, timer);
  }

  /**
   * @param clients asked at the start and after failures, as the system's servers may be others now
   */
  DnsDiscovery(
      DnsQuery query,
      Duration minTtl,
      Duration maxTtl,
      Supplier<DnsClient> clients,
      ScheduledExecutorService timer,
      Clock clock) {
    this.query = query;
    this.minTtl = minTtl;
    this.maxTtl = maxTtl;
    this.clients = clients;
    this.timer = timer;
    this.source = new Source("dns " + query, clock);
  }

  private record Nodes(Collection<Node> all, String remark, long ttl) {}

  @Override
  public void start(Consumer<Set<Node>> listener) {
    source.listen(listener);
    refresh();
  }

  private void refresh() {
    CompletableFuture<Nodes> asked;
    synchronized (this) {
      if (closed) {
        return;
      }
      asked = ask();
      next = timer.schedule(() -> giveUp(asked), DEADLINE.toNanos(), TimeUnit.NANOSECONDS);
    }
    asked.whenComplete(this::settle);
  }

  private void giveUp(CompletableFuture<Nodes> asked) {
    String why = query + ": no complete answer within " + DEADLINE.toSeconds() + " s";
    asked.completeExceptionally(new IOException(why));
  }

  private CompletableFuture<Nodes> ask() {
    try {
      if (client == null || failures > 0) {
        client = clients.get();
      }
      CompletionStage<Nodes> nodes =
          query instanceof DnsQuery.Services services
              ? services(DnsQuery.name(services.name()))
              : addresses(((DnsQuery.Addresses) query).like());
      return nodes.toCompletableFuture();
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void settle(Nodes nodes, Throwable thrown) {
    Duration pause = minTtl;
    try {
      if (thrown == null && nodes.all().size() <= MAX_NODES) {
        pause = bounded(nodes.ttl());
        source.found(Set.copyOf(nodes.all()), nodes.remark());
      } else {
        pause = backoff();
        source.failed(thrown == null ? tooMany(nodes.all().size(), "nodes") : why(thrown));
      }
    } finally {
      again(pause, thrown == null);
    }
  }

  private synchronized void again(Duration pause, boolean answered) {
    next.cancel(false);
    failures = answered ? 0 : failures + 1;
    if (!closed) {
      next = timer.schedule(this::refresh, pause.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private Duration bounded(long ttl) {
    Duration pause = ttl == Answer.NO_TTL ? NO_TTL : Duration.ofSeconds(ttl);
    return pause.compareTo(minTtl) < 0 ? minTtl : pause.compareTo(maxTtl) > 0 ? maxTtl : pause;
  }

  private synchronized Duration backoff() {
    Duration pause = Duration.ofSeconds(1L << Math.min(failures, 10));
    return pause.compareTo(MAX_BACKOFF) > 0 ? MAX_BACKOFF : pause;
  }

  private static String why(Throwable thrown) {
    Throwable cause = thrown instanceof CompletionException ? thrown.getCause() : thrown;
    return cause instanceof IOException ? cause.getMessage() : cause.toString();
  }

  private String tooMany(int found, String what) {
    return query
        + ": leads to "
        + found
        + " "
        + what
        + "; no more than "
        + MAX_NODES
        + " are taken";
  }

  private CompletionStage<Nodes> addresses(Node like) {
    byte[] literal = literal(like.host());
    if (literal != null) {
      return CompletableFuture.completedStage(new Nodes(List.of(like), "", maxTtl.toSeconds()));
    }
    return client
        .addresses(DnsQuery.name(like.host()))
        .thenApply(
            answer -> {
              Map<String, Node> nodes = new LinkedHashMap<>();
              for (InetAddress address : answer.all()) {
                add(address, like.port(), like.weight(), like.zone(), 0, nodes);
              }
              return new Nodes(nodes.values(), "", answer.ttl());
            });
  }

  private static byte[] literal(String host) {
    byte[] ipv4 = Address.toByteArray(host, Address.IPv4);
    return ipv4 != null ? ipv4 : Address.toByteArray(host, Address.IPv6);
  }

  private static void add(
      InetAddress address, int port, int weight, String zone, int priority, Map<String, Node> to) {
    var node = new Node(NodeText.host(address), port, weight, zone, priority);
    to.putIfAbsent(node.address(), node);
  }

  private CompletionStage<Nodes> services(Name name) {
    return client
        .services(name)
        .thenCompose(
            services -> {
              List<Name> targets =
                  services.all().stream()
                      .map(SRVRecord::getTarget)
                      .filter(target -> !target.equals(Name.root))
                      .distinct()
                      .toList();
              if (targets.size() > MAX_NODES) {
                return CompletableFuture.failedStage(
                    new IOException(tooMany(targets.size(), "targets")));
              }
              return resolved(targets, new HashMap<>())
                  .thenApply(addresses -> nodes(services, addresses));
            });
  }

  /** Some at a time. */
  private CompletionStage<Map<Name, Answer<InetAddress>>> resolved(
      List<Name> targets, Map<Name, Answer<InetAddress>> known) {
    if (targets.isEmpty()) {
      return CompletableFuture.completedStage(known);
    }
    List<Name> some = targets.subList(0, Math.min(TARGETS_AT_ONCE, targets.size()));
    List<CompletableFuture<Answer<InetAddress>>> asked =
        some.stream().map(target -> client.addresses(target).toCompletableFuture()).toList();
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenCompose(
            all -> {
              for (int i = 0; i < some.size(); i++) {
                known.put(some.get(i), asked.get(i).join());
              }
              return resolved(targets.subList(some.size(), targets.size()), known);
            });
  }

  /** In an order that does not change with that of the answer: the first of an address counts. */
  private static final Comparator<SRVRecord> ORDER =
      Comparator.comparingInt(SRVRecord::getPriority)
          .thenComparing(Comparator.comparingInt(SRVRecord::getWeight).reversed())
          .thenComparing(SRVRecord::getTarget);

  private Nodes nodes(Answer<SRVRecord> services, Map<Name, Answer<InetAddress>> addresses) {
    Map<Integer, Integer> heaviest = new HashMap<>();
    services.all().forEach(each -> heaviest.merge(each.getPriority(), each.getWeight(), Math::max));
    Map<String, Node> nodes = new LinkedHashMap<>();
    var without = new TreeSet<String>();
    long ttl = services.ttl();
    for (SRVRecord each : services.all().stream().sorted(ORDER).toList()) {
      if (each.getTarget().equals(Name.root)) {
        continue;
      }
      Answer<InetAddress> answer = addresses.get(each.getTarget());
      ttl = Math.min(ttl, answer.ttl());
      if (answer.all().isEmpty()) {
        without.add(each.getTarget() + " has no address");
      }
      if (each.getPort() == 0) {
        without.add(each.getTarget() + " has port 0");
        continue;
      }
      int weight = weight(each.getWeight(), heaviest.get(each.getPriority()));
      for (InetAddress address : answer.all()) {
        add(address, each.getPort(), weight, "", each.getPriority(), nodes);
      }
    }
    return new Nodes(nodes.values(), remark(without), ttl);
  }

  /** As it is if all fit, else in proportion to the heaviest of its priority; 0 is 1. */
  private static int weight(int weight, int heaviest) {
    double scale = heaviest > Node.MAX_WEIGHT ? (double) Node.MAX_WEIGHT / heaviest : 1;
    return (int) Math.max(1, Math.round(weight * scale));
  }

  private static String remark(Set<String> without) {
    List<String> some = without.stream().limit(TARGETS_IN_REMARK).toList();
    int more = without.size() - some.size();
    return String.join(", ", some) + (more > 0 ? " and " + more + " more" : "");
  }

  @Override
  public List<SourceStatus> statuses() {
    return List.of(source.status());
  }

  @Override
  public void close() {
    source.close();
    synchronized (this) {
      closed = true;
      if (next != null) {
        next.cancel(false);
      }
    }
  }
}
