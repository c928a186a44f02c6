package satellite.e2e.faults;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
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

  private static final List<AckMode> MODES =
      AckMode.chosen().stream().filter(mode -> mode != AckMode.DELIVERED).toList();

  private final ResultTable table = new ResultTable();

  /**
   * Of what is done to the files of one that was killed; the other faults have runs of their own.
   */
  private final List<FaultRun> runs =
      MODES.stream().map(m -> new FaultRun("damage", m, SEED, FaultRun.SMALL_MEMORY)).toList();

  @BeforeAll
  void start() {
    InParallel.each(runs, FaultRun::start);
  }

  @AfterAll
  void end() {
    try {
      InParallel.each(runs, run -> table.add(run.mode(), run.end()));
      System.out.println("faults of the disk, seed " + SEED + "\n" + table);
    } finally {
      runs.forEach(FaultRun::close);
    }
  }

  private void inEachMode(String name, Map<String, String> settings, Consumer<FaultRun> scenario) {
    InParallel.each(
        MODES,
        mode -> {
          try (FaultRun run = new FaultRun(name, mode, SEED, settings)) {
            scenario.accept(run);
            table.add(mode, run.end());
          }
        });
  }

  /** It is killed with much on its disk, and something happens to that before it starts again. */
  private void damaged(Supplier<FaultRun.Damage> damage) {
    InParallel.each(
        runs,
        run -> {
          run.goOn();
          run.traffic(20);
          run.nodes().forEach(FaultyNode::kill);
          run.spill(200);
          run.kill();
          run.damage(damage.get());
          run.start();
          run.traffic(20);
          run.settle();
        });
  }

  @Test
  void itIsFull() {
    inEachMode(
        "full",
        FaultRun.SMALL_MEMORY,
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
  @Tag("slow")
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
    String below = RestartableSatellite.file("no-folder", "a file").resolve("data").toString();
    inEachMode(
        "no-folder",
        with("SATELLITE_DATA_DIR", below),
        run -> {
          run.start();
          if (run.mode() == AckMode.DURABLE) {
            run.refusal(50);
          } else {
            run.delivery(200);
          }
        });
  }

  /** What is in memory is lost then, and no more. */
  @Test
  void whatHasSpilledSurvivesAKill() {
    InParallel.each(
        runs,
        run -> {
          run.goOn();
          run.nodes().forEach(FaultyNode::kill);
          run.spill(200);
          run.killAtRest();
          run.start();
          run.traffic(20);
          run.settle();
        });
  }

  @Test
  void theEndOfAFileIsTornOff() {
    damaged(() -> DiskDamage.torn(new Random(SEED)));
  }

  @Test
  @Tag("slow")
  void aWriteWasNeverFinished() {
    damaged(() -> DiskDamage.halfWritten(new Random(SEED)));
  }

  @Test
  void bitsAreFlipped() {
    damaged(() -> DiskDamage.flipped(".segment", new Random(SEED)));
  }

  @Test
  @Tag("slow")
  void bitsOfTheBookkeepingAreFlipped() {
    damaged(() -> DiskDamage.flipped(".done", new Random(SEED)));
  }

  @Test
  @Tag("slow")
  void aFileIsMissing() {
    damaged(() -> DiskDamage.missing(".segment", new Random(SEED)));
  }

  @Test
  @Tag("slow")
  void filesAreForeign() {
    damaged(() -> DiskDamage.foreign(new Random(SEED)));
  }

  private static Map<String, String> with(String variable, String value) {
    Map<String, String> settings = new HashMap<>(FaultRun.SMALL_MEMORY);
    settings.put(variable, value);
    return settings;
  }
}
