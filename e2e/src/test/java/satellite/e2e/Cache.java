package satellite.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;

/**
 * Where peers stay that the tests fetch by themselves: folders below {@code satellite-e2e} in the
 * user's cache, {@code $XDG_CACHE_HOME} or {@code ~/.cache}. Whoever fetches holds the lock of its
 * class, as test classes run side by side.
 */
final class Cache {

  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private Cache() {}

  /** The folder of that name, which may still be empty. */
  static Path folder(String name) throws IOException {
    String cache = System.getenv("XDG_CACHE_HOME");
    Path base =
        cache == null || cache.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(cache);
    return Files.createDirectories(base.resolve("satellite-e2e").resolve(name));
  }

  /** The same for what a list of versions says: another list, another folder. */
  static Path folder(String name, Path versions) throws IOException {
    CRC32 checksum = new CRC32();
    checksum.update(Files.readAllBytes(versions));
    return folder(name + "-" + Long.toHexString(checksum.getValue()));
  }

  /** Runs a command in a folder to fetch a peer, which is missing if that fails. */
  static void fetch(String peer, Path folder, List<String> command) throws IOException {
    fetch(peer, folder, PATIENCE, Map.of(), command);
  }

  /** The same for what takes longer, such as a build. */
  static void fetch(
      String peer,
      Path folder,
      Duration patience,
      Map<String, String> environment,
      List<String> command)
      throws IOException {
    Optional<String> complaint = complaint(folder, patience, environment, command);
    if (complaint.isPresent()) {
      throw RequiredPeers.missing(peer, complaint.get());
    }
  }

  /** Whether a command, run in a folder, succeeds. */
  static boolean succeeds(Path folder, List<String> command) throws IOException {
    return complaint(folder, PATIENCE, Map.of(), command).isEmpty();
  }

  private static Optional<String> complaint(
      Path folder, Duration patience, Map<String, String> environment, List<String> command)
      throws IOException {
    String text = String.join(" ", command);
    Path log = folder.resolve("fetch.log");
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().putAll(environment);
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      return Optional.of(command.get(0) + " does not start: " + e.getMessage());
    }
    try {
      if (!process.waitFor(patience.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return Optional.of(text + " took over " + patience.toSeconds() + " s");
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for " + text, e);
    }
    return process.exitValue() == 0
        ? Optional.empty()
        : Optional.of(text + " failed: " + Files.readString(log));
  }
}
