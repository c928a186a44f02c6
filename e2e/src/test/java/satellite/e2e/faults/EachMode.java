package satellite.e2e.faults;

import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/**
 * Scenarios that run in every mode of acknowledgement, one behind the other, on the same folder.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class EachMode {

  private final String name;
  private final long seed;
  private final int trafficBefore;
  private final List<FaultRun> runs;

  /**
   * @param trafficBefore messages that are sent before each scenario
   */
  EachMode(String name, long seed, int trafficBefore) {
    this.name = name;
    this.seed = seed;
    this.trafficBefore = trafficBefore;
    this.runs =
        AckMode.chosen().stream()
            .map(mode -> new FaultRun(name, mode, seed, FaultRun.SMALL_MEMORY))
            .toList();
  }

  @BeforeAll
  void start() {
    InParallel.each(runs, FaultRun::start);
  }

  @AfterAll
  void end() {
    ResultTable table = new ResultTable();
    try {
      InParallel.each(runs, run -> table.add(run.mode(), run.end()));
      System.out.println("faults of " + name + ", seed " + seed + "\n" + table);
    } finally {
      runs.forEach(FaultRun::close);
    }
  }

  void inEachMode(Consumer<FaultRun> scenario) {
    InParallel.each(
        runs,
        run -> {
          run.goOn();
          run.traffic(trafficBefore);
          scenario.accept(run);
          run.settle();
        });
  }
}
