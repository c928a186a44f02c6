package satellite.e2e.faults;

import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import satellite.e2e.faults.FaultyNode.Fault;

/** Nodes fail in every way, and what Satellite answered for arrives, in each mode. */
@Order(30)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NodeFaultsTest {

  private static final long SEED = 5;

  private final List<FaultRun> runs =
      AckMode.chosen().stream()
          .map(m -> new FaultRun("nodes", m, SEED, FaultRun.SMALL_MEMORY))
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
      System.out.println("faults of nodes, seed " + SEED + "\n" + table);
    } finally {
      runs.forEach(FaultRun::close);
    }
  }

  private void inEachMode(Consumer<FaultRun> scenario) {
    InParallel.each(
        runs,
        run -> {
          run.goOn();
          run.traffic(50);
          scenario.accept(run);
          run.settle();
        });
  }

  @Test
  void oneIsKilledAndReturns() {
    inEachMode(
        run -> {
          run.node(0).kill();
          run.traffic(200);
          run.node(0).start();
          run.delivery(200);
          run.node(1).kill();
          run.traffic(200);
        });
  }

  /** Longer than memory lasts. */
  @Test
  void allAreAwayForLong() {
    inEachMode(
        run -> {
          run.nodes().forEach(FaultyNode::kill);
          run.spill(500);
          run.traffic(1000);
        });
  }

  @Test
  void oneHangs() {
    inEachMode(run -> behave(run, Fault.HUNG));
  }

  @Test
  void oneReadsNothing() {
    inEachMode(run -> behave(run, Fault.DEAF));
  }

  @Test
  void oneIsSlow() {
    inEachMode(run -> behave(run, Fault.SLOW));
  }

  private static void behave(FaultRun run, Fault fault) {
    run.node(0).behave(fault);
    run.traffic(1000);
    run.node(0).behave(Fault.WELL);
    run.traffic(50);
  }

  @Test
  void aFifthOfAllCallsFails() {
    inEachMode(run -> behaveAll(run, Fault.FAILING));
  }

  @Test
  void connectionsAreResetMidStream() {
    inEachMode(run -> behaveAll(run, Fault.RESETTING));
  }

  private static void behaveAll(FaultRun run, Fault fault) {
    run.nodes().forEach(node -> node.behave(fault));
    run.traffic(1000);
  }

  @Test
  void someItemsAreRefusedForGood() {
    inEachMode(
        run -> {
          run.nodes().forEach(node -> node.refuse(item -> item.unit % 10 == 0));
          run.traffic(300);
          run.settleAsItIs();
        });
  }
}
