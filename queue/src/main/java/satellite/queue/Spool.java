package satellite.queue;

import java.util.List;

/**
 * The part of a partition that is on disk: what does not fit into memory goes in at its end and
 * comes back from its head, first in first out. It never blocks those who call it; its files belong
 * to a thread of their own.
 */
public interface Spool {

  /** The partition, as its spool sees it. Called by the spool's own thread. */
  interface Memory {

    /** Whether an event of that size may come back now; if so, its space is taken. */
    boolean takesBack(long bytes);

    /** The next event, in order. Its {@link Event#settled} tells the spool that it is done. */
    void comesBack(Event event);

    /** An added event is on disk: the space that it was charged with is free. */
    void written(Event event);
  }

  /** Whether more may be added; not when the disk's bound is reached or the disk fails. */
  boolean accepts();

  /** Events added and not yet come back: while there are any, later ones must be added too. */
  long unread();

  /**
   * Adds an event at the end. It stays charged to memory until it is {@link Memory#written}. In
   * {@link Acknowledgement#DURABLE} pipes its receipt is told when it is synced.
   */
  void add(Event event);

  /** There may be space in memory again. */
  void spaceInMemory();

  /**
   * Puts events before all others, for the next start: they were in memory and will not be sent by
   * this process. Those that are on disk already are only left there. Nothing comes back any more.
   */
  void keep(List<Event> events);
}
