package satellite.queue.disk;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** The disk thread and both clocks, which a test turns: what is due runs on the test's thread. */
final class ManualDiskThread extends AbstractExecutorService implements ScheduledExecutorService {

  /** Any time; not zero, and not the same for both clocks. */
  private long nanos = Duration.ofHours(1).toNanos();

  private long wallMillis = Duration.ofDays(20_000).toMillis();

  private final Deque<Runnable> tasks = new ArrayDeque<>();
  private final PriorityQueue<Timer> timers =
      new PriorityQueue<>(Comparator.comparingLong(Timer::at));

  Clock clock() {
    return new Clock(() -> nanos, () -> wallMillis);
  }

  long nanos() {
    return nanos;
  }

  /** The wall clock is set. */
  void setWall(Duration forward) {
    wallMillis += forward.toMillis();
  }

  /** Runs what there is to do now. */
  void run() {
    Runnable task;
    while ((task = tasks.poll()) != null) {
      task.run();
    }
  }

  /** So much time goes by. */
  void pass(Duration time) {
    run();
    long end = nanos + time.toNanos();
    while (!timers.isEmpty() && timers.peek().at - end <= 0) {
      Timer next = timers.poll();
      to(Math.max(nanos, next.at));
      next.task.run();
      if (next.every > 0) {
        timers.add(new Timer(next.task, nanos + next.every, next.every));
      }
      run();
    }
    to(end);
  }

  /** So much time goes by at once, as if the machine had slept: timers run once. */
  void jump(Duration time) {
    to(nanos + time.toNanos());
    List<Timer> all = List.copyOf(timers);
    timers.clear();
    for (Timer timer : all) {
      timer.task.run();
      if (timer.every > 0) {
        timers.add(new Timer(timer.task, nanos + timer.every, timer.every));
      }
    }
    run();
  }

  private void to(long time) {
    wallMillis += TimeUnit.NANOSECONDS.toMillis(time) - TimeUnit.NANOSECONDS.toMillis(nanos);
    nanos = time;
  }

  /** Whoever waits for it need not. */
  @Override
  public Future<?> submit(Runnable task) {
    run();
    task.run();
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
    timers.add(new Timer(task, nanos + unit.toNanos(delay), 0));
    return null;
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable task, long initialDelay, long period, TimeUnit unit) {
    return scheduleWithFixedDelay(task, initialDelay, period, unit);
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable task, long initialDelay, long delay, TimeUnit unit) {
    timers.add(new Timer(task, nanos + unit.toNanos(initialDelay), unit.toNanos(delay)));
    return null;
  }

  @Override
  public void shutdown() {}

  @Override
  public List<Runnable> shutdownNow() {
    return List.of();
  }

  @Override
  public boolean isShutdown() {
    return false;
  }

  @Override
  public boolean isTerminated() {
    return false;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return true;
  }

  private static final class Timer {
    private final Runnable task;
    private final long at;
    private final long every;

    Timer(Runnable task, long at, long every) {
      this.task = task;
      this.at = at;
      this.every = every;
    }

    long at() {
      return at;
    }
  }
}
