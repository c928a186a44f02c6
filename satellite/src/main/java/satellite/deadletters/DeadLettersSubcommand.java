package satellite.deadletters;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import satellite.config.ConfigException;
import satellite.config.ConfigFile;
import satellite.pipes.deadletters.DeadLetterFolder;
import satellite.queue.DiskConfig;

/** What the commands have in common: where the letters are, and how failures are told. */
@Command(mixinStandardHelpOptions = true)
abstract class DeadLettersSubcommand implements Callable<Integer> {

  private static final int MAX_NEAREST = 3;

  /** Something that cannot be done, in words for people. */
  static final class CommandFailedException extends Exception {
    CommandFailedException(String message) {
      super(message, null, false, false);
    }
  }

  @Option(
      names = "--data-dir",
      paramLabel = "FOLDER",
      description =
          "The data folder; default: the one of the configuration, which is $SATELLITE_DATA_DIR"
              + " unless a file says otherwise.")
  private Path dataDir;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "Configuration file that names the data folder; default: as of start.")
  private Path configFile;

  @Spec private CommandSpec spec;

  abstract void run(DeadLetterFolder folder) throws IOException, CommandFailedException;

  @Override
  public Integer call() {
    try {
      run(folder());
      return 0;
    } catch (ConfigException | CommandFailedException e) {
      return failed(e.getMessage());
    } catch (IOException e) {
      boolean plain = e.getClass() == IOException.class;
      return failed(plain ? e.getMessage() : e.getClass().getSimpleName() + ": " + e.getMessage());
    } finally {
      out().flush();
    }
  }

  private int failed(String why) {
    spec.commandLine().getErr().println("satellite: " + why);
    return 1;
  }

  private DeadLetterFolder folder() throws CommandFailedException {
    Path folder = dataDir;
    if (folder == null) {
      Map<String, String> environment = System.getenv();
      DiskConfig disk =
          ConfigFile.load(ConfigFile.choose(configFile, environment), environment).disk();
      if (disk == null) {
        throw new CommandFailedException(
            "no data folder is configured, so nothing is kept: name one by --data-dir, or by"
                + " SATELLITE_DATA_DIR");
      }
      folder = disk.folder();
    }
    if (!Files.isDirectory(folder)) {
      String what = Files.exists(folder) ? "is not a folder" : "does not exist";
      throw new CommandFailedException("the data folder " + folder.toAbsolutePath() + " " + what);
    }
    return new DeadLetterFolder(folder, Clock.systemUTC());
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** For lines that are no letters. */
  void note(String what) {
    spec.commandLine().getErr().println("satellite: " + what + "; passed over");
  }

  CommandSpec spec() {
    return spec;
  }

  /** All of these ids, or it fails with those that are near to the first one that is not there. */
  static void mustBeThere(Collection<String> ids, DeadLetterFolder folder)
      throws IOException, CommandFailedException {
    Set<String> there = new LinkedHashSet<>();
    folder.read(letter -> there.add(letter.id()), damaged -> {});
    for (String id : ids) {
      if (!there.contains(id)) {
        throw new CommandFailedException(unknown(id, there, folder));
      }
    }
  }

  private static String unknown(String id, Set<String> there, DeadLetterFolder folder) {
    if (there.isEmpty()) {
      return "no dead letter " + id + ": there are none in " + folder.path();
    }
    String nearest =
        there.stream()
            .sorted(Comparator.comparingInt(other -> -commonLength(id, other)))
            .limit(MAX_NEAREST)
            .collect(Collectors.joining(", "));
    return "no dead letter " + id + " in " + folder.path() + "; near it: " + nearest;
  }

  private static int commonLength(String a, String b) {
    int length = 0;
    while (length < Math.min(a.length(), b.length()) && a.charAt(length) == b.charAt(length)) {
      length++;
    }
    return length;
  }

  static String size(long bytes) {
    if (bytes < 1_000) {
      return bytes + " B";
    }
    return bytes < 1_000_000
        ? String.format("%.1f kB", bytes / 1e3)
        : String.format("%.1f MB", bytes / 1e6);
  }

  static String count(long count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }
}
