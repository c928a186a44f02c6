package satellite.replicas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When replicas report. */
class PhaseTest {

  private static final int INTERVAL = 10_000;

  private static Standing at(String id, int phaseMillis) {
    return new Standing(id, 0, 0, true, phaseMillis);
  }

  @Test
  void theInstantsOfAPhaseAreOneIntervalApartWheneverItIsAsked() {
    Phase phase = new Phase("a", "satellite-0", INTERVAL);
    long first = phase.next(1_000_000);
    assertTrue(first > 1_000_000 && first <= 1_000_000 + INTERVAL, "" + first);
    assertEquals(phase.millis(), first % INTERVAL);
    assertEquals(first, phase.next(first - 1));
    assertEquals(first + INTERVAL, phase.next(first));
    assertEquals(first + INTERVAL, phase.next(first + INTERVAL - 1));
  }

  /** It waits by another clock than the one that it asks. */
  @Test
  void aClockThatIsSlowedOrSetBackRepeatsNoInstant() {
    Phase phase = new Phase("a", "satellite-0", INTERVAL);
    long reported = phase.next(1_000_000);
    assertEquals(reported + INTERVAL, phase.after(reported, reported));
    assertEquals(reported + INTERVAL, phase.after(reported, reported - 5));
    assertEquals(reported + 3 * INTERVAL, phase.after(reported, reported + 2 * INTERVAL));
    long hourBefore = reported - 3_600_000;
    assertEquals(hourBefore + 2 * INTERVAL, phase.after(reported, hourBefore));
  }

  @Test
  void itDependsOnTheInstanceOnly() {
    assertEquals(
        new Phase("a", "satellite-0", INTERVAL).millis(),
        new Phase("b", "satellite-0", INTERVAL).millis());
  }

  @Test
  void oneThatIsAloneStays() {
    Phase phase = new Phase("b", "satellite-0", INTERVAL);
    int before = phase.millis();
    phase.look(List.of(), 1);
    assertEquals(before, phase.millis());
  }

  @Test
  void oneOfTwoThatAreTooCloseGoesToTheMiddleOfTheWidestGap() {
    Phase second = new Phase("b", "satellite-0", INTERVAL);
    Phase first = new Phase("a", "satellite-0", INTERVAL);
    int before = first.millis();
    first.look(List.of(at("b", second.millis())), 2);
    assertEquals(before, first.millis());
    second.look(List.of(at("a", first.millis())), 2);
    assertEquals(Math.floorMod(before + INTERVAL / 2, INTERVAL), second.millis());
  }

  @Test
  void theGapMayReachOverTheEndOfTheInterval() {
    Phase phase = new Phase("z", "satellite-0", INTERVAL);
    int own = phase.millis();
    int[] taken = {own, (own + 2000) % INTERVAL, (own + 4000) % INTERVAL};
    phase.look(List.of(at("a", taken[0]), at("b", taken[1]), at("c", taken[2])), 4);
    assertEquals((own + 7000) % INTERVAL, phase.millis());
  }

  @Test
  void aHundredReplicasComeToLieApart() {
    List<Phase> phases = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      phases.add(new Phase(id(i), "satellite-" + i, INTERVAL));
    }
    int moves = 0;
    int last;
    int rounds = 0;
    do {
      last = moves;
      for (int i = 0; i < phases.size(); i++) {
        int before = phases.get(i).millis();
        phases.get(i).look(others(phases, i), phases.size());
        moves += phases.get(i).millis() == before ? 0 : 1;
      }
      assertTrue(++rounds < 20, "they do not come to rest");
    } while (moves > last);
    int[] sorted = phases.stream().mapToInt(Phase::millis).sorted().toArray();
    for (int i = 0; i < sorted.length; i++) {
      int next = sorted[(i + 1) % sorted.length];
      assertTrue(Math.floorMod(next - sorted[i], INTERVAL) >= 24, "at " + sorted[i]);
    }
  }

  private static String id(int i) {
    return String.format("%03d", i);
  }

  private static List<Standing> others(List<Phase> phases, int self) {
    List<Standing> others = new ArrayList<>();
    for (int i = 0; i < phases.size(); i++) {
      if (i != self) {
        others.add(at(id(i), phases.get(i).millis()));
      }
    }
    return others;
  }
}
