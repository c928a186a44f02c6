package satellite.admin;

import static satellite.admin.StatusCollector.lowerCase;
import static satellite.admin.StatusCollector.rounded;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import satellite.pipes.pipe.Pipe;
import satellite.queue.Account;
import satellite.queue.AccountTotals;
import satellite.queue.MemoryQueue;
import satellite.routing.Router;
import satellite.routing.Upstream;

/**
 * The part of the {@link Status} that is about messages: what the pipes take in, and what the nodes
 * answer for. For rates it samples their counters once a second. Any thread.
 */
public final class TrafficStatus {

  private enum Kind {
    RECEIVED,
    RECEIVED_BYTES,
    FORWARDED,
    DELIVERED,
    ANSWERS,
    ANSWER_NANOS
  }

  /**
   * @param name of a pipe, or client and address of a node
   */
  private record Counter(Kind kind, String name) {}

  private final List<Pipe> pipes;
  private final Map<String, Router<?>> routers;
  private final LongSupplier nanoTime;
  private final Rates<Counter> rates = new Rates<>();

  /**
   * @param routers by the name of their client
   * @param pool takes the samples
   */
  public TrafficStatus(
      List<Pipe> pipes,
      Map<String, Router<?>> routers,
      ScheduledExecutorService pool,
      LongSupplier nanoTime) {
    this.pipes = pipes;
    this.routers = routers;
    this.nanoTime = nanoTime;
    pool.scheduleAtFixedRate(this::sample, 0, 1, TimeUnit.SECONDS);
  }

  private void sample() {
    Map<Counter, Long> counters = new HashMap<>();
    for (Pipe pipe : pipes) {
      String name = pipe.config().name();
      Account account = pipe.account();
      counters.put(new Counter(Kind.RECEIVED, name), account.received());
      counters.put(new Counter(Kind.RECEIVED_BYTES, name), account.receivedBytes());
      counters.put(new Counter(Kind.FORWARDED, name), account.forwarded());
    }
    routers.forEach(
        (client, router) -> {
          for (Upstream<?> upstream : all(router)) {
            String name = name(client, upstream);
            counters.put(new Counter(Kind.DELIVERED, name), upstream.delivered());
            counters.put(new Counter(Kind.ANSWERS, name), upstream.answers());
            counters.put(new Counter(Kind.ANSWER_NANOS, name), upstream.answerNanos());
          }
        });
    rates.sample(counters, nanoTime.getAsLong());
  }

  /** A node that went and came back may be there twice; the one that is used counts. */
  private static Collection<Upstream<?>> all(Router<?> router) {
    Map<String, Upstream<?>> all = new LinkedHashMap<>(router.upstreams());
    router.draining().forEach(upstream -> all.putIfAbsent(upstream.node().address(), upstream));
    return all.values();
  }

  private static String name(String client, Upstream<?> upstream) {
    return client + " " + upstream.node().address();
  }

  AccountTotals account() {
    return AccountTotals.of(pipes.stream().map(Pipe::account).toList());
  }

  List<Status.Pipe> pipes() {
    return pipes.stream().map(this::pipe).toList();
  }

  private Status.Pipe pipe(Pipe pipe) {
    String name = pipe.config().name();
    MemoryQueue queue = pipe.queue();
    return new Status.Pipe(
        name,
        pipe.config().receiver(),
        lowerCase(queue.config().acknowledgement()),
        rounded(rates.perSecond(new Counter(Kind.RECEIVED, name))),
        rounded(rates.perSecond(new Counter(Kind.FORWARDED, name))),
        rounded(rates.perSecond(new Counter(Kind.RECEIVED_BYTES, name))),
        queue.events(),
        queue.bytes(),
        rounded(queue.saturation()),
        rounded(queue.oldestSeconds()),
        pipe.openStreams(),
        AccountTotals.of(List.of(pipe.account())));
  }

  List<Status.Node> nodes() {
    List<Status.Node> nodes = new ArrayList<>();
    routers.forEach(
        (client, router) -> {
          Collection<Upstream<?>> upstreams = all(router);
          double all = upstreams.stream().mapToDouble(u -> delivery(client, u)).sum();
          upstreams.forEach(upstream -> nodes.add(node(client, upstream, all)));
        });
    return nodes;
  }

  private double delivery(String client, Upstream<?> upstream) {
    return rates.perSecond(new Counter(Kind.DELIVERED, name(client, upstream)));
  }

  /**
   * @param all what all nodes of the client deliver in a second
   */
  private Status.Node node(String client, Upstream<?> upstream, double all) {
    var node = upstream.node();
    double delivery = delivery(client, upstream);
    return new Status.Node(
        node.address(),
        client,
        node.zone(),
        node.weight(),
        node.priority(),
        lowerCase(upstream.condition()),
        upstream.why(),
        upstream.delivered(),
        rounded(delivery),
        all == 0 ? 0 : rounded(delivery / all),
        upstream.inFlight(),
        upstream.window(),
        latencyMillis(name(client, upstream)),
        upstream.ejections());
  }

  private Double latencyMillis(String node) {
    long answers = rates.increase(new Counter(Kind.ANSWERS, node));
    long nanos = rates.increase(new Counter(Kind.ANSWER_NANOS, node));
    return answers == 0 ? null : rounded(nanos / 1e6 / answers);
  }
}
