package satellite.discovery;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A clock and the timer that goes with it, both turned by hand. One thread. */
public final class ManualTime extends AbstractExecutorService implements ScheduledExecutorService {

  private final List<Task> tasks = new ArrayList<>();
  private long now = 1_000_000_007L;
  private boolean shutdown;

  public long nanoTime() {
    return now;
  }

  /** Runs what falls due on the way, each at its time. */
  public void advance(long time, TimeUnit unit) {
    long end = now + unit.toNanos(time);
    Task next;
    while ((next = earliest(end)) != null) {
      now = next.due;
      next.run();
    }
    now = end;
  }

  /** Tasks that are still to come. */
  public int scheduled() {
    tasks.removeIf(FutureTask::isDone);
    return tasks.size();
  }

  private Task earliest(long end) {
    tasks.removeIf(FutureTask::isDone);
    Task earliest = null;
    for (Task task : tasks) {
      if (task.due - end <= 0 && (earliest == null || task.due - earliest.due < 0)) {
        earliest = task;
      }
    }
    return earliest;
  }

  private final class Task extends FutureTask<Void> implements RunnableScheduledFuture<Void> {
    private final long period;
    private long due;

    Task(Runnable work, long delay, long period) {
      super(work, null);
      this.due = now + delay;
      this.period = period;
      tasks.add(this);
    }

    @Override
    public void run() {
      if (!isPeriodic()) {
        super.run();
      } else if (runAndReset()) {
        due = now + period;
      }
    }

    @Override
    public boolean isPeriodic() {
      return period > 0;
    }

    @Override
    public long getDelay(TimeUnit unit) {
      return unit.convert(due - now, TimeUnit.NANOSECONDS);
    }

    @Override
    public int compareTo(Delayed other) {
      return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
    }
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable work, long first, long delay, TimeUnit unit) {
    return new Task(work, unit.toNanos(first), unit.toNanos(delay));
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable work, long delay, TimeUnit unit) {
    return new Task(work, unit.toNanos(delay), 0);
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> work, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException("nobody schedules values");
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable work, long first, long period, TimeUnit unit) {
    throw new UnsupportedOperationException("nobody schedules rates");
  }

  @Override
  public void execute(Runnable work) {
    new Task(work, 0, 0);
  }

  @Override
  public void shutdown() {
    shutdown = true;
  }

  @Override
  public List<Runnable> shutdownNow() {
    shutdown = true;
    return List.copyOf(tasks);
  }

  @Override
  public boolean isShutdown() {
    return shutdown;
  }

  @Override
  public boolean isTerminated() {
    return shutdown;
  }

  @Override
  public boolean awaitTermination(long time, TimeUnit unit) {
    return shutdown;
  }
}
