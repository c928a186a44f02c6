package satellite.e2e;

import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.yaml.snakeyaml.Yaml;

/**
 * A real kube-apiserver with a real etcd, and no other part of Kubernetes: what a kubelet or a
 * controller would write, {@link KubeNamespace} writes. Its objects outlive {@link #kill}, and are
 * gone with the next one.
 *
 * <p>Go builds both programs from the versions that {@code kubernetes/go.mod} names, once, into a
 * cache folder of the user.
 */
final class KubeApiServer implements AutoCloseable {

  /** Two and a half minutes on two idle cores, with 130 MB of sources to fetch. */
  private static final Duration LONGEST_BUILD = Duration.ofMinutes(25);

  private static final Duration LONGEST_START = Duration.ofSeconds(60);

  private static final Path SOURCES = Path.of("kubernetes").toAbsolutePath();
  private static final Path HOME = ChildProcess.TARGET.resolve("kubernetes");
  private static final Path DATA = HOME.resolve("etcd");
  private static final Path TOKENS = HOME.resolve("tokens.csv");
  private static final Path TLS = SatelliteProcess.ROOT.resolve("pipes/src/test/resources/tls");

  /** The lock of tests that start one: there is one folder for its data. */
  static final String LOCK = "kube-apiserver";

  private static final String ADMIN = "token-of-admin";

  private final Path programs;
  private final int port = ChildProcess.freePort();
  private final int etcdPort = ChildProcess.freePort();
  private final HttpClient client;
  private final ChildProcess etcd;
  private ChildProcess server;

  private KubeApiServer(Path programs) throws IOException {
    this.programs = programs;
    this.client = HttpClient.newBuilder().sslContext(trusting()).build();
    clean();
    this.etcd = launchEtcd();
    this.server = launchServer();
  }

  static KubeApiServer start() throws IOException {
    KubeApiServer kubernetes = new KubeApiServer(programs());
    try {
      kubernetes.awaitReady();
      return kubernetes;
    } catch (RuntimeException | Error e) {
      kubernetes.close();
      throw e;
    }
  }

  private static synchronized Path programs() throws IOException {
    Path cache = Cache.folder("kubernetes", SOURCES.resolve("go.mod"));
    Path programs = cache.resolve("bin");
    if (!Files.isDirectory(programs)) {
      // By way of a second name, so that a run that was cut off leaves no half of them.
      Path part = Files.createDirectories(cache.resolve("part"));
      Cache.fetch(
          "kube-apiserver",
          cache,
          LONGEST_BUILD,
          Map.of("CGO_ENABLED", "0"),
          List.of(
              "go",
              "build",
              "-C",
              "" + SOURCES,
              "-trimpath",
              "-ldflags=-s -w",
              // Not optimized: it is built more often than it is used.
              "-gcflags=all=-N -l",
              "-o",
              part + "/",
              "tool"));
      Files.move(part, programs, StandardCopyOption.ATOMIC_MOVE);
    }
    return programs;
  }

  private static void clean() throws IOException {
    if (Files.exists(DATA)) {
      try (Stream<Path> files = Files.walk(DATA)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
    Files.createDirectories(HOME);
    Files.writeString(TOKENS, ADMIN + ",admin,admin,\"system:masters\"\n");
  }

  /** Go calls it by the last part of its path. */
  private ChildProcess launchEtcd() {
    String peers = "http://127.0.0.1:" + ChildProcess.freePort();
    return ChildProcess.start(
        "etcd",
        Map.of(),
        List.of(
            programs.resolve("server").toString(),
            "--data-dir=" + DATA,
            "--listen-client-urls=" + etcdUrl(),
            "--advertise-client-urls=" + etcdUrl(),
            "--listen-peer-urls=" + peers,
            "--initial-advertise-peer-urls=" + peers,
            "--initial-cluster=default=" + peers,
            "--unsafe-no-fsync",
            "--log-level=warn"));
  }

  private ChildProcess launchServer() {
    return ChildProcess.start(
        "kube-apiserver",
        Map.of(),
        List.of(
            programs.resolve("kube-apiserver").toString(),
            "--etcd-servers=" + etcdUrl(),
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--secure-port=" + port,
            "--tls-cert-file=" + TLS.resolve("server.pem"),
            "--tls-private-key-file=" + TLS.resolve("server.key"),
            "--authorization-mode=RBAC",
            "--token-auth-file=" + TOKENS,
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=" + TLS.resolve("client.pem"),
            "--service-account-signing-key-file=" + TLS.resolve("client.key"),
            // Nobody makes the account that each pod has by default.
            "--disable-admission-plugins=ServiceAccount",
            "--service-cluster-ip-range=10.0.0.0/24",
            // It would have itself as an endpoint, and on loopback it must not.
            "--endpoint-reconciler-type=none"));
  }

  private void awaitReady() {
    server.awaitReady(LONGEST_START, () -> answer(request("/readyz").GET()).equals("ok"));
  }

  private String etcdUrl() {
    return "http://127.0.0.1:" + etcdPort;
  }

  String url() {
    return "https://127.0.0.1:" + port;
  }

  /** Whom a client has to trust. */
  Path ca() {
    return TLS.resolve("ca.pem");
  }

  /** SIGKILL, as when its machine fails. */
  void kill() {
    server.kill();
  }

  /** After {@link #kill}. */
  void startAgain() {
    server.close();
    server = launchServer();
    awaitReady();
  }

  /** A new namespace. */
  KubeNamespace namespace(String name) throws IOException, InterruptedException {
    post(
        "/api/v1/namespaces",
        "{apiVersion: v1, kind: Namespace, metadata: {name: NAME}}".replace("NAME", name));
    return new KubeNamespace(this, name);
  }

  /** Makes the object, or changes what the text says of it. */
  void apply(String path, String yaml) throws IOException, InterruptedException {
    answer(
        request(path + "?fieldManager=e2e&force=true")
            .header("Content-Type", "application/apply-patch+yaml")
            .method("PATCH", BodyPublishers.ofString(yaml)));
  }

  /** Returns the answer, read. */
  Map<String, Object> post(String path, String yaml) throws IOException, InterruptedException {
    return new Yaml()
        .load(
            answer(
                request(path)
                    .header("Content-Type", "application/yaml")
                    .POST(BodyPublishers.ofString(yaml))));
  }

  void delete(String path) throws IOException, InterruptedException {
    answer(request(path).DELETE());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url() + path))
        .timeout(Duration.ofSeconds(20))
        .header("Authorization", "Bearer " + ADMIN);
  }

  private String answer(HttpRequest.Builder builder) throws IOException, InterruptedException {
    HttpRequest request = builder.build();
    HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() >= 300) {
      throw new IOException(
          request.method() + " " + request.uri() + ": " + answer.statusCode() + answer.body());
    }
    return answer.body();
  }

  private static SSLContext trusting() throws IOException {
    JdkSslContext context =
        (JdkSslContext)
            SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .trustManager(TLS.resolve("ca.pem").toFile())
                .build();
    return context.context();
  }

  @Override
  public void close() {
    server.close();
    etcd.close();
  }
}
