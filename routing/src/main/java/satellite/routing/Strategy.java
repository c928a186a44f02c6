package satellite.routing;

import java.util.function.Predicate;

/**
 * Which upstream is next where any will do. Made anew for each set of upstreams, and immutable: the
 * position in it is kept by whoever asks ({@link Router.Cursor}). Any thread.
 */
interface Strategy<C extends Connection> {

  /**
   * The first of its order that {@code usable} takes, or null when it takes none of them. Those
   * behind it are not asked: a yes may cost a permit.
   *
   * @param position counted up by the caller with each of his calls
   */
  Upstream<C> pick(int position, Predicate<Upstream<C>> usable);
}
