package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * README.md is right: its commands work, its YAML is YAML, and the names it names exist. First of
 * all, while the machine is quiet.
 *
 * <p>Each {@code sh} block is run by bash in the repository's root, with the {@code java} and
 * {@code mvn} of {@code resources/shims}, and with the program's ports exchanged for free ones.
 */
@Order(0)
class ReadmeTest {

  /** Time that a program that is ready is given to be looked at, before it is told to stop. */
  private static final int PROGRAM_SECONDS = 2;

  private static final Duration BLOCK = Duration.ofSeconds(60);
  private static final Path SHIMS = Path.of("src/test/resources/shims").toAbsolutePath();
  private static final Pattern GRPC_PORT = Pattern.compile("\\b11800\\b");
  private static final Pattern ADMIN_PORT = Pattern.compile("\\b1234\\b");
  private static final Pattern HTTP_PORT = Pattern.compile("\\b12800\\b");

  /** Names that belong to no key of the configuration. */
  private static final Set<String> OTHER_NAMES =
      Set.of(
          "SATELLITE_CONFIG",
          "SATELLITE_SHUTDOWN_HOLD_TIME",
          "SATELLITE_SHUTDOWN_HOOK_TIME",
          "SATELLITE_E2E_REQUIRE");

  private static final Pattern NAME = Pattern.compile("\\bSATELLITE_\\w*");

  @TestFactory
  List<DynamicTest> commandsWork() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    Path readme = SatelliteProcess.ROOT.resolve("README.md");
    for (Markdown.Block block : Markdown.read(readme).blocks("sh")) {
      tests.add(dynamicTest(block.toString(), () -> run(block)));
    }
    return tests;
  }

  @TestFactory
  List<DynamicTest> yamlIsYaml() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Markdown document : Markdown.all()) {
      for (Markdown.Block block : document.blocks("yaml")) {
        tests.add(dynamicTest(block.toString(), () -> YamlText.parse(block.text())));
      }
    }
    return tests;
  }

  @Test
  void everyVariableExists() throws IOException {
    Path manual = SatelliteProcess.ROOT.resolve("configs/satellite_config.yaml");
    Set<String> known = new HashSet<>(OTHER_NAMES);
    known.addAll(names(Files.readString(manual)));
    Set<String> unknown = new TreeSet<>();
    for (Markdown document : Markdown.all()) {
      for (String name : names(String.join("\n", document.lines()))) {
        // SATELLITE_GRPC_* and the like.
        boolean isPrefix = name.endsWith("_") && known.stream().anyMatch(n -> n.startsWith(name));
        if (!isPrefix && !known.contains(name)) {
          unknown.add(document.name() + ": " + name);
        }
      }
    }
    assertEquals(Set.of(), unknown);
  }

  private static Set<String> names(String text) {
    Set<String> names = new HashSet<>();
    for (Matcher m = NAME.matcher(text); m.find(); ) {
      names.add(m.group());
    }
    return names;
  }

  private static void run(Markdown.Block block) throws IOException {
    String grpc = "" + ChildProcess.freePort();
    String admin = "" + ChildProcess.freePort();
    String http = "" + ChildProcess.freePort();
    String commands = GRPC_PORT.matcher(block.text()).replaceAll(grpc);
    commands = ADMIN_PORT.matcher(commands).replaceAll(admin);
    commands = HTTP_PORT.matcher(commands).replaceAll(http);
    String script =
        String.join(
            "\n",
            "set -e",
            "cd '" + SatelliteProcess.ROOT + "'",
            commands,
            "for job in $(jobs -p); do wait $job; done",
            "");

    String name = "readme-" + block.line();
    Files.createDirectories(ChildProcess.TARGET);
    Path file = Files.writeString(ChildProcess.TARGET.resolve(name + ".sh"), script);
    Map<String, String> environment =
        Map.of(
            "PATH", SHIMS + File.pathSeparator + System.getenv("PATH"),
            "README_JAVA", ChildProcess.JAVA,
            "README_SECONDS", "" + PROGRAM_SECONDS,
            "SATELLITE_GRPC_ADDRESS", ":" + grpc,
            "SATELLITE_HTTP_ADDRESS", ":" + http,
            "SATELLITE_TELEMETRY_PROMETHEUS_ADDRESS", ":" + admin);
    try (ChildProcess bash =
        ChildProcess.start(name, environment, List.of("bash", file.toString()))) {
      int code = bash.awaitEnd(BLOCK);
      assertEquals(0, code, () -> script + "\n" + String.join("\n", bash.output()));
    }
  }
}
