package satellite.routing;

/** A hash of 64 bits that is the same everywhere. */
final class SplitMix64 {

  private SplitMix64() {}

  /** The finalizer of SplitMix64 (Steele, Lea, Flood, 2014). */
  static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
