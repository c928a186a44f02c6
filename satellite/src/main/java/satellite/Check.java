package satellite;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import satellite.admin.ReplicaStatusClient;
import satellite.config.SatelliteConfig;
import satellite.discovery.Discovery;
import satellite.discovery.Node;
import satellite.discovery.SourceStatus;
import satellite.pipes.grpc.GrpcConnection;
import satellite.pipes.grpc.GrpcConnector;
import satellite.pipes.transport.EventLoops;
import satellite.replicas.ReplicaStatus;

/**
 * {@code satellite check}: a dry run. It really looks for the nodes and asks each of them, and
 * writes into the data folder, but listens nowhere and forwards nothing. It can run beside a
 * Satellite of the same configuration.
 */
@Command(
    name = "check",
    description =
        "Tries what the configuration needs: Kubernetes, DNS and files tell nodes, each node"
            + " answers, so do other replicas, the data folder can be written to.",
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all of it works",
      "1:something does not, or the configuration cannot be used",
      "2:wrong command line"
    })
final class Check implements Callable<Integer> {

  /** Two tries of an API server or of DNS, and more than a connection takes. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final long POLL_MILLIS = 50;
  private static final int MAX_NAMED = 20;

  @Mixin private ConfigOption option;
  @Spec private CommandSpec spec;

  private PrintWriter out;
  private boolean failed;

  @Override
  public Integer call() throws InterruptedException {
    out = spec.commandLine().getOut();
    SatelliteConfig config = option.load();
    ok("configuration", option.name());
    Warnings.of(config, System.getenv()).forEach(warning -> say("warn", "configuration", warning));
    checkFolder(config);
    checkNodes(config);
    checkReplicas(config);
    out.println(failed ? "something does not work, see above" : "all of it works");
    return failed ? Satellite.FAILED : 0;
  }

  private void checkFolder(SatelliteConfig config) {
    if (config.disk() == null) {
      ok("data folder", "none: what is queued lives in memory only");
      return;
    }
    Path folder = config.disk().folder();
    try {
      Files.createDirectories(folder);
      Path file = Files.createTempFile(folder, "check", ".tmp");
      Files.delete(file);
      ok("data folder", folder + " can be written to");
    } catch (IOException e) {
      fail("data folder", folder + " cannot be written to: " + e);
    }
  }

  private void checkNodes(SatelliteConfig config) throws InterruptedException {
    Scheduler thread = new Scheduler(1, "check");
    try (EventLoops transport = new EventLoops(1);
        Discovery discovery = Finders.discovery(config.finders(), thread)) {
      Map<String, Node> nodes = find(discovery, "");
      if (nodes.isEmpty()) {
        fail("nodes", "none are found: events would wait");
      }
      var connector = new GrpcConnector(config.client(), transport, thread);
      Map<String, CompletableFuture<String>> problems = new TreeMap<>();
      nodes.forEach(
          (address, node) -> {
            GrpcConnection connection = connector.open(node, () -> {});
            CompletableFuture<String> problem = new CompletableFuture<>();
            connection.probe(config.client().unaryTimeout(), problem::complete);
            problems.put(address, problem);
          });
      for (var one : problems.entrySet()) {
        say("node " + one.getKey(), one.getValue(), config.client().unaryTimeout());
      }
      connector.closeNow();
    } finally {
      thread.shutdownNow();
    }
  }

  /**
   * @param of what is said before each source
   */
  private Map<String, Node> find(Discovery discovery, String of) throws InterruptedException {
    discovery.start(nodes -> {});
    awaitStatuses(discovery);
    Map<String, Node> nodes = new TreeMap<>();
    for (SourceStatus status : discovery.statuses()) {
      say(of, status);
      if (status.nodes() != null) {
        status.nodes().forEach(node -> nodes.put(node.address(), node));
      }
    }
    return nodes;
  }

  /** One that does not answer is no failure: it may be yet to start. */
  private void checkReplicas(SatelliteConfig config) throws InterruptedException {
    if (config.replicas() == null) {
      return;
    }
    Scheduler thread = new Scheduler(1, "check");
    try (Discovery discovery = Finders.discovery(config.replicas().finders(), thread)) {
      ReplicaStatusClient client = new ReplicaStatusClient(thread);
      Map<String, CompletableFuture<ReplicaStatus>> answers = new TreeMap<>();
      find(discovery, "replicas, ")
          .forEach(
              (address, node) -> answers.put(address, client.fetch(node).toCompletableFuture()));
      for (var one : answers.entrySet()) {
        String replica = "replica " + one.getKey();
        try {
          ok(
              replica,
              "answers, " + Validate.count(one.getValue().get().connections(), "connection"));
        } catch (ExecutionException e) {
          say(
              "warn",
              replica,
              "does not answer on its telemetry port: " + withoutAnswer(e.getCause()));
        }
      }
    } finally {
      thread.shutdownNow();
    }
  }

  /** Two of them come without words. */
  private static String withoutAnswer(Throwable why) {
    if (why instanceof ConnectException) {
      return "no connection";
    }
    return why instanceof TimeoutException ? "none within a second" : why.getMessage();
  }

  private void say(String node, CompletableFuture<String> problem, Duration atMost)
      throws InterruptedException {
    try {
      String what = problem.get(atMost.toMillis() + 1000, TimeUnit.MILLISECONDS);
      if (what.isEmpty()) {
        ok(node, "answers");
      } else {
        fail(node, what);
      }
    } catch (ExecutionException | TimeoutException e) {
      fail(node, "it does not answer");
    }
  }

  /** Each of them knows its nodes or says why it does not. */
  private static void awaitStatuses(Discovery discovery) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() - deadline < 0) {
      List<SourceStatus> statuses = discovery.statuses();
      boolean all = statuses.stream().allMatch(f -> f.nodes() != null || !f.error().isEmpty());
      if (all && !statuses.isEmpty()) {
        return;
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private void say(String of, SourceStatus status) {
    String source = of + status.source();
    if (!status.error().isEmpty()) {
      fail(source, status.error());
    } else if (status.nodes() == null) {
      fail(source, "does not answer");
    } else {
      String remark = status.remark().isEmpty() ? "" : "; " + status.remark();
      ok(source, named(status.nodes()) + remark);
    }
  }

  private static String named(Set<Node> nodes) {
    String addresses =
        nodes.stream().map(Node::address).sorted().limit(MAX_NAMED).collect(joining(", "));
    int more = nodes.size() - MAX_NAMED;
    return Validate.count(nodes.size(), "node")
        + (nodes.isEmpty() ? "" : ": " + addresses)
        + (more > 0 ? " and " + more + " more" : "");
  }

  private void ok(String what, String how) {
    say("ok", what, how);
  }

  private void fail(String what, String why) {
    failed = true;
    say("FAIL", what, why);
  }

  private void say(String verdict, String what, String how) {
    out.printf("%-5s %s: %s%n", verdict, what, how);
  }
}
