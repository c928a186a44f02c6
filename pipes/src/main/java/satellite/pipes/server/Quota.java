package satellite.pipes.server;

import java.util.function.LongSupplier;
import satellite.routing.RateLimit;

/**
 * {@code quota}: how many bytes of messages one client, and one service, may send in a second. Who
 * sends more is read later, and answered later; nothing is refused. Any thread.
 */
final class Quota {

  /** Null where there is no such limit. */
  private final RateLimit clients;

  private final RateLimit services;

  Quota(ServerConfig.Quotas quotas, LongSupplier nanoTime) {
    this.clients = quotas.clientBytes() > 0 ? new RateLimit(quotas.clientBytes(), nanoTime) : null;
    this.services =
        quotas.serviceBytes() > 0 ? new RateLimit(quotas.serviceBytes(), nanoTime) : null;
  }

  boolean isAny() {
    return clients != null || services != null;
  }

  boolean asksForService() {
    return services != null;
  }

  /**
   * A message came in.
   *
   * @param service null where none is known
   * @return for how long its call has to wait, in nanoseconds
   */
  long take(String client, String service, int bytes) {
    long wait = clients == null ? 0 : clients.take(client, bytes);
    return services == null || service == null
        ? wait
        : Math.max(wait, services.take(service, bytes));
  }
}
