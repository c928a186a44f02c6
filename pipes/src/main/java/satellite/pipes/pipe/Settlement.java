package satellite.pipes.pipe;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import satellite.queue.Account;
import satellite.queue.Acknowledgement;
import satellite.queue.Batch;
import satellite.queue.DeadLetter;
import satellite.queue.DeadLetters;
import satellite.queue.Event;

/**
 * How the events of a pipe end: forwarded, kept as dead letters, or dropped for a reason that has a
 * name. The account has it first, then the space is free, then those who wait for the node's answer
 * are told. Any thread.
 */
final class Settlement {

  private static final System.Logger LOG = System.getLogger("dispatcher");
  private static final long LOG_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final PipeConfig pipe;
  private final Account account;
  private final DeadLetters deadLetters;
  private final LongSupplier nanoTime;

  /** Elsewhere nobody waits, or the spool tells them. */
  private final boolean senderWaits;

  private final AtomicLong lastLogNanos;

  Settlement(PipeConfig pipe, Account account, DeadLetters deadLetters, LongSupplier nanoTime) {
    this.pipe = pipe;
    this.account = account;
    this.deadLetters = deadLetters;
    this.nanoTime = nanoTime;
    this.senderWaits = pipe.queue().acknowledgement() == Acknowledgement.DELIVERED;
    this.lastLogNanos = new AtomicLong(nanoTime.getAsLong() - LOG_NANOS);
  }

  void forwarded(Batch batch) {
    account.forwarded(batch.messages());
    batch.done();
    if (senderWaits) {
      for (Event event : batch.events()) {
        if (event.receipt() != null) {
          event.receipt().acknowledged();
        }
      }
    }
  }

  /** Given up. */
  void dropped(Batch batch, String reason, String detail) {
    account.dropped(reason, batch.messages());
    batch.done();
    tellFailed(batch.events(), reason, detail);
  }

  /** The same of events that the queue gave up itself, so that their space is free already. */
  void dropped(List<Event> events, String reason, String detail) {
    account.dropped(reason, events.stream().mapToLong(Event::messages).sum());
    tellFailed(events, reason, detail);
  }

  /** A node will never take it: dead letters, or dropped where they cannot be kept. */
  void refused(Batch batch, String node, Outcome.Refused why) {
    boolean kept = true;
    // Held, also on disk, until the last of its letters is synced.
    var open = new AtomicInteger(1 + batch.events().size());
    Runnable done =
        () -> {
          if (open.decrementAndGet() == 0) {
            batch.done();
          }
        };
    for (Event event : batch.events()) {
      var letter =
          new DeadLetter(Instant.now(), pipe.name(), node, why.reason(), why.detail(), event);
      if (deadLetters.add(letter, done)) {
        account.dead(why.reason(), event.messages());
      } else {
        account.dropped(why.reason(), event.messages());
        kept = false;
        done.run();
      }
    }
    log(batch, node, why, kept ? "kept as dead letters" : "dropped");
    done.run();
    tellFailed(batch.events(), why.reason(), "node " + node + " answered: " + why.detail());
  }

  private void tellFailed(List<Event> events, String reason, String detail) {
    if (!senderWaits) {
      return;
    }
    for (Event event : events) {
      if (event.receipt() != null) {
        event.receipt().failed(reason, detail);
      }
    }
  }

  /** The account counts each; the log tells of one in ten seconds. */
  private void log(Batch batch, String node, Outcome.Refused why, String fate) {
    long now = nanoTime.getAsLong();
    long last = lastLogNanos.get();
    if (now - last < LOG_NANOS || !lastLogNanos.compareAndSet(last, now)) {
      return;
    }
    LOG.log(
        System.Logger.Level.WARNING,
        "pipe {0}: {1} of {2} {3}, node {4} answered {5}: {6}",
        pipe.name(),
        batch.messages() == 1 ? "a message" : batch.messages() + " messages",
        batch.first().method(),
        fate,
        node,
        why.reason(),
        why.detail());
  }
}
