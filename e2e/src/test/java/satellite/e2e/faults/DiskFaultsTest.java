package satellite.e2e.faults;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * The disk fails, in every way that can be had without being root, and never keeps it from work.
 */
@Order(32)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DiskFaultsTest {

  private static final long SEED = 7;

  /** A file that grows over 128 KiB fails, as if the disk were full. */
  static final String[] FULL_DISK = {"sh", "-c", "ulimit -f 256; exec \"$@\"", "sh"};

  private static final List<Mode> MODES =
      Mode.chosen().stream().filter(mode -> mode != Mode.DELIVERED).toList();

  private final Table table = new Table();

  @AfterAll
  void print() {
    System.out.println("faults of the disk, seed " + SEED + "\n" + table);
  }

  private void inEachMode(String name, Map<String, String> settings, Consumer<Run> scenario) {
    AtOnce.each(
        MODES,
        mode -> {
          try (Run run = new Run(name, mode, SEED, settings)) {
            scenario.accept(run);
            table.add(mode, run.end());
          }
        });
  }

  /** It is killed with much on its disk, and something happens to that before it starts again. */
  private static void damaged(Run run, Run.Damage damage) {
    run.start();
    run.traffic(100);
    run.nodes().forEach(FaultyNode::kill);
    run.spill(200);
    run.kill();
    run.damage(damage);
    run.start();
    run.traffic(20);
  }

  @Test
  void itIsFull() {
    inEachMode(
        "full",
        Run.SMALL_MEMORY,
        run -> {
          run.start(FULL_DISK);
          run.traffic(100);
          run.nodes().forEach(FaultyNode::kill);
          run.spill(100);
          run.refusal(10);
          run.stop();
          run.start();
          run.traffic(20);
        });
  }

  /** The bound that is configured. */
  @Test
  void itsBoundIsReached() {
    inEachMode(
        "bounded",
        with("SATELLITE_DISK_BYTES", "4194304"),
        run -> {
          run.start();
          run.nodes().forEach(FaultyNode::kill);
          run.refusal(50);
        });
  }

  /** As read-only as it gets where the tests may be run by root. */
  @Test
  void itsFolderCannotBeMade() {
    String below = Lives.file("no-folder", "a file").resolve("data").toString();
    inEachMode(
        "no-folder",
        with("SATELLITE_DATA_DIR", below),
        run -> {
          run.start();
          if (run.mode() == Mode.DURABLE) {
            run.refusal(50);
          } else {
            run.delivery(200);
          }
        });
  }

  @Test
  void theEndOfAFileIsTornOff() {
    inEachMode("torn", Run.SMALL_MEMORY, run -> damaged(run, Disk.torn(new Random(SEED))));
  }

  @Test
  void aWriteWasNeverFinished() {
    inEachMode("half", Run.SMALL_MEMORY, run -> damaged(run, Disk.halfWritten(new Random(SEED))));
  }

  @Test
  void bitsAreFlipped() {
    inEachMode(
        "flipped",
        Run.SMALL_MEMORY,
        run -> damaged(run, Disk.flipped(".segment", new Random(SEED))));
  }

  @Test
  void bitsOfTheBookkeepingAreFlipped() {
    inEachMode(
        "flipped-done",
        Run.SMALL_MEMORY,
        run -> damaged(run, Disk.flipped(".done", new Random(SEED))));
  }

  @Test
  void aFileIsMissing() {
    inEachMode(
        "missing",
        Run.SMALL_MEMORY,
        run -> damaged(run, Disk.missing(".segment", new Random(SEED))));
  }

  @Test
  void filesAreForeign() {
    inEachMode("foreign", Run.SMALL_MEMORY, run -> damaged(run, Disk.foreign(new Random(SEED))));
  }

  private static Map<String, String> with(String variable, String value) {
    Map<String, String> settings = new HashMap<>(Run.SMALL_MEMORY);
    settings.put(variable, value);
    return settings;
  }
}
