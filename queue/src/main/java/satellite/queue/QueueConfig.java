package satellite.queue;

import java.time.Duration;

/**
 * How a pipe's queue is cut and bounded.
 *
 * @param partitions independent lanes; the events of one source stay in one of them, in order
 * @param maxEvents events per partition, waiting and in flight together
 * @param fullTimeout how long a source is paused while there is no space, before {@code whenFull}
 *     applies
 * @param whenFull what happens after that
 * @param acknowledgement when a sender is answered
 * @param timeToLive of messages that mean nothing later, because OAP stamps them with its own clock
 */
public record QueueConfig(
    int partitions,
    int maxEvents,
    Duration fullTimeout,
    WhenFull whenFull,
    Acknowledgement acknowledgement,
    Duration timeToLive) {

  /** Answers at once. */
  public QueueConfig(int partitions, int maxEvents, Duration fullTimeout, WhenFull whenFull) {
    this(
        partitions,
        maxEvents,
        fullTimeout,
        whenFull,
        Acknowledgement.QUEUED,
        Duration.ofMinutes(1));
  }

  /** The side that loses when a queue stays full. */
  public enum WhenFull {
    /** The new message is refused with RESOURCE_EXHAUSTED. */
    REFUSE,
    /** The oldest waiting events of the partition make room. */
    DROP_OLDEST
  }
}
