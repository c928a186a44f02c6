package satellite.pipes;

import satellite.queue.Batch;

/** What happens in one pipe and has no place in its account. Any thread; must not block. */
public interface PipeMetrics {

  /**
   * An upstream call that carried a batch ended.
   *
   * @param messages upstream messages that the batch became
   * @param bytes of them that were sent
   */
  default void called(
      String node, Outcome outcome, Batch batch, int messages, long bytes, long nanos) {}

  PipeMetrics NOOP = new PipeMetrics() {};
}
