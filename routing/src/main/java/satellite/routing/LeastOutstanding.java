package satellite.routing;

import java.util.List;
import java.util.function.Predicate;

/**
 * Of two upstreams taken by chance, by their weights, the one with fewer calls under way for its
 * weight. That is nearly as even as to ask all of them, and senders that see the same figures do
 * not all run to the same node (Mitzenmacher, "The Power of Two Choices in Randomized Load
 * Balancing", 2001).
 */
final class LeastOutstanding<C extends Connection> implements Strategy<C> {

  private final RoundRobin<C> round;

  private LeastOutstanding(RoundRobin<C> round) {
    this.round = round;
  }

  static <C extends Connection> LeastOutstanding<C> of(List<Upstream<C>> upstreams) {
    return new LeastOutstanding<>(RoundRobin.of(upstreams));
  }

  @Override
  public Upstream<C> pick(int position, Predicate<Upstream<C>> usable) {
    if (round.length() == 0) {
      return null;
    }
    long chance = SplitMix64.mix(position);
    Upstream<C> one = round.at((int) (chance >>> 32));
    Upstream<C> other = round.pick((int) chance, candidate -> candidate != one);
    Upstream<C> first = other == null || load(one) <= load(other) ? one : other;
    if (usable.test(first)) {
      return first;
    }
    Upstream<C> second = first == one ? other : one;
    if (second != null && usable.test(second)) {
      return second;
    }
    return round.pick((int) chance, rest -> rest != one && rest != other && usable.test(rest));
  }

  private static double load(Upstream<?> upstream) {
    return (double) upstream.outstanding() / upstream.node().weight();
  }
}
