package satellite.replicas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whether many who decide by themselves come to what is wanted of all. */
class ReplicaSimulationTest {

  private static final int TOLERANCE = 3;
  private static final long SEED = 20261125;

  private static int secondsUntilWithin(ReplicaSimulation simulation, double spread) {
    int seconds = 0;
    while (simulation.spread() > spread) {
      assertTrue(++seconds < 600, "not even after ten minutes: " + simulation.spread());
      simulation.round();
    }
    return seconds;
  }

  @ParameterizedTest
  @ValueSource(ints = {300, 1500, 12_000})
  void oneThatBecomesThreeIsEvenWithinAMinute(int agents) {
    for (int seed = 0; seed < 50; seed++) {
      ReplicaSimulation simulation = new ReplicaSimulation(seed, TOLERANCE, agents, 0, 0);
      int seconds = secondsUntilWithin(simulation, 0.1);
      assertTrue(seconds <= 60, "seed " + seed + ": " + seconds + " s");
      assertEquals(agents, simulation.agents());
    }
  }

  @Test
  void oneThatBecomesAHundredIsEvenWithinTwoMinutes() {
    ReplicaSimulation simulation = new ReplicaSimulation(SEED, TOLERANCE, 40_000);
    simulation.grow(ReplicaSimulation.each(99, 0));
    for (int i = 0; i < 120; i++) {
      simulation.round();
    }
    assertTrue(simulation.excess() < 0.1, "the fullest has " + simulation.excess() + " too much");
  }

  @Test
  void elevenAgentsComeToLieSixAndFiveAndStay() {
    for (int seed = 0; seed < 50; seed++) {
      ReplicaSimulation simulation = new ReplicaSimulation(seed, TOLERANCE, 11, 0);
      for (int i = 0; i < 60; i++) {
        simulation.round();
      }
      long moved = simulation.moved;
      int most = Math.max(simulation.connections()[0], simulation.connections()[1]);
      assertEquals(6, most, "seed " + seed);
      for (int i = 0; i < 600; i++) {
        simulation.round();
      }
      assertEquals(moved, simulation.moved, "seed " + seed);
    }
  }

  @Test
  void twoThousandReplicasOfAMillionAgentsBecomeEven() {
    int[] half = ReplicaSimulation.each(1000, 1000);
    ReplicaSimulation simulation = new ReplicaSimulation(SEED, TOLERANCE, half);
    simulation.grow(ReplicaSimulation.each(1000, 0));
    for (int i = 0; i < 60; i++) {
      simulation.round();
    }
    assertTrue(simulation.excess() < 0.1, "the fullest has " + simulation.excess() + " too much");
    // Half of the agents had to move; with a Service that draws by chance each of them twice.
    assertTrue(simulation.moved < 1_300_000, "moved " + simulation.moved);
    assertEquals(1_000_000, simulation.agents());
    // Three questions a second for each, however many there are.
    assertTrue(
        simulation.questions <= 60L * 2000 * Replicas.FANOUT + 2000, "" + simulation.questions);
  }

  @Test
  void whereTheyAreEvenNobodyMoves() {
    ReplicaSimulation simulation =
        new ReplicaSimulation(SEED, TOLERANCE, ReplicaSimulation.each(100, 500));
    for (int i = 0; i < 300; i++) {
      simulation.round();
    }
    assertEquals(0, simulation.moved);
  }

  /** Each agent lives for an hour; a tenth more moves than that makes by itself is no swinging. */
  @Test
  void comingAndGoingByChanceDoesNotMakeThemSwing() {
    int replicas = 20;
    int agents = 20 * 1000;
    ReplicaSimulation simulation =
        new ReplicaSimulation(SEED, TOLERANCE, ReplicaSimulation.each(replicas, agents / replicas));
    int seconds = 3600;
    int churn = agents / 3600;
    for (int i = 0; i < seconds; i++) {
      simulation.leave(churn);
      simulation.arrive(churn);
      simulation.round();
    }
    assertTrue(simulation.spread() < 0.15, "spread " + simulation.spread());
    assertTrue(simulation.moved < 0.3 * churn * seconds, "moved " + simulation.moved);
  }

  @Test
  void nobodyIsLostWhenThreeBecomeOne() {
    ReplicaSimulation simulation = new ReplicaSimulation(SEED, TOLERANCE, 100, 100, 100);
    for (int i = 0; i < 10; i++) {
      simulation.round();
    }
    assertEquals(300, simulation.agents());
  }

  /** Each hears of thirty at a time, and must not take those for all. */
  @Test
  void amongHundredsEachComesToReportAtATimeThatItKeeps() {
    ReplicaSimulation simulation =
        new ReplicaSimulation(SEED, TOLERANCE, ReplicaSimulation.each(300, 100));
    for (int i = 0; i < 600; i++) {
      simulation.round();
    }
    int before = simulation.schedulesMoved;
    for (int i = 0; i < 600; i++) {
      simulation.round();
    }
    assertEquals(before, simulation.schedulesMoved);
  }

  /** A Service with affinity, or agents that know one address only. */
  @Test
  void clientsThatAlwaysComeBackAreNotSentAwayForEver() {
    ReplicaSimulation simulation = new ReplicaSimulation(SEED, TOLERANCE, 1000, 0, 0);
    simulation.faithful = true;
    for (int i = 0; i < 3600; i++) {
      simulation.round();
    }
    assertTrue(
        simulation.moved < 12 * 1000, "in an hour each was moved " + simulation.moved / 1000);
    simulation.faithful = false;
    simulation.moved = 0;
    for (int i = 0; i < 3600; i++) {
      simulation.round();
    }
    assertTrue(simulation.spread() < 0.1, "and then they are evened out: " + simulation.spread());
  }
}
