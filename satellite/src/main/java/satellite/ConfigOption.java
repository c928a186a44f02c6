package satellite;

import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Option;
import satellite.config.ConfigFile;
import satellite.config.SatelliteConfig;

/** The option of all commands that need the configuration: which file it stands in. */
final class ConfigOption {

  private static final Map<String, String> ENVIRONMENT = System.getenv();

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description =
          "Configuration file; default: $SATELLITE_CONFIG, else configs/satellite_config.yaml if"
              + " there is one, else the built-in defaults.")
  private Path file;

  private Path chosen() {
    return ConfigFile.choose(file, ENVIRONMENT);
  }

  /** Fails with {@link satellite.config.ConfigException}. */
  SatelliteConfig load() {
    return ConfigFile.load(chosen(), ENVIRONMENT);
  }

  /** See {@link ConfigFile#effective}. */
  String effective() {
    return ConfigFile.effective(chosen(), ENVIRONMENT);
  }

  /** In words for people. */
  String name() {
    Path path = chosen();
    return path == null ? "the built-in configuration" : path.toString();
  }
}
