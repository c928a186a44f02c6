package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * satellite/Dockerfile without a container engine: its own COPY, ENV, RUN, USER, ENTRYPOINT and CMD
 * in a folder laid out as the image, with a Java of the same release. Where root runs the tests on
 * Linux, the program runs as the image's user on a root file system that is read-only.
 */
@Order(4)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ImageTest {

  private static final Path ROOT = SatelliteProcess.ROOT;

  /** Where the image has it. */
  private static final String HOME = "/satellite/";

  private static final int SEGMENTS = 50;

  private final Dockerfile dockerfile = Dockerfile.read(ROOT.resolve("satellite/Dockerfile"));
  private Jdk jdk;
  private Path image;
  private Path data;

  @BeforeAll
  void build(@TempDir Path temp) throws IOException {
    jdk = Jdk.from(25);
    Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwxr-xr-x"));
    image = Files.createDirectory(temp.resolve("image"));
    for (String copy : dockerfile.all("COPY")) {
      copy(List.of(copy.split("\\s+")));
    }
    int number = 0;
    for (String run : dockerfile.all("RUN")) {
      List<String> command = List.of("sh", "-c", here(run));
      try (ChildProcess child =
          ChildProcess.start("image-run-" + ++number, environment(), command)) {
        assertEquals(0, child.awaitEnd(Duration.ofSeconds(90)), () -> "" + child.output());
      }
    }
    data = Files.createDirectory(temp.resolve("data"));
  }

  /** The stage "jar" is what the build leaves in its folder. */
  private void copy(List<String> words) throws IOException {
    boolean jar = words.get(0).equals("--from=jar");
    Path from = jar ? ROOT.resolve("satellite/target") : ROOT;
    assertEquals(HOME, words.get(words.size() - 1));
    for (String source : words.subList(jar ? 1 : 0, words.size() - 1)) {
      Path file = from.resolve(source.replaceFirst("^/", ""));
      Path copied = Files.copy(file, image.resolve(file.getFileName()));
      if (source.endsWith(".jvm")) {
        Files.writeString(copied, here(Files.readString(copied)));
      }
    }
  }

  private String here(String text) {
    return text.replace(HOME, image + "/");
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    dockerfile.environment().forEach((name, value) -> environment.put(name, here(value)));
    String bin = jdk.home().resolve("bin").toString();
    environment.put("PATH", bin + File.pathSeparator + System.getenv("PATH"));
    return environment;
  }

  /** What is put in front of a command: the image's user, and nothing to write to but these. */
  private List<String> confined(Path... writable) {
    if (!System.getProperty("user.name").equals("root")
        || !Files.exists(Path.of("/proc/self/ns"))) {
      System.out.println(
          "SKIPPED: as the image's user on a read-only root; it needs root on Linux");
      return List.of("sh", "-c", "exec \"$@\"", "sh");
    }
    StringBuilder mounts = new StringBuilder();
    for (Path folder : writable) {
      mounts.append("mount --bind ").append(folder).append(' ').append(folder).append(" && ");
    }
    String[] user = dockerfile.one("USER").split(":");
    String script =
        mounts
            + ("mount --bind " + image + " " + image + " && ")
            + ("mount -o remount,bind,ro " + image + " && mount -o remount,bind,ro / && ")
            + ("exec setpriv --reuid " + user[0] + " --regid " + user[1])
            + " --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \"$@\"";
    return List.of("unshare", "--mount", "sh", "-c", script, "sh");
  }

  @Test
  void startsFromTheCacheCarriesAndDrainsAndWritesOnlyWhereItMay() throws Exception {
    grantToGroup(data);
    Map<String, Long> before = files(image);
    try (RefusingNode node = new RefusingNode()) {
      int grpc = ChildProcess.freePort();
      int admin = ChildProcess.freePort();
      Map<String, String> environment = environment();
      // A cache that cannot be used ends the program; as shipped it would only start slower.
      environment.merge("JDK_JAVA_OPTIONS", " -XX:AOTMode=on", String::concat);
      environment.put("SATELLITE_GRPC_ADDRESS", "127.0.0.1:" + grpc);
      environment.put("SATELLITE_HTTP_ADDRESS", "127.0.0.1:" + ChildProcess.freePort());
      environment.put("SATELLITE_TELEMETRY_PROMETHEUS_ADDRESS", "127.0.0.1:" + admin);
      environment.put("SATELLITE_SHUTDOWN_HOLD_TIME", "0");
      environment.put("SATELLITE_GRPC_ACCEPT_LIMIT_CPU_UTILIZATION", "101");
      // By name: what the jar brings along must not stand in the way of this Java's resolver.
      environment.put("SATELLITE_GRPC_CLIENT", node.address().replace("127.0.0.1", "localhost"));
      environment.put("SATELLITE_DATA_DIR", data.toString());
      List<String> command = new ArrayList<>(confined(Path.of("/tmp"), data));
      dockerfile.command().forEach(word -> command.add(here(word)));
      try (ChildProcess satellite = ChildProcess.start("satellite-image", environment, command)) {
        satellite.awaitReady(
            Duration.ofSeconds(30), () -> Http.get(admin, "/ready").statusCode() == 200);
        try (SampleSender feed = new SampleSender("127.0.0.1:" + grpc)) {
          feed.segments("contained", SEGMENTS);
        }
        assertEquals(0, satellite.stop(Duration.ofSeconds(20)));
        List<String> output = satellite.output();
        assertTrue(Account.ofLastLine(output).closedWith(SEGMENTS), output::toString);
        assertTrue(output.toString().contains("data folder " + data), output::toString);
        assertEquals(
            List.of(),
            output.stream().filter(l -> l.contains("[warning]") || l.contains("WARN")).toList());
      }
      assertEquals(SEGMENTS, node.taken().size());
    }
    assertEquals(before, files(image));
    assertEquals(List.of(), leftByTheImagesUser());
  }

  @Test
  void anotherHeapIsSaidInOneVariableAndKeepsTheCache() {
    Map<String, String> environment = environment();
    environment.merge("JDK_JAVA_OPTIONS", " -Xmx192m -XX:AOTMode=on", String::concat);
    List<String> command = new ArrayList<>(confined());
    dockerfile.command().forEach(word -> command.add(here(word)));
    command.set(command.size() - 1, "--version");
    command.add(command.indexOf("-jar"), "-XX:+PrintFlagsFinal");
    try (ChildProcess version = ChildProcess.start("image-heap", environment, command)) {
      assertEquals(0, version.awaitEnd(Duration.ofSeconds(30)), () -> "" + version.output());
      assertTrue(
          version.output().stream().anyMatch(l -> l.matches(".* MaxHeapSize .*\\b201326592\\b.*")),
          () -> "" + version.output());
    }
  }

  @Test
  void kubernetesCanTellThatItIsNotRoot() {
    assertTrue(dockerfile.one("USER").matches("[1-9]\\d*:[1-9]\\d*"), dockerfile.one("USER"));
    assertEquals("11800 12800 1234", dockerfile.one("EXPOSE"));
    assertEquals("SIGTERM", dockerfile.one("STOPSIGNAL"));
  }

  /** As Kubernetes does with fsGroup. */
  private void grantToGroup(Path volume) throws IOException {
    if (System.getProperty("user.name").equals("root")) {
      String group = dockerfile.one("USER").split(":")[1];
      Files.setAttribute(volume, "unix:gid", Integer.parseInt(group));
      Files.setAttribute(volume, "unix:mode", 02770);
    }
  }

  private static Map<String, Long> files(Path folder) throws IOException {
    Map<String, Long> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : all.toList()) {
        files.put(file.getFileName().toString(), Files.getLastModifiedTime(file).toMillis());
      }
    }
    return files;
  }

  /** What is in /tmp after it has ended. */
  private List<Path> leftByTheImagesUser() throws IOException {
    Integer user = Integer.valueOf(dockerfile.one("USER").split(":")[0]);
    try (Stream<Path> all = Files.list(Path.of("/tmp"))) {
      return all.filter(file -> user.equals(owner(file))).toList();
    }
  }

  private static Object owner(Path file) {
    try {
      return Files.getAttribute(file, "unix:uid");
    } catch (IOException e) {
      // Somebody else's, gone meanwhile.
      return "nobody";
    }
  }
}
