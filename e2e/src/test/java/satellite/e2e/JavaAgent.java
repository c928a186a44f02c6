package satellite.e2e;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A small Java program with the real SkyWalking agent in it. */
final class JavaAgent implements AutoCloseable {

  private static final Path JAR = Path.of("oap/target/agent/skywalking-agent.jar").toAbsolutePath();

  private final Child process;

  private JavaAgent(String service, String instance, String reportTo) {
    process =
        Child.start(
            "agent-" + service,
            Map.of(),
            List.of(
                Child.JAVA,
                "-Xmx96m",
                "-javaagent:" + JAR,
                "-Dskywalking.collector.backend_service=" + reportTo,
                "-Dskywalking.agent.service_name=" + service,
                "-Dskywalking.agent.instance_name=" + instance,
                // The defaults are 20 to 30 seconds.
                "-Dskywalking.collector.heartbeat_period=3",
                "-Dskywalking.collector.get_profile_task_interval=3",
                "-Dskywalking.collector.get_agent_dynamic_config_interval=3",
                "-Dskywalking.logging.output=CONSOLE",
                // Lower levels do not tell what came from the backend.
                "-Dskywalking.logging.level=TRACE",
                "-cp",
                Path.of("target/test-classes").toAbsolutePath().toString(),
                IdleProgram.class.getName()));
  }

  static JavaAgent start(String service, String instance, String reportTo) {
    if (!Files.isRegularFile(JAR)) {
      throw Peers.missing("agent", JAR + " is not there; mvn verify fetches it");
    }
    JavaAgent agent = new JavaAgent(service, instance, reportTo);
    agent.process.awaitReady(Duration.ofSeconds(60), () -> agent.says(IdleProgram.STARTED));
    return agent;
  }

  /** Whether its log holds that text. */
  boolean says(String text) {
    return process.output().stream().anyMatch(line -> line.contains(text));
  }

  @Override
  public void close() {
    process.close();
  }
}
