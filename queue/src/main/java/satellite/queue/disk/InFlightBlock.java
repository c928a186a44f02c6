package satellite.queue.disk;

import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;

/** A block whose events are in memory: run for each of them that is settled, by any thread. */
final class InFlightBlock implements Runnable {
  private final Segment segment;
  private final int offset;
  private final AtomicInteger unsettled;
  private final Queue<InFlightBlock> settled;

  /**
   * @param settled where it goes after its last event
   */
  InFlightBlock(Segment segment, long offset, int events, Queue<InFlightBlock> settled) {
    this.segment = segment;
    this.offset = Math.toIntExact(offset);
    this.unsettled = new AtomicInteger(events);
    this.settled = settled;
  }

  Segment segment() {
    return segment;
  }

  int offset() {
    return offset;
  }

  @Override
  public void run() {
    if (unsettled.decrementAndGet() == 0) {
      settled.add(this);
    }
  }
}
