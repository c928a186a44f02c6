package satellite.config;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import satellite.discovery.DnsConfig;
import satellite.discovery.Node;
import satellite.discovery.kubernetes.KubernetesConfig;

/**
 * {@code finder_type}: where the upstream nodes are looked for; what several find is joined.
 *
 * @param nodes of {@code static}; empty without it
 * @param file of {@code file}; null without it
 * @param dns of {@code dns}; null without it
 * @param kubernetes of {@code kubernetes}; null without it
 */
public record FinderConfig(
    List<Node> nodes, Path file, DnsConfig dns, KubernetesConfig kubernetes) {

  /** For people. */
  @Override
  public String toString() {
    return Stream.of(
            nodes.isEmpty() ? "" : nodes.toString(),
            file == null ? "" : "of the file " + file,
            dns == null ? "" : "of the DNS for " + dns.queries(),
            kubernetes == null ? "" : "of Kubernetes: " + kubernetes)
        .filter(text -> !text.isEmpty())
        .collect(Collectors.joining(" and "));
  }
}
