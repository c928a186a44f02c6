package satellite.e2e;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A small Python program ({@code resources/python}) with the real SkyWalking agent in it. pip
 * fetches the agent into the user's cache.
 */
final class PythonAgent implements AutoCloseable {

  private static final Path HOME = Path.of("target/test-classes/python").toAbsolutePath();
  private static final String IMPORTS =
      "import sys; sys.path.insert(0, sys.argv[1]); import skywalking.agent.protocol.grpc";

  private final ChildProcess process;

  private PythonAgent(String service, String instance, String reportTo, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("python3", HOME.resolve("program.py").toString()));
    command.addAll(arguments);
    process =
        ChildProcess.start(
            "python-" + service,
            Map.ofEntries(
                Map.entry("PYTHONPATH", packages().toString()),
                Map.entry("SW_AGENT_NAME", service),
                Map.entry("SW_AGENT_INSTANCE_NAME", instance),
                Map.entry("SW_AGENT_INSTANCE_PROPERTIES_JSON", "{\"colour\": \"green\"}"),
                Map.entry("SW_AGENT_COLLECTOR_BACKEND_SERVICES", reportTo),
                Map.entry("SW_AGENT_LOG_REPORTER_LEVEL", "INFO"),
                Map.entry("SW_AGENT_LOG_REPORTER_LAYOUT", "%(message)s"),
                // The defaults are 20 to 30 seconds.
                Map.entry("SW_AGENT_COLLECTOR_HEARTBEAT_PERIOD", "2"),
                Map.entry("SW_AGENT_COLLECTOR_GET_PROFILE_TASK_INTERVAL", "2"),
                Map.entry("SW_AGENT_METER_REPORTER_PERIOD", "2"),
                // The program says which plugins it wants.
                Map.entry("SW_AGENT_DISABLE_PLUGINS", ".*"),
                // Other levels do not tell what was answered.
                Map.entry("SW_AGENT_LOGGING_LEVEL", "DEBUG")),
            command);
  }

  /** It makes that many orders, and stays. */
  static PythonAgent withOrders(String service, String instance, String reportTo, int good, int bad)
      throws IOException {
    return new PythonAgent(service, instance, reportTo, List.of("orders", "" + good, "" + bad));
  }

  /** The same, with a pause after each of the orders, which are all good. */
  static PythonAgent withOrdersOver(String service, String reportTo, int orders, long pauseMillis)
      throws IOException {
    return new PythonAgent(
        service, service, reportTo, List.of("orders", "" + orders, "0", "" + pauseMillis));
  }

  /** It does something slow until that was profiled, and stays. */
  static PythonAgent forProfiling(String service, String instance, String reportTo)
      throws IOException {
    return new PythonAgent(service, instance, reportTo, List.of("profiled"));
  }

  void awaitAllOrders() {
    process.awaitReady(
        Duration.ofSeconds(30), () -> process.output().contains("all orders are done"));
  }

  /** How many snapshots of its threads the agent has taken so far. */
  long snapshots() {
    return process.output().stream().filter("snapshot"::equals).count();
  }

  List<String> output() {
    return process.output();
  }

  @Override
  public void close() {
    process.close();
  }

  private static synchronized Path packages() throws IOException {
    Path versions = HOME.resolve("requirements.txt");
    Path folder = Cache.folder("python-agent", versions);
    // Another Python than last time may not be able to use what is there.
    if (!Cache.succeeds(folder, List.of("python3", "-c", IMPORTS, folder.toString()))) {
      List<String> pip = new ArrayList<>(List.of("python3", "-m", "pip", "install", "--no-deps"));
      pip.addAll(List.of("--only-binary=:all:", "--upgrade", "--target", folder.toString()));
      pip.addAll(List.of("-r", versions.toString()));
      Cache.fetch("python-agent", folder, pip);
    }
    return folder;
  }
}
