package satellite;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import satellite.config.FinderConfig;
import satellite.discovery.CompositeDiscovery;
import satellite.discovery.Discovery;
import satellite.discovery.DnsDiscovery;
import satellite.discovery.FileDiscovery;
import satellite.discovery.StaticDiscovery;
import satellite.discovery.kubernetes.KubernetesDiscovery;

/** From {@code finder_type} to who finds the nodes. */
final class Finders {

  private Finders() {}

  /**
   * @param thread for those who look again from time to time
   */
  static Discovery discovery(FinderConfig config, ScheduledExecutorService thread) {
    Clock clock = Clock.systemUTC();
    List<Discovery> finders = new ArrayList<>();
    if (!config.nodes().isEmpty()) {
      finders.add(new StaticDiscovery(config.nodes()));
    }
    if (config.file() != null) {
      finders.add(new FileDiscovery(config.file(), thread, clock));
    }
    if (config.dns() != null) {
      finders.add(DnsDiscovery.of(config.dns(), thread, clock));
    }
    if (config.kubernetes() != null) {
      finders.add(new KubernetesDiscovery(config.kubernetes(), System.getenv(), clock));
    }
    return finders.size() == 1 ? finders.get(0) : new CompositeDiscovery(finders, thread);
  }
}
