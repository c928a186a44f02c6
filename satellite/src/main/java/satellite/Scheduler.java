package satellite;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;

/**
 * Daemon threads for tasks now, later and again. A thread dies of the {@link Error} of its task,
 * where the JDK's goes on: it keeps the Error in a future that nobody asks, and a task that came
 * again and again does not come any more.
 */
final class Scheduler extends ScheduledThreadPoolExecutor {

  Scheduler(int threads, String name) {
    super(threads, Threads.named(name));
    setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  protected void afterExecute(Runnable task, Throwable thrown) {
    if (task instanceof Future<?> future && future.isDone() && !future.isCancelled()) {
      try {
        future.get();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof Error error) {
          throw error;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
