package satellite.replicas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** How many connections go, and when none does. */
class RebalancingTest {

  private final Rebalancing rebalancing = new Rebalancing(3);

  private static ReplicasSummary mean(double connections) {
    return new ReplicasSummary(3, 2, connections, 0.5, true);
  }

  @Test
  void nobodyGoesAtTheMeanOrBelow() {
    assertEquals(0, rebalancing.toShed(100, mean(100)));
    assertEquals(0, rebalancing.toShed(40, mean(100)));
  }

  @Test
  void nobodyGoesWithinTheTolerance() {
    assertEquals(0, rebalancing.toShed(103, mean(100)));
    assertTrue(rebalancing.toShed(104, mean(100)) > 0);
  }

  @Test
  void onceBegunItGoesOnUntilTheMean() {
    assertEquals(0, rebalancing.toShed(102, mean(100)));
    assertTrue(rebalancing.toShed(110, mean(100)) > 0);
    assertTrue(rebalancing.toShed(102, mean(100)) > 0);
    assertEquals(0, rebalancing.toShed(100, mean(100)));
    assertEquals(0, rebalancing.toShed(102, mean(100)));
  }

  @Test
  void theOneThatSomebodyMustHaveStays() {
    assertEquals(0, rebalancing.toShed(6, mean(5.5)));
    assertEquals(0, rebalancing.toShed(1, mean(1 / 3.0)));
    assertEquals(1, rebalancing.toShed(7, mean(5.5)));
    assertEquals(0, rebalancing.toShed(6, mean(5.5)));
  }

  @Test
  void aPartOfWhatIsTooMuchGoesAtATime() {
    assertEquals(8, rebalancing.toShed(140, mean(100)));
    // And at most a twelfth of all.
    assertEquals(80, rebalancing.toShed(1000, mean(100)));
  }

  @Test
  void nobodyGoesWhereNobodyElseTakesConnections() {
    assertEquals(0, rebalancing.toShed(1000, new ReplicasSummary(3, 2, 400, 1, false)));
    assertEquals(0, rebalancing.toShed(1000, new ReplicasSummary(1, 0, 1000, 1, false)));
  }
}
