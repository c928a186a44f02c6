package satellite.e2e;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A real browser without a window, with a page open. It comes from the system: the package {@code
 * chromium} of Debian.
 */
final class Chromium implements AutoCloseable {

  private final ChildProcess process;
  private final Path profile;

  private Chromium(Path binary, String name, String url) throws IOException {
    Files.createDirectories(ChildProcess.TARGET);
    profile = Files.createTempDirectory(ChildProcess.TARGET, name);
    process =
        ChildProcess.start(
            name,
            Map.of(),
            List.of(
                binary.toString(),
                "--headless",
                // Root, containers, no graphics card and little shared memory are usual in CI.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--in-process-gpu",
                // Nothing but the page.
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-quic",
                // What the page says on its console goes to the log.
                "--enable-logging=stderr",
                // A port of its choice, on the loopback; it says which in a file.
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                url));
  }

  static Chromium open(String name, String url) throws IOException {
    Path binary =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .map(folder -> Path.of(folder, "chromium"))
            .filter(Files::isExecutable)
            .findFirst()
            .orElseThrow(
                () ->
                    RequiredPeers.missing(
                        "chromium", "no chromium in PATH; apt-get install chromium brings it"));
    return new Chromium(binary, name, url);
  }

  /** Port of its DevTools, as soon as it is there. */
  int devToolsPort() {
    Path file = profile.resolve("DevToolsActivePort");
    process.awaitReady(Duration.ofSeconds(30), () -> Files.readString(file).contains("/"));
    try {
      return Integer.parseInt(Files.readAllLines(file).get(0));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.close();
  }
}
