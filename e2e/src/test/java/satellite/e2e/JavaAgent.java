package satellite.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A {@link Shop} with the real SkyWalking agent in it, and our plugin in the agent. */
final class JavaAgent implements AutoCloseable {

  private static final Path JAR = Path.of("oap/target/agent/skywalking-agent.jar").toAbsolutePath();

  private final int port = ChildProcess.freePort();
  private final ChildProcess process;

  private JavaAgent(Path agent, String service, String instance, String reportTo) {
    process =
        ChildProcess.start(
            "agent-" + service,
            Map.of(),
            List.of(
                ChildProcess.JAVA,
                "-Xmx96m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-javaagent:" + agent,
                "-Dskywalking.collector.backend_service=" + reportTo,
                "-Dskywalking.agent.service_name=" + service,
                "-Dskywalking.agent.instance_name=" + instance,
                // The defaults are 20 to 30 seconds.
                "-Dskywalking.collector.heartbeat_period=3",
                "-Dskywalking.collector.get_profile_task_interval=1",
                "-Dskywalking.collector.get_agent_dynamic_config_interval=1",
                "-Dskywalking.meter.report_interval=2",
                "-Dskywalking.logging.output=CONSOLE",
                // Lower levels do not tell what came from the backend.
                "-Dskywalking.logging.level=TRACE",
                "-cp",
                Path.of("target/test-classes").toAbsolutePath().toString(),
                Shop.class.getName(),
                "" + port));
  }

  /** Starts one without waiting for it; several can start side by side. */
  static JavaAgent start(String service, String instance, String reportTo) {
    if (!Files.isRegularFile(JAR)) {
      throw RequiredPeers.missing("agent", JAR + " is not there; mvn verify fetches it");
    }
    return new JavaAgent(Installed.AGENT, service, instance, reportTo);
  }

  /**
   * Waits until it has its configuration from OAP: what came before, the agent would throw away.
   */
  JavaAgent awaitReady() {
    process.awaitReady(Duration.ofSeconds(60), this::isReady);
    return this;
  }

  boolean isReady() {
    return says(Shop.OPEN) && isConfigured();
  }

  boolean isConfigured() {
    return says("Current configurations after the sync");
  }

  /** Whether its log holds that text. */
  boolean says(String text) {
    return process.output().stream().anyMatch(line -> line.contains(text));
  }

  /** Has the shop serve that path (and query); returns when it has. */
  void ask(String path) throws IOException, InterruptedException {
    int status = Http.get(port, path).statusCode();
    if (status != 204) {
      throw new AssertionError(path + " was answered with " + status);
    }
  }

  @Override
  public void close() {
    process.close();
  }

  /** Once for all agents of a test run. */
  private static final class Installed {
    static final Path AGENT = install();

    private static Path install() {
      try {
        return AgentPlugin.installBeside(JAR);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
