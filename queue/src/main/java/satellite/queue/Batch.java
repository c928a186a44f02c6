package satellite.queue;

import java.util.List;

/**
 * Events that leave together, in one upstream call, and are settled together. Owned by one thread
 * at a time.
 */
public final class Batch {

  private final MemoryQueue.Partition partition;
  private final List<Event> events;
  private int attempts;
  private String lastNode;
  private boolean done;

  public Batch(MemoryQueue.Partition partition, List<Event> events) {
    this(partition, events, 0);
  }

  /**
   * @param attempts times these events were sent before, as part of another batch
   */
  public Batch(MemoryQueue.Partition partition, List<Event> events, int attempts) {
    this.partition = partition;
    this.events = events;
    this.attempts = attempts;
  }

  public List<Event> events() {
    return events;
  }

  public Event first() {
    return events.get(0);
  }

  public int messages() {
    return events.stream().mapToInt(Event::messages).sum();
  }

  /** Times it was sent. */
  public int attempts() {
    return attempts;
  }

  public void attempted(String node) {
    attempts++;
    lastNode = node;
  }

  /** Address of the node that it was last sent to, null when it was not. */
  public String lastNode() {
    return lastNode;
  }

  /** Settles it: only now is the space of its events free. */
  public void done() {
    end();
    long bytes = 0;
    for (Event event : events) {
      bytes += event.bytes();
      event.settled();
    }
    partition.settle(events.size(), bytes);
  }

  private void end() {
    if (done) {
      throw new IllegalStateException("a batch of " + events.size() + " events was settled twice");
    }
    done = true;
  }

  /** Its events, for other batches: this one is no more, and nothing is settled. */
  public List<Event> unbatch() {
    end();
    return events;
  }

  /** Two batches in its place; for a batch of two or more events. */
  public List<Batch> split() {
    int middle = events.size() / 2;
    end();
    return List.of(
        new Batch(partition, List.copyOf(events.subList(0, middle))),
        new Batch(partition, List.copyOf(events.subList(middle, events.size()))));
  }

  /**
   * The same for its single event, whose parts are client messages of their own.
   *
   * <p>The two halves together are charged like the one event was, so nothing is acquired. Who
   * waits for the one event is told when both halves are told.
   */
  public List<Batch> splitEvent() {
    Event event = first();
    int middle = event.parts().count() / 2;
    end();
    partition.held(1);
    Event.Split split = new Event.Split(event);
    return List.of(
        new Batch(partition, List.of(split.half(0, middle))),
        new Batch(partition, List.of(split.half(middle, event.parts().count()))));
  }
}
