package satellite.e2e;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/**
 * Puts the tests' plugin where the Java agent looks for plugins: in {@code plugins/} beside its
 * jar. Compiled here and not by Maven: it needs the agent's jar, whose shaded copies of libraries
 * would meet those of the tests.
 */
final class AgentPlugin {

  private static final Path SOURCES = Path.of("src/test/agent-plugin");
  private static final Path HOME = ChildProcess.TARGET.resolve("agent-with-plugin");
  private static final Path CLASSES = HOME.resolve("classes");

  private AgentPlugin() {}

  /** A copy of the agent's jar, with the plugin beside it. */
  static Path installBeside(Path agent) throws IOException {
    Path plugins = Files.createDirectories(HOME.resolve("plugins"));
    compile(agent);
    try (OutputStream file = Files.newOutputStream(plugins.resolve("shop.jar"));
        JarOutputStream jar = new JarOutputStream(file)) {
      add(jar, SOURCES, ".def");
      add(jar, CLASSES, ".class");
    }
    return Files.copy(
        agent, HOME.resolve(agent.getFileName()), StandardCopyOption.REPLACE_EXISTING);
  }

  private static void compile(Path agent) throws IOException {
    Files.createDirectories(CLASSES);
    List<String> arguments = new ArrayList<>(List.of("--release", "17", "-proc:none"));
    arguments.addAll(List.of("-cp", agent.toString(), "-d", CLASSES.toString()));
    files(SOURCES, ".java").forEach(source -> arguments.add(source.toString()));
    int failures =
        ToolProvider.getSystemJavaCompiler()
            .run(null, System.out, System.err, arguments.toArray(String[]::new));
    if (failures != 0) {
      throw new AssertionError(SOURCES + " does not compile against " + agent);
    }
  }

  private static void add(JarOutputStream jar, Path folder, String ending) throws IOException {
    for (Path file : files(folder, ending)) {
      jar.putNextEntry(new JarEntry(folder.relativize(file).toString()));
      Files.copy(file, jar);
      jar.closeEntry();
    }
  }

  private static List<Path> files(Path folder, String ending) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> file.toString().endsWith(ending)).toList();
    }
  }
}
