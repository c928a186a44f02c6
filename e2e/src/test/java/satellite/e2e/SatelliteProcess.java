package satellite.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The packaged program, started as a user does: {@code java @configs/satellite.jvm -jar
 * satellite.jar start}.
 */
public final class SatelliteProcess implements AutoCloseable {

  /** The repository's root. */
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  private static final Path JAR = ROOT.resolve("satellite/target/satellite.jar");
  private static final Path JVM_OPTIONS = ROOT.resolve("configs/satellite.jvm");

  private final int grpcPort = ChildProcess.freePort();
  private final int adminPort = ChildProcess.freePort();
  private final int httpPort = ChildProcess.freePort();
  private final ChildProcess process;

  private SatelliteProcess(
      String name, List<String> launcher, String java, Map<String, String> settings, Path config) {
    Map<String, String> environment = new HashMap<>();
    environment.put("SATELLITE_GRPC_ADDRESS", "127.0.0.1:" + grpcPort);
    environment.put("SATELLITE_HTTP_ADDRESS", "127.0.0.1:" + httpPort);
    environment.put("SATELLITE_TELEMETRY_PROMETHEUS_ADDRESS", "127.0.0.1:" + adminPort);
    // Wherever the tests run, also in a pod.
    environment.put("SATELLITE_SHUTDOWN_HOLD_TIME", "0");
    // The tests keep the machine busy; that must not make it refuse anybody.
    environment.put("SATELLITE_GRPC_ACCEPT_LIMIT_CPU_UTILIZATION", "101");
    environment.putAll(settings);
    List<String> command = new ArrayList<>(launcher);
    command.addAll(List.of(java, "@" + JVM_OPTIONS, "-jar", "" + JAR, "start"));
    if (config != null) {
      command.addAll(List.of("-c", config.toString()));
    }
    process = ChildProcess.start(name, environment, command);
  }

  /** In front of the given OAPs, all else as shipped. */
  static SatelliteProcess inFrontOf(String name, RealOap... oaps) {
    return start(name, ChildProcess.JAVA, nodes(oaps), null);
  }

  /** The same, run by another Java. */
  static SatelliteProcess inFrontOf(String name, Jdk jdk, RealOap... oaps) {
    return start(name, jdk.java(), nodes(oaps), null);
  }

  /** The same, with a configuration file of its own. */
  static SatelliteProcess inFrontOf(String name, Path config, RealOap... oaps) {
    return start(name, ChildProcess.JAVA, nodes(oaps), config);
  }

  /** The same, with settings of its own. */
  static SatelliteProcess inFrontOf(String name, Map<String, String> settings, RealOap... oaps) {
    Map<String, String> all = new HashMap<>(nodes(oaps));
    all.putAll(settings);
    return start(name, ChildProcess.JAVA, all, null);
  }

  /** Started with such settings and not waited for: it may end at once. */
  static SatelliteProcess launched(String name, Map<String, String> settings) {
    return new SatelliteProcess(name, List.of(), ChildProcess.JAVA, settings, null);
  }

  /** With that text as configuration file, and no more said than where to listen. */
  static SatelliteProcess configuredBy(String name, String yaml) throws IOException {
    Path config = Files.createDirectories(ChildProcess.TARGET).resolve(name + ".yaml");
    return start(name, ChildProcess.JAVA, Map.of(), Files.writeString(config, yaml));
  }

  /**
   * Told everything by its settings and its configuration file.
   *
   * @param launcher what is put in front of the command, such as a shell that sets limits
   */
  public static SatelliteProcess configuredBy(
      String name, List<String> launcher, Map<String, String> settings, Path config) {
    return start(name, launcher, ChildProcess.JAVA, settings, config);
  }

  /** Another command of the program, with its output; it ends by itself. */
  static ChildProcess command(String name, Map<String, String> settings, String... arguments) {
    List<String> command =
        new ArrayList<>(List.of(ChildProcess.JAVA, "-XX:TieredStopAtLevel=1", "-jar", "" + JAR));
    command.addAll(List.of(arguments));
    return ChildProcess.start(name, settings, command);
  }

  private static Map<String, String> nodes(RealOap... oaps) {
    List<String> addresses = Arrays.stream(oaps).map(RealOap::address).toList();
    return Map.of("SATELLITE_GRPC_CLIENT", String.join(",", addresses));
  }

  private static SatelliteProcess start(
      String name, String java, Map<String, String> settings, Path config) {
    return start(name, List.of(), java, settings, config);
  }

  private static SatelliteProcess start(
      String name, List<String> launcher, String java, Map<String, String> settings, Path config) {
    if (!Files.isRegularFile(JAR)) {
      throw new AssertionError(JAR + " is not there; mvn verify of the whole project builds it");
    }
    SatelliteProcess satellite = new SatelliteProcess(name, launcher, java, settings, config);
    satellite.process.awaitReady(
        Duration.ofSeconds(30), () -> Http.get(satellite.adminPort, "/ready").statusCode() == 200);
    return satellite;
  }

  /** Where senders connect to. */
  public String address() {
    return "127.0.0.1:" + grpcPort;
  }

  /** Where those who speak HTTP connect to. */
  String http() {
    return "127.0.0.1:" + httpPort;
  }

  /** Where its telemetry port is: metrics, probes, the status page. */
  String admin() {
    return "127.0.0.1:" + adminPort;
  }

  public Metrics metrics() throws IOException, InterruptedException {
    return Metrics.parse(Http.get(adminPort, "/metrics").body());
  }

  /** SIGTERM; returns the exit code. */
  public int stop() {
    return process.stop(Duration.ofSeconds(20));
  }

  /** SIGKILL: no goodbye. */
  public void kill() {
    process.kill();
  }

  public long pid() {
    return process.pid();
  }

  /** SIGTERM, and it goes on for a while. */
  void terminate() {
    process.terminate();
  }

  /** Waits for its end; returns the exit code. */
  int awaitEnd() {
    return process.awaitEnd(Duration.ofSeconds(20));
  }

  /** What it tells Kubernetes' probe: 200 or 503. */
  int readiness() throws IOException, InterruptedException {
    return Http.get(adminPort, "/ready").statusCode();
  }

  public List<String> output() {
    return process.output();
  }

  @Override
  public void close() {
    process.close();
  }
}
