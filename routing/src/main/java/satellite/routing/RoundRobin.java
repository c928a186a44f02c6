package satellite.routing;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Weighted round robin over upstreams: an immutable schedule, to be gone round by whoever keeps a
 * position in it.
 *
 * <p>The schedule is that of nginx's "smooth weighted round-robin": at every step each node gains
 * its weight, the richest one is taken and pays the sum. With weights 5, 1, 1 it reads a a b a c a
 * a, not a a a a a b c.
 */
final class RoundRobin<C extends Connection> implements Strategy<C> {

  private final List<Upstream<C>> schedule;

  private RoundRobin(List<Upstream<C>> schedule) {
    this.schedule = schedule;
  }

  static <C extends Connection> RoundRobin<C> of(List<Upstream<C>> upstreams) {
    int divisor = upstreams.stream().mapToInt(u -> u.node().weight()).reduce(0, RoundRobin::gcd);
    int sum = upstreams.stream().mapToInt(u -> u.node().weight()).sum() / Math.max(1, divisor);
    int[] credit = new int[upstreams.size()];
    List<Upstream<C>> schedule = new ArrayList<>(sum);
    for (int step = 0; step < sum; step++) {
      int richest = 0;
      for (int i = 0; i < credit.length; i++) {
        credit[i] += upstreams.get(i).node().weight() / divisor;
        if (credit[i] > credit[richest]) {
          richest = i;
        }
      }
      credit[richest] -= sum;
      schedule.add(upstreams.get(richest));
    }
    return new RoundRobin<>(List.copyOf(schedule));
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  /** An upstream stands in it as often as its weight says. */
  int length() {
    return schedule.size();
  }

  Upstream<C> at(int position) {
    return schedule.get(Math.floorMod(position, schedule.size()));
  }

  @Override
  public Upstream<C> pick(int position, Predicate<Upstream<C>> usable) {
    for (int i = 0; i < schedule.size(); i++) {
      Upstream<C> upstream = at(position + i);
      if (usable.test(upstream)) {
        return upstream;
      }
    }
    return null;
  }
}
