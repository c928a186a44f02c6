package satellite.pipes.pipe;

import java.util.List;
import satellite.queue.Account;
import satellite.queue.Event;
import satellite.queue.MemoryQueue;

/**
 * Where one source, a stream or a report, puts its events into a pipe. Events with the same key
 * share a partition, whoever brings them; those without one share that of their source, so they
 * stay in order. Any thread, but one at a time.
 */
public final class Intake {

  private final MemoryQueue queue;
  private final Account account;
  private final Settlement settlement;
  private final MemoryQueue.Partition own;

  Intake(MemoryQueue queue, Account account, Settlement settlement, int source) {
    this.queue = queue;
    this.account = account;
    this.settlement = settlement;
    this.own = queue.partition(source);
  }

  /** Where an event belongs. */
  public MemoryQueue.Partition partition(Event event) {
    return event.key() == null ? own : queue.partition(event.key().hashCode());
  }

  /** Puts an event into the queue; false when there is no space, then nothing was taken. */
  public boolean accept(Event event) {
    if (!partition(event).offer(event)) {
      return false;
    }
    received(event);
    return true;
  }

  /** Counts an event that was put into its {@link #partition} by other ways. */
  public void received(Event event) {
    account.received(event.messages(), event.payloadBytes());
  }

  /** Whether an event finds no space because the disk is full or broken, not the memory. */
  public boolean diskRefuses(Event event) {
    return partition(event).diskRefuses();
  }

  /**
   * Drops the oldest events that wait, counted, to make room for this one; false if nothing that
   * waits can be given up.
   */
  public boolean dropOldestFor(Event event) {
    List<Event> dropped = partition(event).dropOldest(event.bytes());
    if (dropped.isEmpty()) {
      return false;
    }
    settlement.dropped(dropped, "queue_full", "it was the oldest when there was no space");
    return true;
  }
}
