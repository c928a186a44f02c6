package satellite;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import satellite.config.FinderConfig;
import satellite.config.SatelliteConfig;
import satellite.discovery.Node;
import satellite.discovery.kubernetes.KubernetesConfig;
import satellite.discovery.kubernetes.KubernetesDiscovery;
import satellite.routing.LoadBalancing;

/**
 * What in a configuration can be used and will probably not do what was meant: for {@code validate}
 * and {@code check}. Looks at the configuration and at the files that it names, and at nothing
 * else.
 */
final class Warnings {

  private final SatelliteConfig config;
  private final Map<String, String> environment;
  private final List<String> warnings = new ArrayList<>();

  private Warnings(SatelliteConfig config, Map<String, String> environment) {
    this.config = config;
    this.environment = environment;
  }

  static List<String> of(SatelliteConfig config, Map<String, String> environment) {
    Warnings found = new Warnings(config, environment);
    found.warnings.addAll(config.notices());
    found.ofNodes();
    found.ofKubernetes(
        config.finders(),
        "kubernetes_config",
        "OAP (SATELLITE_GRPC_CLIENT_KUBERNETES_SELECTOR_LABEL)");
    if (config.replicas() != null) {
      found.ofKubernetes(
          config.replicas().finders(),
          "replicas.kubernetes_config",
          "Satellite (SATELLITE_REPLICAS_KUBERNETES_SELECTOR_LABEL)");
      found.ofReplicas(config.replicas().finders());
    }
    found.ofZone();
    found.ofDataFolder();
    return found.warnings;
  }

  private void ofNodes() {
    for (Node node : config.finders().nodes()) {
      if (node.port() == config.server().port() && isThisMachine(node.host())) {
        warnings.add(
            "server_addr (SATELLITE_GRPC_CLIENT): "
                + node
                + " is where Satellite itself listens; name the OAP nodes");
      }
    }
  }

  /** By its name alone: nobody is asked. */
  private static boolean isThisMachine(String host) {
    return host.equals("localhost")
        || host.equals(InetAddress.getLoopbackAddress().getHostAddress())
        || host.equals("::1");
  }

  /**
   * @param section where it stands
   * @param whose labels are meant, and the variable that names them
   */
  private void ofKubernetes(FinderConfig finders, String section, String whose) {
    KubernetesConfig kubernetes = finders.kubernetes();
    if (kubernetes == null) {
      return;
    }
    KubernetesDiscovery.problem(kubernetes, environment)
        .ifPresent(problem -> warnings.add(section + ": " + problem));
    boolean all =
        kubernetes.selectors().stream().allMatch(s -> s.label().isEmpty() && s.field().isEmpty());
    if (all) {
      warnings.add(
          section
              + ".selector: matches every "
              + kubernetes.kind().name().toLowerCase(Locale.ROOT)
              + " of its namespaces; name the labels of "
              + whose);
    }
  }

  private void ofReplicas(FinderConfig finders) {
    boolean areHere =
        !finders.nodes().isEmpty()
            && finders.nodes().stream().allMatch(node -> isThisMachine(node.host()));
    String listening = config.telemetry().host();
    if (!areHere && isThisMachine(listening)) {
      warnings.add(
          "telemetry.prometheus.address (SATELLITE_TELEMETRY_PROMETHEUS_ADDRESS): the other replicas"
              + " cannot ask this one at "
              + listening
              + "; leave out the host");
    }
  }

  private void ofZone() {
    LoadBalancing balancing = config.balancing();
    FinderConfig finders = config.finders();
    boolean zonesMayCome = finders.kubernetes() != null || finders.file() != null;
    boolean zonesAreSaid = finders.nodes().stream().anyMatch(node -> !node.zone().isEmpty());
    if (!balancing.zone().isEmpty() && !zonesMayCome && !zonesAreSaid) {
      warnings.add("zone (SATELLITE_ZONE): without effect, no node says its zone (host:port@zone)");
    }
  }

  private void ofDataFolder() {
    if (config.disk() == null) {
      return;
    }
    Path folder = config.disk().folder();
    Path nearest = folder.toAbsolutePath();
    while (!Files.exists(nearest)) {
      nearest = nearest.getParent();
    }
    if (!Files.isDirectory(nearest) || !Files.isWritable(nearest)) {
      warnings.add("data_dir (SATELLITE_DATA_DIR): " + folder + " cannot be made or written to");
    }
  }
}
