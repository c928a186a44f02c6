package satellite.discovery.kubernetes;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ServerSocketFactory;

/**
 * fabric8's fake API server, which keeps what is created and lets it be watched, behind a {@link
 * FaultyProxy}.
 */
final class ApiServer implements AutoCloseable {

  /** Kept, or the levels are forgotten. */
  private static final List<Logger> QUIET =
      List.of(Logger.getLogger("io.fabric8"), Logger.getLogger("io.vertx"));

  static {
    QUIET.forEach(each -> each.setLevel(Level.OFF));
  }

  private final KubernetesMockServer server = KubernetesDiscoveryTest.server();
  final KubernetesClient client;
  final FaultyProxy proxy;

  ApiServer() throws IOException {
    this(ServerSocketFactory.getDefault());
  }

  ApiServer(ServerSocketFactory sockets) throws IOException {
    client = server.createClient();
    proxy = new FaultyProxy(sockets, server.getPort());
  }

  String url() {
    return "http://127.0.0.1:" + proxy.port();
  }

  static Path file(String name) {
    try {
      return Path.of(ApiServer.class.getResource("/kubernetes/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Ready, with a container that declares 11800 as {@code grpc}. */
  static PodBuilder pod(String name, String ip) {
    return new PodBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace("observability")
        .withLabels(Map.of("app", "oap"))
        .endMetadata()
        .withNewSpec()
        .withContainers(
            new ContainerBuilder()
                .withName("oap")
                .addNewPort()
                .withName("grpc")
                .withContainerPort(11800)
                .endPort()
                .build())
        .endSpec()
        .withNewStatus()
        .withPhase("Running")
        .withPodIP(ip)
        .addNewCondition()
        .withType("Ready")
        .withStatus("True")
        .endCondition()
        .endStatus();
  }

  /** Creates it, or puts it in the place of what has its name. */
  <T extends HasMetadata> void put(T object) {
    client.resource(object).unlock().createOr(existing -> existing.update());
  }

  void putPod(String name, String ip) {
    put(pod(name, ip).build());
  }

  @Override
  public void close() throws IOException {
    client.close();
    proxy.close();
  }
}
