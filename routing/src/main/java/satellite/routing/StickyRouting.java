package satellite.routing;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Keeps an identity on its node: a cache of the latest used identities, and for a new one the node
 * that rendezvous hashing names, which is the same on every replica that sees the same nodes. An
 * identity in the cache keeps its node when nodes are added and moves only when its node is gone or
 * down. Any thread.
 *
 * <p>Rendezvous hashing: Thaler and Ravishankar, "Using name-based mappings to increase hit rates",
 * 1998; weights by -w / ln(u), Schindelhauer and Schomaker, 2005.
 */
public final class StickyRouting<C extends Connection> {

  private final Router<C> router;
  private final Cache<String, String> addresses;
  private final LongAdder moved = new LongAdder();

  /**
   * @param timeToLive an identity not seen for so long is forgotten
   */
  public StickyRouting(
      Router<C> router, int maxIdentities, Duration timeToLive, LongSupplier nanoTime) {
    this.router = router;
    // Evicts on the calling thread: the common pool would be one more set of threads.
    this.addresses =
        Caffeine.newBuilder()
            .maximumSize(maxIdentities)
            .expireAfterAccess(timeToLive)
            .ticker(nanoTime::getAsLong)
            .executor(Runnable::run)
            .build();
  }

  /** The identity's upstream, which may still be connecting; null when every node is down. */
  public Upstream<C> pick(String identity) {
    Map<String, Upstream<C>> upstreams = router.upstreams();
    String address = address(identity, upstreams, any -> true);
    return address == null ? null : upstreams.get(address);
  }

  /**
   * The address of the same.
   *
   * @param mayLeave asked, with its address, before an identity leaves a node that is gone or down:
   *     a no keeps it there
   */
  public String address(String identity, Predicate<String> mayLeave) {
    return address(identity, router.upstreams(), mayLeave);
  }

  private String address(
      String identity, Map<String, Upstream<C>> upstreams, Predicate<String> mayLeave) {
    String known = addresses.getIfPresent(identity);
    if (known != null) {
      Upstream<C> upstream = upstreams.get(known);
      boolean stays = upstream != null && upstream.state() != Connection.State.DOWN;
      if (stays || !mayLeave.test(known)) {
        return known;
      }
    }
    Upstream<C> chosen = rendezvous(identity, upstreams, Upstream::takesIdentities);
    if (chosen == null) {
      chosen = rendezvous(identity, upstreams, any -> any.state() != Connection.State.DOWN);
    }
    if (chosen == null) {
      return null;
    }
    addresses.put(identity, chosen.node().address());
    if (known != null) {
      moved.increment();
    }
    return chosen.node().address();
  }

  /** Times an identity had to leave its node. */
  public long moved() {
    return moved.sum();
  }

  public long identities() {
    return addresses.estimatedSize();
  }

  private Upstream<C> rendezvous(
      String identity, Map<String, Upstream<C>> upstreams, Predicate<Upstream<C>> usable) {
    long key = hash(identity);
    Upstream<C> best = null;
    double bestScore = Double.NEGATIVE_INFINITY;
    for (Upstream<C> upstream : upstreams.values()) {
      if (!usable.test(upstream)) {
        continue;
      }
      long mixed = SplitMix64.mix(key ^ SplitMix64.mix(hash(upstream.node().address())));
      // 52 bits: with the half, a double still tells it from 1.
      double uniform = ((mixed >>> 12) + 0.5) * 0x1.0p-52;
      double score = -upstream.node().weight() / Math.log(uniform);
      int before =
          best == null ? -1 : Integer.compare(upstream.node().priority(), best.node().priority());
      if (before < 0 || (before == 0 && score > bestScore)) {
        bestScore = score;
        best = upstream;
      }
    }
    return best;
  }

  /** FNV-1a over the UTF-16 units: 64 bits, alike on every JVM. */
  private static long hash(String text) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }
}
