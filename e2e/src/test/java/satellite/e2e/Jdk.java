package satellite.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * Another Java than the one that runs the tests: the folder that {@code JAVA25_HOME} names, else
 * one beside the running Java's folder.
 */
record Jdk(Path home, int feature) {

  private static final Path RUNNING = Path.of(System.getProperty("java.home"));

  /** The oldest there is that is new enough. */
  static Jdk from(int feature) {
    return candidates()
        .map(Jdk::read)
        .filter(jdk -> jdk.feature >= feature)
        .min(Comparator.comparingInt(Jdk::feature))
        .orElseThrow(
            () ->
                RequiredPeers.missing(
                    "jdk" + feature,
                    "no JDK from "
                        + feature
                        + " on is beside "
                        + RUNNING
                        + "; JAVA25_HOME can name one"));
  }

  private static Stream<Path> candidates() {
    String named = System.getenv("JAVA25_HOME");
    if (named != null && !named.isBlank()) {
      return Stream.of(Path.of(named));
    }
    try (Stream<Path> besides = Files.list(RUNNING.getParent())) {
      return besides.toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** By its {@code release} file, which every JDK has; 0 is no JDK, or one that cannot be told. */
  private static Jdk read(Path home) {
    Properties release = new Properties();
    try (var reader = Files.newBufferedReader(home.resolve("release"))) {
      release.load(reader);
      String version = release.getProperty("JAVA_VERSION", "").replace("\"", "");
      return new Jdk(home, Runtime.Version.parse(version).feature());
    } catch (IOException | IllegalArgumentException e) {
      return new Jdk(home, 0);
    }
  }

  String java() {
    return home.resolve("bin/java").toString();
  }
}
