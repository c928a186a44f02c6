package satellite.replicas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whether many who decide by themselves come to what is wanted of all. */
class CrowdTest {

  private static final int TOLERANCE = 3;
  private static final long SEED = 20261125;

  private static int secondsUntilWithin(Crowd crowd, double spread) {
    int seconds = 0;
    while (crowd.spread() > spread) {
      assertTrue(++seconds < 600, "not even after ten minutes: " + crowd.spread());
      crowd.round();
    }
    return seconds;
  }

  @ParameterizedTest
  @ValueSource(ints = {300, 1500, 12_000})
  void oneThatBecomesThreeIsEvenWithinAMinute(int agents) {
    for (int seed = 0; seed < 50; seed++) {
      Crowd crowd = new Crowd(seed, TOLERANCE, agents, 0, 0);
      int seconds = secondsUntilWithin(crowd, 0.1);
      assertTrue(seconds <= 60, "seed " + seed + ": " + seconds + " s");
      assertEquals(agents, crowd.agents());
    }
  }

  @Test
  void oneThatBecomesAHundredIsEvenWithinTwoMinutes() {
    Crowd crowd = new Crowd(SEED, TOLERANCE, 40_000);
    crowd.grow(Crowd.each(99, 0));
    for (int i = 0; i < 120; i++) {
      crowd.round();
    }
    assertTrue(crowd.excess() < 0.1, "the fullest has " + crowd.excess() + " too much");
  }

  @Test
  void elevenAgentsComeToLieSixAndFiveAndStay() {
    for (int seed = 0; seed < 50; seed++) {
      Crowd crowd = new Crowd(seed, TOLERANCE, 11, 0);
      for (int i = 0; i < 60; i++) {
        crowd.round();
      }
      long moved = crowd.moved;
      int most = Math.max(crowd.connections()[0], crowd.connections()[1]);
      assertEquals(6, most, "seed " + seed);
      for (int i = 0; i < 600; i++) {
        crowd.round();
      }
      assertEquals(moved, crowd.moved, "seed " + seed);
    }
  }

  @Test
  void twoThousandReplicasOfAMillionAgentsBecomeEven() {
    int[] half = Crowd.each(1000, 1000);
    Crowd crowd = new Crowd(SEED, TOLERANCE, half);
    crowd.grow(Crowd.each(1000, 0));
    for (int i = 0; i < 60; i++) {
      crowd.round();
    }
    assertTrue(crowd.excess() < 0.1, "the fullest has " + crowd.excess() + " too much");
    // Half of the agents had to move; with a Service that draws by chance each of them twice.
    assertTrue(crowd.moved < 1_300_000, "moved " + crowd.moved);
    assertEquals(1_000_000, crowd.agents());
    // Three questions a second for each, however many there are.
    assertTrue(crowd.questions <= 60L * 2000 * Replicas.ASKED + 2000, "" + crowd.questions);
  }

  @Test
  void whereTheyAreEvenNobodyMoves() {
    Crowd crowd = new Crowd(SEED, TOLERANCE, Crowd.each(100, 500));
    for (int i = 0; i < 300; i++) {
      crowd.round();
    }
    assertEquals(0, crowd.moved);
  }

  /** Each agent lives for an hour; a tenth more moves than that makes by itself is no swinging. */
  @Test
  void comingAndGoingByChanceDoesNotMakeThemSwing() {
    int replicas = 20;
    int agents = 20 * 1000;
    Crowd crowd = new Crowd(SEED, TOLERANCE, Crowd.each(replicas, agents / replicas));
    int seconds = 3600;
    int churn = agents / 3600;
    for (int i = 0; i < seconds; i++) {
      crowd.leave(churn);
      crowd.arrive(churn);
      crowd.round();
    }
    assertTrue(crowd.spread() < 0.15, "spread " + crowd.spread());
    assertTrue(crowd.moved < 0.3 * churn * seconds, "moved " + crowd.moved);
  }

  @Test
  void nobodyIsLostWhenThreeBecomeOne() {
    Crowd crowd = new Crowd(SEED, TOLERANCE, 100, 100, 100);
    for (int i = 0; i < 10; i++) {
      crowd.round();
    }
    assertEquals(300, crowd.agents());
  }

  /** Each hears of thirty at a time, and must not take those for all. */
  @Test
  void amongHundredsEachComesToReportAtATimeThatItKeeps() {
    Crowd crowd = new Crowd(SEED, TOLERANCE, Crowd.each(300, 100));
    for (int i = 0; i < 600; i++) {
      crowd.round();
    }
    int before = crowd.phasesMoved;
    for (int i = 0; i < 600; i++) {
      crowd.round();
    }
    assertEquals(before, crowd.phasesMoved);
  }

  /** A Service with affinity, or agents that know one address only. */
  @Test
  void clientsThatAlwaysComeBackAreNotSentAwayForEver() {
    Crowd crowd = new Crowd(SEED, TOLERANCE, 1000, 0, 0);
    crowd.faithful = true;
    for (int i = 0; i < 3600; i++) {
      crowd.round();
    }
    assertTrue(crowd.moved < 12 * 1000, "in an hour each was moved " + crowd.moved / 1000);
    crowd.faithful = false;
    crowd.moved = 0;
    for (int i = 0; i < 3600; i++) {
      crowd.round();
    }
    assertTrue(crowd.spread() < 0.1, "and then they are evened out: " + crowd.spread());
  }
}
