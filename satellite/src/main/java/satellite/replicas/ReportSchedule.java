package satellite.replicas;

import java.util.Arrays;
import java.util.Collection;

/**
 * The schedule by which a replica reports its meters: within the interval an instant of its own, as
 * long as it runs. RATIONALE.md tells why: OAP takes a report's counters from those of a minute
 * before, whoever sent them, so exactly a minute before there must be this replica's own.
 *
 * <p>It begins where the instance's name says. Two that lie too close, so that their reports might
 * overtake each other, move apart: the one with the larger id goes into the middle of the widest
 * gap. Any thread.
 */
public final class ReportSchedule {

  /** Reports that lie further apart arrive in their order; less where there are very many. */
  private static final int APART_MILLIS = 200;

  private final String id;
  private final int interval;
  private volatile int offsetMillis;

  /**
   * @param id of the process
   * @param instance whose name is no other replica's
   * @param intervalMillis between two reports
   */
  public ReportSchedule(String id, String instance, int intervalMillis) {
    this.id = id;
    this.interval = intervalMillis;
    this.offsetMillis = Math.floorMod(instance.hashCode() * 0x9E3779B1, intervalMillis);
  }

  public int offsetMillis() {
    return offsetMillis;
  }

  /** The next instant of this schedule that is after {@code nowMillis}, since the epoch. */
  public long next(long nowMillis) {
    long next = nowMillis - Math.floorMod(nowMillis, (long) interval) + offsetMillis;
    return next > nowMillis ? next : next + interval;
  }

  /**
   * The next instant after one has come. It is waited for by a clock that is never set; the other
   * one may be some milliseconds before the instant still, and the same must not be told twice.
   */
  public long nextAfter(long instantMillis, long nowMillis) {
    return next(Math.max(nowMillis, Math.min(instantMillis, nowMillis + interval)));
  }

  /**
   * Gives way if need be.
   *
   * @param others some of them
   * @param replicas how many there are, who all must find a place
   */
  public void avoidCollisions(Collection<ReplicaStatus> others, int replicas) {
    if (others.isEmpty()) {
      return;
    }
    int apart = Math.min(APART_MILLIS, interval / (4 * Math.max(replicas, others.size() + 1)));
    boolean tooClose =
        others.stream()
            .anyMatch(
                other -> other.id().compareTo(id) < 0 && distance(other.phaseMillis()) < apart);
    if (tooClose) {
      offsetMillis =
          middleOfTheWidestGap(others.stream().mapToInt(ReplicaStatus::phaseMillis).toArray());
    }
  }

  private int distance(int other) {
    int ahead = Math.floorMod(other - offsetMillis, interval);
    return Math.min(ahead, interval - ahead);
  }

  private int middleOfTheWidestGap(int[] taken) {
    Arrays.sort(taken);
    int from = taken[taken.length - 1];
    int widest = Math.floorMod(taken[0] - from, interval);
    if (taken.length == 1) {
      widest = interval;
    }
    for (int i = 1; i < taken.length; i++) {
      if (taken[i] - taken[i - 1] > widest) {
        widest = taken[i] - taken[i - 1];
        from = taken[i - 1];
      }
    }
    return Math.floorMod(from + widest / 2, interval);
  }
}
