package satellite.pipes.pipe;

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

  /** A client opened a stream of a protocol whose messages are gathered (access logs). */
  default Stream streamOpened(String peerHost) {
    return Stream.NOOP;
  }

  /** One such stream; its methods are called by one thread at a time. */
  interface Stream {
    default void received() {}

    default void refused() {}

    /** Its gathered messages became an event. */
    default void event() {}

    default void closed() {}

    Stream NOOP = new Stream() {};
  }

  PipeMetrics NOOP = new PipeMetrics() {};
}
