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

    /** Whether so many bytes of events may come back now; if so, their space is taken. */
    boolean tryReserve(long bytes);

    /**
     * The next event, in order; its space is taken. Its {@link Event#settled} tells the spool that
     * it is done.
     */
    void enqueueReadBack(Event event);

    /** Space that was taken by {@link #tryReserve} is not used. */
    void release(long bytes);

    /**
     * An added event goes on at once, because nothing is before it and memory has room. If it is on
     * disk too, its {@link Event#settled} tells the spool that it is done.
     */
    void enqueueDirectly(Event event);

    /** Added events need no memory any more: the space that they were charged with is free. */
    void written(int events, long bytes);

    /** {@link Spool#accepts} is true again. */
    void acceptsAgain();
  }

  /**
   * Whether what is added will get to disk soon; not when its bound is reached or the disk fails.
   * Then it waits in memory, still charged.
   */
  boolean accepts();

  /** Events added and not yet come back: while there are any, later ones must be added too. */
  long unread();

  /**
   * Adds an event at the end. It stays charged to memory until it is {@link Memory#written}, or
   * else {@link Memory#enqueueDirectly}. In {@link Acknowledgement#DURABLE} pipes its receipt is
   * told when it is synced.
   */
  void add(Event event);

  /** There may be space in memory again. */
  void memoryFreed();

  /**
   * Puts events before all others, for the next start: they were in memory and will not be sent by
   * this process. Those of a later call come after those of an earlier one. Nothing comes back any
   * more. The disk's bound may be passed. False if the disk does not work; then nothing was taken.
   */
  boolean persist(List<Event> events);
}
