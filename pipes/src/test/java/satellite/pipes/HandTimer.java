package satellite.pipes;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A timer whose repeated tasks run when the test says so, on its own thread. */
public final class HandTimer extends ScheduledThreadPoolExecutor {

  public record Repeated(Runnable task, long delayNanos) {}

  public final List<Repeated> repeated = new CopyOnWriteArrayList<>();

  public HandTimer() {
    super(1);
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable task, long first, long delay, TimeUnit unit) {
    repeated.add(new Repeated(task, unit.toNanos(delay)));
    return null;
  }

  /** Every repeated task once. */
  public void tick() {
    repeated.forEach(each -> each.task().run());
  }
}
