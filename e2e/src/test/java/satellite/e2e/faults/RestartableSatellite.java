package satellite.e2e.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import satellite.e2e.ChildProcess;
import satellite.e2e.SatelliteProcess;

/**
 * The packaged program, ended and started again: each start is an incarnation, with the number of
 * it. What each incarnation says of itself is checked when it ends; what is wrong with it is in
 * {@link #complaints}. One thread.
 */
final class RestartableSatellite implements AutoCloseable {

  /** More than these are a leak; an incarnation needs about 25. */
  private static final int MAX_THREADS = 60;

  private static final List<String> BAD_WORDS =
      List.of("OutOfMemoryError", "StackOverflowError", "NullPointerException", "\tat ");

  private final String name;
  private final Path config;
  private final Map<String, String> settings;
  private final List<String> complaints = new ArrayList<>();
  private SatelliteProcess process;
  private int number;

  /** What the incarnation before this has left on disk; null if nobody knows. */
  private Long left;

  private long received;
  private long recovered;
  private long forwarded;
  private long dead;
  private boolean everKilled;
  private final Map<String, Long> dropped = new TreeMap<>();

  RestartableSatellite(String name, Path config, Map<String, String> settings) {
    this.name = name;
    this.config = config;
    this.settings = new HashMap<>(settings);
  }

  /**
   * @param launcher put in front of the command
   */
  void start(String... launcher) {
    number++;
    process =
        SatelliteProcess.configuredBy(
            name + "-incarnation-" + number, List.of(launcher), settings, config);
  }

  /** The incarnation that is, or was the last one. */
  int number() {
    return number;
  }

  String address() {
    return process.address();
  }

  AccountFigures figures() {
    try {
      return AccountFigures.of(process.metrics());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** What lies on the disk is not what was left there. */
  void diskHasChanged() {
    left = null;
  }

  /** A while later. */
  AccountFigures figuresAfter(Duration pause) {
    try {
      TimeUnit.MILLISECONDS.sleep(pause.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
    return figures();
  }

  /** SIGTERM; returns the messages that it gave up at its end. */
  long stop() {
    checkThreads();
    int exitCode = process.stop();
    if (exitCode != 0) {
      complaints.add("incarnation " + number + " ended with exit code " + exitCode);
    }
    checkOutput();
    AccountFigures last = AccountFigures.ofLastLine(process.output());
    if (!last.balances() || last.queued() != 0) {
      complaints.add("incarnation " + number + " ended with " + last);
    }
    if (left != null && left != last.recovered()) {
      complaints.add(
          "incarnation " + number + " found not the " + left + " that were left: " + last);
    }
    left = last.spilled();
    recovered += last.recovered();
    received += last.received() - last.recovered();
    forwarded += last.forwarded();
    dead += last.dead() + last.refusedForGood();
    last.dropped().forEach((reason, n) -> dropped.merge(reason, n, Long::sum));
    return last.dropped().getOrDefault("shutdown", 0L) + last.dropped().getOrDefault("disk", 0L);
  }

  /** SIGKILL. */
  void kill() {
    // What it has forwarded since then is not known.
    AccountFigures figures = figures();
    forwarded += figures.forwarded();
    recovered += figures.recovered();
    process.kill();
    checkOutput();
    left = null;
    everKilled = true;
  }

  /** Threads of an incarnation that goes on; only where the machine tells. */
  private void checkThreads() {
    Path status = Path.of("/proc", "" + process.pid(), "status");
    try {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("Threads:")) {
          int threads = Integer.parseInt(line.substring(8).strip());
          if (threads > MAX_THREADS) {
            complaints.add("incarnation " + number + " has " + threads + " threads");
          }
        }
      }
    } catch (IOException e) {
      // Another kind of system.
    }
  }

  private void checkOutput() {
    process.output().stream()
        .filter(line -> BAD_WORDS.stream().anyMatch(line::contains))
        .findFirst()
        .ifPresent(line -> complaints.add("incarnation " + number + " says: " + line));
  }

  List<String> complaints() {
    return complaints;
  }

  /**
   * Messages that clients brought, over all incarnations; null if one was killed, which took it
   * along.
   */
  Long received() {
    return everKilled ? null : received;
  }

  /** Messages found on disk, in the incarnations that are over; at least, where one was killed. */
  long recovered() {
    return recovered;
  }

  /** Messages for which a node's OK was heard, in the incarnations that are over; at least. */
  long forwarded() {
    return forwarded;
  }

  Long dead() {
    return everKilled ? null : dead;
  }

  Map<String, Long> dropped() {
    return dropped;
  }

  @Override
  public void close() {
    if (process != null) {
      process.close();
    }
  }

  static Path file(String name, String text) {
    try {
      return Files.writeString(Files.createDirectories(ChildProcess.TARGET).resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
