package satellite.routing;

import java.util.function.Predicate;

/**
 * Which upstream is next where any will do. Made anew for each set of upstreams, and immutable: the
 * place in it is kept by whoever asks ({@link Router.Turn}). Any thread.
 */
interface Strategy<C extends Connection> {

  /**
   * The first of its order that {@code usable} takes, or null when it takes none of them. Those
   * behind it are not asked: a yes may cost a place.
   *
   * @param place counted up by the caller with each of his calls
   */
  Upstream<C> pick(int place, Predicate<Upstream<C>> usable);
}
