package satellite.pipes.pipe;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import satellite.queue.Batch;
import satellite.routing.RetryBudget;

/**
 * Batches that failed for a reason that may pass, until they are tried again: with exponential
 * backoff, and only as many in a time as the {@link RetryBudget} of all pipes allows. It belongs to
 * whoever runs the dispatcher.
 */
final class RetryQueue {

  /** A node that has too much gets a batch back later than one that failed. */
  private static final int OVERLOAD_STEPS = 2;

  /** Runs a task later, as the dispatcher. */
  interface Scheduler {
    void schedule(Runnable task, long nanos);
  }

  private final PipeConfig.Retry config;
  private final RetryBudget budget;
  private final Scheduler scheduler;
  private final LongSupplier nanoTime;
  private final DoubleSupplier random;
  private final Set<Batch> resting = new LinkedHashSet<>();

  /**
   * @param random 0..1
   */
  RetryQueue(
      PipeConfig.Retry config,
      RetryBudget budget,
      Scheduler scheduler,
      LongSupplier nanoTime,
      DoubleSupplier random) {
    this.config = config;
    this.budget = budget;
    this.scheduler = scheduler;
    this.nanoTime = nanoTime;
    this.random = random;
  }

  /** Whether it has been tried as often as the configuration allows. */
  boolean isExhausted(Batch batch) {
    return config.maxAttempts() > 0 && batch.attempts() >= config.maxAttempts();
  }

  /**
   * @param again run when the time of the batch has come
   */
  void add(Batch batch, Outcome.Unreached why, Runnable again) {
    resting.add(batch);
    rest(batch, again, batch.attempts() + (why.overload() ? OVERLOAD_STEPS : 0));
  }

  private void rest(Batch batch, Runnable again, int step) {
    scheduler.schedule(() -> wake(batch, again, step), backoffNanos(step));
  }

  private void wake(Batch batch, Runnable again, int step) {
    if (!resting.contains(batch)) {
      // Given up in the meantime.
      return;
    }
    if (budget.take(nanoTime.getAsLong())) {
      resting.remove(batch);
      again.run();
    } else {
      rest(batch, again, step + 1);
    }
  }

  /** Doubles up to its maximum; half of it by chance, so that batches do not come back together. */
  private long backoffNanos(int step) {
    double first = config.firstBackoff().toNanos();
    double doubled = first * Math.pow(2, Math.min(step - 1, 30));
    double most = Math.min(doubled, config.maxBackoff().toNanos());
    return (long) (most * (0.5 + 0.5 * random.getAsDouble()));
  }

  /** All that rest; none of them comes back. */
  List<Batch> giveUp() {
    List<Batch> all = new ArrayList<>(resting);
    resting.clear();
    return all;
  }
}
