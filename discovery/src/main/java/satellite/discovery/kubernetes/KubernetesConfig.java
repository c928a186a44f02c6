package satellite.discovery.kubernetes;

import java.nio.file.Path;
import java.util.List;

/**
 * {@code kubernetes_config}: where the API server is, who we are there, and what is looked for.
 * What is not set is null, or an empty text.
 *
 * @param apiServer its URL; empty for the one of the cluster this process runs in, with the account
 *     and the certificates that Kubernetes gives to a pod
 * @param bearerTokenFile read again for each request, as tokens are renewed
 * @param proxyUrl an HTTP proxy on the way
 * @param namespaces names, or {@link #ALL_NAMESPACES}
 * @param selectors what any of them matches is a node; at least one
 * @param port its number, or its name, which each pod may give to another number
 * @param onlyReady leave out what is not ready; what is terminating always is left out
 */
public record KubernetesConfig(
    String apiServer,
    BasicAuth basicAuth,
    String bearerToken,
    Path bearerTokenFile,
    String proxyUrl,
    Tls tls,
    List<String> namespaces,
    Kind kind,
    List<Selector> selectors,
    String port,
    boolean onlyReady) {

  public static final String ALL_NAMESPACES = "*";

  /** What is looked for. The names of the configuration, in upper case. */
  public enum Kind {
    POD("", "pods"),
    SERVICE("", "services"),
    ENDPOINTS("", "endpoints"),
    ENDPOINTSLICE("discovery.k8s.io", "endpointslices");

    final String apiGroup;
    final String resource;

    Kind(String apiGroup, String resource) {
      this.apiGroup = apiGroup;
      this.resource = resource;
    }
  }

  public record BasicAuth(String username, String password, Path passwordFile) {
    @Override
    public String toString() {
      return "BasicAuth[" + username + "]";
    }
  }

  /**
   * @param ca null for those of the JDK
   * @param certificate null for none of its own; then {@code key} is null, too
   * @param serverName expected in the API server's certificate; empty for the host of its URL
   */
  public record Tls(
      Path ca, Path certificate, Path key, String serverName, boolean insecureSkipVerify) {}

  /** As written for the API server: {@code app=oap}, {@code status.phase=Running}. */
  public record Selector(String label, String field) {}

  public KubernetesConfig {
    namespaces = List.copyOf(namespaces);
    selectors = List.copyOf(selectors);
  }

  /** Without secrets. */
  @Override
  public String toString() {
    return kind.resource + " in " + String.join(", ", namespaces) + ", " + selectors;
  }
}
