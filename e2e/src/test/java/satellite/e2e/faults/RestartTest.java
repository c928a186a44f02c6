package satellite.e2e.faults;

import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Satellite itself ends, in every way, and starts again on its folder. */
@Order(31)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RestartTest {

  private static final long SEED = 6;

  private final List<FaultRun> runs =
      AckMode.chosen().stream()
          .map(m -> new FaultRun("restarts", m, SEED, FaultRun.SMALL_MEMORY))
          .toList();

  @BeforeAll
  void start() {
    InParallel.each(runs, FaultRun::start);
  }

  @AfterAll
  void end() {
    ResultTable table = new ResultTable();
    try {
      InParallel.each(runs, run -> table.add(run.mode(), run.end()));
      System.out.println("restarts of Satellite, seed " + SEED + "\n" + table);
    } finally {
      runs.forEach(FaultRun::close);
    }
  }

  private void inEachMode(Consumer<FaultRun> scenario) {
    InParallel.each(
        runs,
        run -> {
          run.goOn();
          run.traffic(100);
          scenario.accept(run);
          run.settle();
        });
  }

  @Test
  void itIsStopped() {
    inEachMode(
        run -> {
          run.stop();
          run.start();
          run.traffic(50);
        });
  }

  /** What it has cannot be flushed. */
  @Test
  void itIsStoppedWhileAllNodesAreAway() {
    inEachMode(
        run -> {
          run.nodes().forEach(FaultyNode::kill);
          run.spill(100);
          run.traffic(100);
          run.stop();
          run.start();
          run.traffic(50);
        });
  }

  @Test
  void itIsKilled() {
    inEachMode(
        run -> {
          run.kill();
          run.start();
          run.traffic(50);
        });
  }

  @Test
  void itIsKilledWhileItReplays() {
    inEachMode(
        run -> {
          run.nodes().forEach(FaultyNode::kill);
          run.spill(100);
          run.kill();
          run.start();
          run.nodes().forEach(FaultyNode::start);
          if (run.mode() != AckMode.DELIVERED) {
            run.delivery(20);
          }
          run.kill();
          run.start();
          run.traffic(20);
        });
  }
}
