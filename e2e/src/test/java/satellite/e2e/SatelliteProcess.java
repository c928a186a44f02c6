package satellite.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The packaged program, started as a user does: {@code java -jar satellite.jar start}. */
final class SatelliteProcess implements AutoCloseable {

  private static final Path JAR = Path.of("../satellite/target/satellite.jar").toAbsolutePath();

  private final int grpcPort = Child.freePort();
  private final int adminPort = Child.freePort();
  private final Child process;

  private SatelliteProcess(String name, Path config, Map<String, String> settings) {
    Map<String, String> environment = new HashMap<>();
    environment.put("SATELLITE_GRPC_ADDRESS", "127.0.0.1:" + grpcPort);
    environment.put("SATELLITE_TELEMETRY_PROMETHEUS_ADDRESS", "127.0.0.1:" + adminPort);
    // The tests keep the machine busy; that must not make it refuse anybody.
    environment.put("SATELLITE_GRPC_ACCEPT_LIMIT_CPU_UTILIZATION", "101");
    environment.putAll(settings);
    List<String> command = new ArrayList<>(List.of(Child.JAVA, "-Xmx256m", "-jar", "" + JAR));
    command.add("start");
    if (config != null) {
      command.addAll(List.of("-c", config.toString()));
    }
    process = Child.start(name, environment, command);
  }

  /** In front of the given OAPs, all else as shipped. */
  static SatelliteProcess inFrontOf(String name, RealOap... oaps) {
    List<String> addresses = new ArrayList<>();
    for (RealOap oap : oaps) {
      addresses.add(oap.address());
    }
    return start(name, Map.of("SATELLITE_GRPC_CLIENT", String.join(",", addresses)));
  }

  /** With the configuration that is built in. */
  static SatelliteProcess start(String name, Map<String, String> settings) {
    return start(name, settings, (Path) null);
  }

  /** With a configuration file of its own. */
  static SatelliteProcess start(String name, Map<String, String> settings, String yaml)
      throws IOException {
    Path config = Files.createDirectories(Child.TARGET).resolve(name + ".yaml");
    return start(name, settings, Files.writeString(config, yaml));
  }

  private static SatelliteProcess start(String name, Map<String, String> settings, Path config) {
    if (!Files.isRegularFile(JAR)) {
      throw new AssertionError(JAR + " is not there; mvn verify of the whole project builds it");
    }
    SatelliteProcess satellite = new SatelliteProcess(name, config, settings);
    satellite.process.awaitReady(
        Duration.ofSeconds(30), () -> Http.get(satellite.adminPort, "/ready").statusCode() == 200);
    return satellite;
  }

  /** Where senders connect to. */
  String address() {
    return "127.0.0.1:" + grpcPort;
  }

  Metrics metrics() throws IOException, InterruptedException {
    return Metrics.parse(Http.get(adminPort, "/metrics").body());
  }

  /** SIGTERM; returns the exit code. */
  int stop() {
    return process.stop(Duration.ofSeconds(20));
  }

  List<String> output() {
    return process.output();
  }

  @Override
  public void close() {
    process.close();
  }
}
