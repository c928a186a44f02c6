package satellite.config;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import satellite.pipes.pipe.PipeConfig;

/**
 * What the tests of the configuration share: a user's file on disk, and its message when refused.
 */
abstract class ConfigFixture {

  static final Path GO_FILE = resource("go-satellite-config.yaml");

  @TempDir Path directory;

  static SatelliteConfig defaults() {
    return ConfigFile.load(null, Map.of());
  }

  SatelliteConfig load(String yaml) {
    return load(yaml, Map.of());
  }

  SatelliteConfig load(String yaml, Map<String, String> env) {
    return ConfigFile.load(write("user.yaml", yaml), env);
  }

  /** Asserts that the file is refused with a message that has all the parts; returns it. */
  String refused(String yaml, String... parts) {
    return refused(yaml, Map.of(), parts);
  }

  String refused(String yaml, Map<String, String> env, String... parts) {
    var refused = assertThrows(ConfigException.class, () -> load(yaml, env));
    for (String part : parts) {
      assertTrue(refused.getMessage().contains(part), () -> part + " in: " + refused.getMessage());
    }
    return refused.getMessage();
  }

  Path write(String name, String text) {
    try {
      return Files.writeString(directory.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A file with one pipe: the given lines are added to the receiver that is needed anyway. */
  static String pipe(String receiver, String... lines) {
    return "pipes:\n  - gatherer:\n      receiver:\n        plugin_name: "
        + receiver
        + "\n"
        + String.join("\n", lines)
        + "\n";
  }

  static PipeConfig pipeOf(SatelliteConfig config, String receiver) {
    return config.pipes().stream()
        .filter(pipe -> pipe.receiver().equals(receiver))
        .findFirst()
        .orElseThrow();
  }

  static List<String> names(SatelliteConfig config) {
    return config.pipes().stream().map(PipeConfig::name).toList();
  }

  static Path resource(String name) {
    try {
      return Path.of(ConfigFixture.class.getResource("/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static String text(Path file) {
    return YamlFile.text(file);
  }
}
