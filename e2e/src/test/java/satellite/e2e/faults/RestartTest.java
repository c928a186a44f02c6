package satellite.e2e.faults;

import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Satellite itself ends, in every way, and starts again on its folder. */
@Order(31)
class RestartTest extends EachMode {

  RestartTest() {
    super("restarts", 6, 100);
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
