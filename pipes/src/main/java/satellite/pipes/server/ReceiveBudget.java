package satellite.pipes.server;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory for what is read and not queued, of all connections together, in bytes: messages that
 * are being received and too long for what a client may send ahead anyway, those whose streams are
 * paused, and wider windows. A message gets its place as a whole, first come, first served: parts
 * of many would wait for one another for ever. Any thread; the lock is for long messages only.
 */
final class ReceiveBudget {

  private final long maxBytes;
  private final Deque<Place> line = new ArrayDeque<>();
  private long receiving;
  private long paused;
  private final AtomicLong wider = new AtomicLong();

  ReceiveBudget(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** One message's. */
  final class Place {
    private final int bytes;
    private final Runnable onTaken;
    private volatile boolean taken;

    private Place(int bytes, Runnable onTaken) {
      this.bytes = bytes;
      this.onTaken = onTaken;
    }

    boolean isTaken() {
      return taken;
    }

    /** Also where it was not taken yet. Once. */
    void giveBack() {
      ReceiveBudget.this.giveBack(this);
    }
  }

  /**
   * @param onTaken run when a place that is not taken at once is; by the thread that made room
   */
  Place take(int bytes, Runnable onTaken) {
    Place place = new Place(bytes, onTaken);
    synchronized (this) {
      if (line.isEmpty() && hasRoomFor(bytes)) {
        receiving += bytes;
        place.taken = true;
      } else {
        line.add(place);
      }
    }
    return place;
  }

  /** One longer than all of it comes alone. */
  private boolean hasRoomFor(int bytes) {
    return receiving + paused == 0 || receiving + paused + bytes <= maxBytes;
  }

  private void giveBack(Place place) {
    synchronized (this) {
      if (!place.taken) {
        line.remove(place);
      } else {
        receiving -= place.bytes;
      }
    }
    letIn();
  }

  private void letIn() {
    Place next;
    while ((next = nextWithRoom()) != null) {
      next.onTaken.run();
    }
  }

  private synchronized Place nextWithRoom() {
    Place next = line.peek();
    if (next == null || !hasRoomFor(next.bytes)) {
      return null;
    }
    line.remove();
    receiving += next.bytes;
    next.taken = true;
    return next;
  }

  /** So much more is held by streams that are paused, or less. It is there already: no limit. */
  void paused(long change) {
    synchronized (this) {
      paused += change;
    }
    if (change < 0) {
      letIn();
    }
  }

  /** A window is to be so much wider, or narrower; false if there is nothing left for that. */
  boolean widened(int change) {
    if (wider.addAndGet(change) <= maxWider() || change < 0) {
      return true;
    }
    wider.addAndGet(-change);
    return false;
  }

  /** A window is empty most of the time. */
  private long maxWider() {
    return 4 * maxBytes;
  }

  /** Of messages that are being received, whole lengths. */
  synchronized long receivingBytes() {
    return receiving;
  }

  /** Of messages that find no space in their queues. */
  synchronized long pausedBytes() {
    return paused;
  }

  /** Messages that wait for their place. */
  synchronized int waiting() {
    return line.size();
  }
}
