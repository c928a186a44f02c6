package satellite.pipes;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A timer whose repeated tasks run when the test says so, on its own thread. */
final class HandTimer extends ScheduledThreadPoolExecutor {

  record Repeated(Runnable task, long delayNanos) {}

  final List<Repeated> repeated = new CopyOnWriteArrayList<>();

  HandTimer() {
    super(1);
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable task, long first, long delay, TimeUnit unit) {
    repeated.add(new Repeated(task, unit.toNanos(delay)));
    return null;
  }

  /** Every repeated task once. */
  void tick() {
    repeated.forEach(each -> each.task().run());
  }
}
