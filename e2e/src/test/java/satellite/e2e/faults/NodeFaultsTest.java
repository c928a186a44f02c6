package satellite.e2e.faults;

import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import satellite.e2e.faults.FaultyNode.Fault;

/** Nodes fail in every way, and what Satellite answered for arrives, in each mode. */
@Order(30)
class NodeFaultsTest extends EachMode {

  NodeFaultsTest() {
    super("nodes", 5, 50);
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
