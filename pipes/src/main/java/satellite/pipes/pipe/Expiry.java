package satellite.pipes.pipe;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import satellite.pipes.protocol.Protocols;
import satellite.queue.Batch;
import satellite.queue.Event;
import satellite.queue.MemoryQueue;

/**
 * Drops what is too old to mean anything, because OAP stamps it with the time at which it comes.
 * Nothing is looked at in pipes that carry no such messages.
 */
final class Expiry {

  private final PipeConfig pipe;
  private final MemoryQueue.Partition partition;
  private final Settlement settlement;
  private final LongSupplier nanoTime;
  private final boolean any;

  Expiry(
      PipeConfig pipe,
      MemoryQueue.Partition partition,
      Settlement settlement,
      LongSupplier nanoTime) {
    this.pipe = pipe;
    this.partition = partition;
    this.settlement = settlement;
    this.nanoTime = nanoTime;
    this.any = Protocols.anyExpires(pipe.receiver());
  }

  /** Those that still mean something. */
  List<Event> unexpired(List<Event> events) {
    if (!any || events.stream().noneMatch(this::isExpired)) {
      return events;
    }
    List<Event> late = new ArrayList<>();
    List<Event> others = new ArrayList<>();
    events.forEach(event -> (isExpired(event) ? late : others).add(event));
    String detail = "older than " + pipe.queue().timeToLive().toSeconds() + " s";
    settlement.dropped(new Batch(partition, late), "expired", detail);
    return others;
  }

  /** The same of a batch that is to be sent, perhaps again; null if nothing is left of it. */
  Batch unexpired(Batch batch) {
    if (!any || batch.events().stream().noneMatch(this::isExpired)) {
      return batch;
    }
    List<Event> others = unexpired(batch.unbatch());
    return others.isEmpty() ? null : new Batch(partition, others, batch.attempts());
  }

  private boolean isExpired(Event event) {
    return Protocols.of(event.method()).forwarding().expires()
        && nanoTime.getAsLong() - event.receivedNanos() > pipe.queue().timeToLive().toNanos();
  }
}
