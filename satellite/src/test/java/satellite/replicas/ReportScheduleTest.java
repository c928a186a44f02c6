package satellite.replicas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When replicas report. */
class ReportScheduleTest {

  private static final int INTERVAL = 10_000;

  private static ReplicaStatus at(String id, int phaseMillis) {
    return new ReplicaStatus(id, 0, 0, true, phaseMillis);
  }

  @Test
  void theInstantsOfAScheduleAreOneIntervalApartWheneverItIsAsked() {
    ReportSchedule schedule = new ReportSchedule("a", "satellite-0", INTERVAL);
    long first = schedule.next(1_000_000);
    assertTrue(first > 1_000_000 && first <= 1_000_000 + INTERVAL, "" + first);
    assertEquals(schedule.offsetMillis(), first % INTERVAL);
    assertEquals(first, schedule.next(first - 1));
    assertEquals(first + INTERVAL, schedule.next(first));
    assertEquals(first + INTERVAL, schedule.next(first + INTERVAL - 1));
  }

  /** It waits by another clock than the one that it asks. */
  @Test
  void aClockThatIsSlowedOrSetBackRepeatsNoInstant() {
    ReportSchedule schedule = new ReportSchedule("a", "satellite-0", INTERVAL);
    long reported = schedule.next(1_000_000);
    assertEquals(reported + INTERVAL, schedule.nextAfter(reported, reported));
    assertEquals(reported + INTERVAL, schedule.nextAfter(reported, reported - 5));
    assertEquals(reported + 3 * INTERVAL, schedule.nextAfter(reported, reported + 2 * INTERVAL));
    long hourBefore = reported - 3_600_000;
    assertEquals(hourBefore + 2 * INTERVAL, schedule.nextAfter(reported, hourBefore));
  }

  @Test
  void itDependsOnTheInstanceOnly() {
    assertEquals(
        new ReportSchedule("a", "satellite-0", INTERVAL).offsetMillis(),
        new ReportSchedule("b", "satellite-0", INTERVAL).offsetMillis());
  }

  @Test
  void oneThatIsAloneStays() {
    ReportSchedule schedule = new ReportSchedule("b", "satellite-0", INTERVAL);
    int before = schedule.offsetMillis();
    schedule.avoidCollisions(List.of(), 1);
    assertEquals(before, schedule.offsetMillis());
  }

  @Test
  void oneOfTwoThatAreTooCloseGoesToTheMiddleOfTheWidestGap() {
    ReportSchedule second = new ReportSchedule("b", "satellite-0", INTERVAL);
    ReportSchedule first = new ReportSchedule("a", "satellite-0", INTERVAL);
    int before = first.offsetMillis();
    first.avoidCollisions(List.of(at("b", second.offsetMillis())), 2);
    assertEquals(before, first.offsetMillis());
    second.avoidCollisions(List.of(at("a", first.offsetMillis())), 2);
    assertEquals(Math.floorMod(before + INTERVAL / 2, INTERVAL), second.offsetMillis());
  }

  @Test
  void theGapMayReachOverTheEndOfTheInterval() {
    ReportSchedule schedule = new ReportSchedule("z", "satellite-0", INTERVAL);
    int own = schedule.offsetMillis();
    int[] taken = {own, (own + 2000) % INTERVAL, (own + 4000) % INTERVAL};
    schedule.avoidCollisions(List.of(at("a", taken[0]), at("b", taken[1]), at("c", taken[2])), 4);
    assertEquals((own + 7000) % INTERVAL, schedule.offsetMillis());
  }

  @Test
  void aHundredReplicasComeToLieApart() {
    List<ReportSchedule> schedules = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      schedules.add(new ReportSchedule(id(i), "satellite-" + i, INTERVAL));
    }
    int moves = 0;
    int last;
    int rounds = 0;
    do {
      last = moves;
      for (int i = 0; i < schedules.size(); i++) {
        int before = schedules.get(i).offsetMillis();
        schedules.get(i).avoidCollisions(others(schedules, i), schedules.size());
        moves += schedules.get(i).offsetMillis() == before ? 0 : 1;
      }
      assertTrue(++rounds < 20, "they do not come to rest");
    } while (moves > last);
    int[] sorted = schedules.stream().mapToInt(ReportSchedule::offsetMillis).sorted().toArray();
    for (int i = 0; i < sorted.length; i++) {
      int next = sorted[(i + 1) % sorted.length];
      assertTrue(Math.floorMod(next - sorted[i], INTERVAL) >= 24, "at " + sorted[i]);
    }
  }

  private static String id(int i) {
    return String.format("%03d", i);
  }

  private static List<ReplicaStatus> others(List<ReportSchedule> schedules, int self) {
    List<ReplicaStatus> others = new ArrayList<>();
    for (int i = 0; i < schedules.size(); i++) {
      if (i != self) {
        others.add(at(id(i), schedules.get(i).offsetMillis()));
      }
    }
    return others;
  }
}
