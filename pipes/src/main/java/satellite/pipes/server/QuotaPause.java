package satellite.pipes.server;

import java.util.function.LongSupplier;
import satellite.pipes.protocol.Protocol;

/**
 * What one call owes to the {@link Quota} of its client and of its service: for how long after its
 * last message nothing more is read, and nothing answered. On the call's event loop.
 */
final class QuotaPause {

  private final Quota quota;
  private final Protocol protocol;

  /** By which quotas know it; null where there is none. */
  private final String client;

  private String service;
  private long pauseNanos;
  private boolean waived;

  QuotaPause(Quota quota, Protocol protocol, String client) {
    this.quota = quota;
    this.protocol = protocol;
    this.client = client;
  }

  /** A message came. */
  void charge(byte[] message) {
    if (client == null) {
      return;
    }
    if (quota.asksForService()) {
      String named = protocol.serviceOf(message);
      // Of a stream it may stand in the first message only.
      service = named == null ? service : named;
    }
    long pause = quota.take(client, service, message.length);
    pauseNanos = waived ? 0 : pause;
  }

  /**
   * @param since when the last message came
   */
  long leftNanos(long since, LongSupplier nanoTime) {
    return pauseNanos == 0 ? 0 : Math.max(0, pauseNanos - (nanoTime.getAsLong() - since));
  }

  void paid() {
    pauseNanos = 0;
  }

  /** It has to end: what it sends until then is read, whatever a quota says. */
  void waive() {
    waived = true;
  }
}
