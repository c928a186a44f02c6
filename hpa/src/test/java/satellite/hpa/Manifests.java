package satellite.hpa;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.yaml.snakeyaml.Yaml;

/** The files that users apply. */
final class Manifests {

  private static final Path FOLDER = Path.of("").toAbsolutePath();

  private Manifests() {}

  static AutoscalerSpec spec(String file) {
    return AutoscalerSpec.of(yaml(file));
  }

  static Map<?, ?> yaml(String file) {
    try {
      return new Yaml().load(Files.readString(FOLDER.resolve(file)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Path folder() {
    return FOLDER;
  }
}
