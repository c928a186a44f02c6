package satellite.e2e.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** Does the same with several things side by side: they mostly wait. */
final class InParallel {

  private InParallel() {}

  /** Returns when all have ended; the first failure is thrown, with those of the others. */
  static <T> void each(List<T> things, Consumer<T> task) {
    ExecutorService threads = Executors.newFixedThreadPool(things.size());
    try {
      List<Future<?>> futures = new ArrayList<>();
      things.forEach(thing -> futures.add(threads.submit(() -> task.accept(thing))));
      AssertionError failure = null;
      for (Future<?> future : futures) {
        try {
          future.get();
        } catch (ExecutionException e) {
          AssertionError own = new AssertionError(e.getCause().getMessage(), e.getCause());
          if (failure == null) {
            failure = own;
          } else {
            failure.addSuppressed(own);
          }
        }
      }
      if (failure != null) {
        throw failure;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    } finally {
      threads.shutdownNow();
    }
  }
}
