package satellite.replicas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** How many connections go, and when none does. */
class EveningTest {

  private final Evening evening = new Evening(3);

  private static View mean(double connections) {
    return new View(3, 2, connections, 0.5, true);
  }

  @Test
  void nobodyGoesAtTheMeanOrBelow() {
    assertEquals(0, evening.toShed(100, mean(100)));
    assertEquals(0, evening.toShed(40, mean(100)));
  }

  @Test
  void nobodyGoesWithinTheTolerance() {
    assertEquals(0, evening.toShed(103, mean(100)));
    assertTrue(evening.toShed(104, mean(100)) > 0);
  }

  @Test
  void onceBegunItGoesOnUntilTheMean() {
    assertEquals(0, evening.toShed(102, mean(100)));
    assertTrue(evening.toShed(110, mean(100)) > 0);
    assertTrue(evening.toShed(102, mean(100)) > 0);
    assertEquals(0, evening.toShed(100, mean(100)));
    assertEquals(0, evening.toShed(102, mean(100)));
  }

  @Test
  void theOneThatSomebodyMustHaveStays() {
    assertEquals(0, evening.toShed(6, mean(5.5)));
    assertEquals(0, evening.toShed(1, mean(1 / 3.0)));
    assertEquals(1, evening.toShed(7, mean(5.5)));
    assertEquals(0, evening.toShed(6, mean(5.5)));
  }

  @Test
  void aPartOfWhatIsTooMuchGoesAtATime() {
    assertEquals(8, evening.toShed(140, mean(100)));
    // And at most a twelfth of all.
    assertEquals(80, evening.toShed(1000, mean(100)));
  }

  @Test
  void nobodyGoesWhereNobodyElseTakesConnections() {
    assertEquals(0, evening.toShed(1000, new View(3, 2, 400, 1, false)));
    assertEquals(0, evening.toShed(1000, new View(1, 0, 1000, 1, false)));
  }
}
