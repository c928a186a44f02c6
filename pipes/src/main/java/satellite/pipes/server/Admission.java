package satellite.pipes.server;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import satellite.pipes.pipe.Intake;
import satellite.queue.Event;
import satellite.queue.MemoryQueue;
import satellite.queue.QueueConfig.WhenFull;

/**
 * Gives the events of one call to its pipe, in order. Where there is no space it holds those of one
 * message, stands in line for space, and, when that takes longer than the queue's full timeout,
 * drops older ones or gives up, as the queue's configuration says. On the call's event loop.
 */
final class Admission {

  /** Who is told how waiting ends. */
  interface Listener {
    /** It is worth while to {@link #offerAll} again. */
    void spaceAgain();

    /** Nothing will be held for longer. */
    void fullForTooLong(boolean ofDisk);
  }

  private final Intake intake;
  private final Predicate<Event> target;
  private final MemoryQueue queue;
  private final ReceiveBudget budget;
  private final EventExecutor loop;
  private final LongSupplier nanoTime;
  private final Listener listener;
  private final List<Event> pending = new ArrayList<>(2);
  private Future<?> fullTimer;
  private boolean inLine;

  /** What waits is out of the heap, and counts. */
  private long pausedBytes;

  /** Somebody lost lately because it was full for too long. */
  private boolean gaveUp;

  private long gaveUpNanos;

  /**
   * @param target takes an event; false where there is no space
   */
  Admission(
      Intake intake,
      Predicate<Event> target,
      MemoryQueue queue,
      ReceiveBudget budget,
      EventExecutor loop,
      LongSupplier nanoTime,
      Listener listener) {
    this.intake = intake;
    this.target = target;
    this.queue = queue;
    this.budget = budget;
    this.loop = loop;
    this.nanoTime = nanoTime;
    this.listener = listener;
  }

  void add(Event event) {
    pending.add(event);
  }

  boolean isEmpty() {
    return pending.isEmpty();
  }

  /** True when everything that was added is taken. */
  boolean offerAll() {
    while (!pending.isEmpty()) {
      if (!target.test(pending.get(0))) {
        return false;
      }
      pending.remove(0);
    }
    notPaused();
    if (fullTimer != null) {
      stopTimer();
      gaveUp = false;
    }
    return true;
  }

  /** After an {@link #offerAll} that was in vain: the listener hears how it goes on. */
  void waitForSpace() {
    paused();
    if (fullTimer == null) {
      long timeout = queue.config().fullTimeout().toNanos();
      // While it stays full, the source is not paused for each message anew.
      boolean still = gaveUp && nanoTime.getAsLong() - gaveUpNanos < timeout;
      fullTimer = loop.schedule(this::timedOut, still ? 0 : timeout, TimeUnit.NANOSECONDS);
    }
    if (!inLine) {
      inLine = true;
      queue.onSpace(this::onSpace);
      // Space that came before the registration told nobody.
      loop.execute(this::tryAgain);
    }
  }

  /** Any thread. */
  private void onSpace() {
    try {
      loop.execute(this::isNext);
    } catch (RejectedExecutionException e) {
      // The event loop has ended, and with it the connection.
    }
  }

  private void isNext() {
    inLine = false;
    tryAgain();
    if (!inLine) {
      queue.wakeNext();
    }
  }

  private void tryAgain() {
    if (!pending.isEmpty()) {
      listener.spaceAgain();
    }
  }

  private void timedOut() {
    fullTimer = null;
    if (pending.isEmpty()) {
      return;
    }
    Event next = pending.get(0);
    boolean ofDisk = intake.diskRefuses(next);
    // What is dropped from memory makes no room on disk.
    boolean mayDrop = queue.config().whenFull() == WhenFull.DROP_OLDEST && !ofDisk;
    gaveUp = true;
    gaveUpNanos = nanoTime.getAsLong();
    if (mayDrop && intake.dropOldestFor(next)) {
      listener.spaceAgain();
    } else {
      listener.fullForTooLong(ofDisk);
    }
  }

  /** Gives up what is held; how many events that were. */
  int discard() {
    int held = pending.size();
    pending.forEach(Event::unloaded);
    pending.clear();
    notPaused();
    stopTimer();
    return held;
  }

  /** What may wait for long does so where the collector does not see it. */
  private void paused() {
    if (pausedBytes > 0) {
      return;
    }
    pending.replaceAll(queue::stored);
    pending.forEach(event -> pausedBytes += event.bytes());
    budget.paused(pausedBytes);
  }

  private void notPaused() {
    if (pausedBytes > 0) {
      budget.paused(-pausedBytes);
      pausedBytes = 0;
    }
  }

  private void stopTimer() {
    if (fullTimer != null) {
      fullTimer.cancel(false);
      fullTimer = null;
    }
  }
}
