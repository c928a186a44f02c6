package satellite.demo;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import satellite.Proxy;
import satellite.ShutdownTime;
import satellite.config.ConfigFile;
import satellite.pipes.pipe.Pipe;
import satellite.standin.StandInOap;
import satellite.standin.TrafficSource;

/**
 * {@code satellite demo}: Satellite between two stand-in OAP nodes and a small source of real
 * traffic, in one process, with a view of what it does.
 */
@Command(
    name = "demo",
    description =
        "Runs Satellite between two stand-in OAP nodes and a small source of traffic; Ctrl-C drains.",
    mixinStandardHelpOptions = true)
public final class Demo implements Callable<Integer> {

  private static final Duration REFRESH = Duration.ofMillis(500);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);
  private static final ShutdownTime SHUTDOWN =
      new ShutdownTime(Duration.ZERO, Duration.ofSeconds(5));
  private static final Duration DRAIN_TIME = SHUTDOWN.grace().plus(ANSWER_TIMEOUT).plusSeconds(5);

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = "Messages a second in all; default: ${DEFAULT-VALUE}.")
  private int rate = 500;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "Ends by itself after so long; default: runs until Ctrl-C.")
  private int seconds = Integer.MAX_VALUE;

  private final long start = System.nanoTime();
  private final CountDownLatch stop = new CountDownLatch(1);
  private final CountDownLatch drained = new CountDownLatch(1);

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (StandInOap one = new StandInOap().start(0);
        StandInOap two = new StandInOap().start(0)) {
      Map<String, String> environment = environment(one, two);
      Proxy proxy =
          new Proxy(
              ConfigFile.load(null, environment),
              ConfigFile.effective(null, environment),
              SHUTDOWN);
      proxy.start();
      Runtime.getRuntime().addShutdownHook(new Thread(this::drain, "drain"));
      TrafficSource source =
          new TrafficSource(
              "127.0.0.1", proxy.port(), new TrafficSource.Load(8, 4, rate), ANSWER_TIMEOUT);
      source.start();
      List<StandInOap> nodes = List.of(one, two);
      TerminalView view = TerminalView.ofThisProcess();
      long end = start + TimeUnit.SECONDS.toNanos(seconds);
      do {
        view.show(state(proxy, source, nodes));
      } while (System.nanoTime() - end < 0
          && !stop.await(REFRESH.toMillis(), TimeUnit.MILLISECONDS));
      source.close();
      proxy.stop();
      view.finalAccount(state(proxy, source, nodes).afterTheEnd());
      drained.countDown();
      return 0;
    }
  }

  /** On Ctrl-C: the main thread ends what it began, and the JVM waits for it here. */
  private void drain() {
    stop.countDown();
    try {
      if (drained.await(DRAIN_TIME.toSeconds(), TimeUnit.SECONDS)) {
        // As after `satellite start`: the signal's own exit code would look like a failure.
        Runtime.getRuntime().halt(0);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The embedded default, on free ports of the loopback address. */
  private static Map<String, String> environment(StandInOap one, StandInOap two) {
    Map<String, String> environment = new HashMap<>(System.getenv());
    environment.put(
        "SATELLITE_GRPC_CLIENT", "127.0.0.1:" + one.port() + ",127.0.0.1:" + two.port());
    environment.put("SATELLITE_GRPC_ADDRESS", "127.0.0.1:0");
    environment.put("SATELLITE_GRPC_ACCEPT_LIMIT_CPU_UTILIZATION", "101");
    // With a port of the user's, its status page can be looked at.
    environment.putIfAbsent("SATELLITE_TELEMETRY_PROMETHEUS_ADDRESS", "127.0.0.1:0");
    environment.put("SATELLITE_HTTP_ENABLED", "false");
    // What waits in a real Satellite's folder is not for stand-ins.
    environment.remove("SATELLITE_DATA_DIR");
    environment.remove("SATELLITE_ACKNOWLEDGEMENT", "durable");
    // Its own senders have no token and no certificate.
    environment
        .keySet()
        .removeIf(
            name ->
                name.startsWith("SATELLITE_GRPC_TLS_")
                    || name.equals("SATELLITE_GRPC_SERVER_AUTHENTICATION")
                    || name.equals("SATELLITE_GRPC_ENABLE_TLS"));
    environment.putIfAbsent("SATELLITE_LOGGER_LEVEL", "warn");
    return environment;
  }

  private DemoState state(Proxy proxy, TrafficSource source, List<StandInOap> nodes) {
    List<DemoState.Pipe> pipes = new ArrayList<>();
    for (Pipe pipe : proxy.pipes()) {
      var account = pipe.account();
      // What is settled is read before what came in, or the difference could be negative.
      long failed = account.dropped() + account.dead();
      long forwarded = account.forwarded();
      long received = account.received();
      pipes.add(
          new DemoState.Pipe(
              pipe.config().name(), received, received - forwarded - failed, forwarded, failed));
    }
    List<DemoState.Node> shares = new ArrayList<>();
    for (StandInOap node : nodes) {
      String address = "127.0.0.1:" + node.port();
      var upstream = proxy.upstreams().get(address);
      String state = upstream == null ? "gone" : upstream.state().name().toLowerCase(Locale.ROOT);
      shares.add(new DemoState.Node(address, state, upstream == null ? 0 : upstream.delivered()));
    }
    var sent = source.counts();
    return new DemoState(
        Duration.ofNanos(System.nanoTime() - start),
        proxy.connections(),
        new DemoState.Senders(sent.sent(), sent.answered(), sent.failed()),
        pipes,
        shares);
  }
}
