package satellite.routing;

/** Numbers that look like chance and are the same everywhere. */
final class Mix {

  private Mix() {}

  /** The finalizer of SplitMix64 (Steele, Lea, Flood, 2014). */
  static long of(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
