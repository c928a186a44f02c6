package satellite.pipes.server;

import io.netty.channel.Channel;
import java.util.concurrent.ThreadLocalRandom;

/** A client's connection: what it came on, and whether it is drained. Any thread. */
final class ClientConnection {
  final Channel channel;
  final long sinceNanos;

  /** Of ages, so that those who came together do not go together: 0.9..1.1. */
  final double jitter = ThreadLocalRandom.current().nextDouble(0.9, 1.1);

  final ReadCoalescing reads;

  /** Since when it is drained; null before. */
  private volatile Long drainingSinceNanos;

  /**
   * When one of its calls was last seen paused; null before. For {@link ConnectionDraining} alone.
   */
  Long pausedNanos;

  ClientConnection(Channel channel, ReadCoalescing reads, long sinceNanos) {
    this.channel = channel;
    this.reads = reads;
    this.sinceNanos = sinceNanos;
  }

  boolean isDraining() {
    return drainingSinceNanos != null;
  }

  /** Negative while it is not drained. */
  long drainingNanos(long now) {
    Long since = drainingSinceNanos;
    return since == null ? -1 : now - since;
  }

  void drain(long now) {
    drainingSinceNanos = now;
  }

  /** What comes is read at once. */
  void readPromptlyOnce() {
    channel.eventLoop().execute(reads::readPromptlyOnce);
  }
}
