package satellite.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A small Node program ({@code resources/node}) with the real SkyWalking agent in it. npm fetches
 * the agent into the user's cache.
 */
final class NodeAgent implements AutoCloseable {

  private static final Path HOME = Path.of("target/test-classes/node").toAbsolutePath();

  private final ChildProcess process;

  private NodeAgent(
      String service, String instance, String reportTo, int good, int bad, long pauseMillis)
      throws IOException {
    process =
        ChildProcess.start(
            "node-" + service,
            Map.of(
                "NODE_PATH", modules().toString(),
                "SW_AGENT_NAME", service,
                "SW_AGENT_INSTANCE", instance,
                "SW_AGENT_COLLECTOR_BACKEND_SERVICES", reportTo,
                "SW_LOGGING_TARGET", "console"),
            List.of(
                "node",
                HOME.resolve("program.js").toString(),
                "" + good,
                "" + bad,
                "" + pauseMillis));
  }

  /** It makes that many orders, and stays. */
  static NodeAgent start(String service, String instance, String reportTo, int good, int bad)
      throws IOException {
    return new NodeAgent(service, instance, reportTo, good, bad, 0);
  }

  /** The same, with a pause after each of the orders, which are all good. */
  static NodeAgent withOrdersOver(String service, String reportTo, int orders, long pauseMillis)
      throws IOException {
    return new NodeAgent(service, service, reportTo, orders, 0, pauseMillis);
  }

  void awaitAllOrders() {
    process.awaitReady(
        Duration.ofSeconds(30), () -> process.output().contains("all orders are done"));
  }

  List<String> output() {
    return process.output();
  }

  @Override
  public void close() {
    process.close();
  }

  private static synchronized Path modules() throws IOException {
    Path folder = Cache.folder("node-agent", HOME.resolve("package-lock.json"));
    Path modules = folder.resolve("node_modules");
    // npm writes this file when all modules are there.
    if (!Files.isRegularFile(modules.resolve(".package-lock.json"))) {
      for (String name : List.of("package.json", "package-lock.json")) {
        Files.copy(HOME.resolve(name), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
      Cache.fetch(
          "node-agent",
          folder,
          List.of("npm", "ci", "--ignore-scripts", "--engine-strict", "--no-audit", "--no-fund"));
    }
    return modules;
  }
}
