package satellite.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link DiscoveryContract} for a file, and what is a file's own. */
class FileDiscoveryTest extends DiscoveryContract {

  @TempDir Path dir;
  private final ManualTime time = new ManualTime();
  private final List<Set<Node>> told = new ArrayList<>();
  private Path path;
  private FileDiscovery file;

  @BeforeEach
  void name() {
    path = dir.resolve("nodes");
  }

  @AfterEach
  void leavesNothingBehind() {
    if (file != null) {
      file.close();
      assertEquals(0, time.scheduled());
    }
  }

  @Override
  Discovery discovery(Set<Node> nodes) {
    write(nodes.stream().map(Node::address).collect(Collectors.joining("\n")));
    return new FileDiscovery(path, time, Clock.systemUTC());
  }

  @Override
  void lookAgain() {
    touch();
    poll();
    poll();
  }

  private void start() {
    file = new FileDiscovery(path, time, Clock.systemUTC());
    file.start(told::add);
  }

  private void start(String content) {
    write(content);
    start();
  }

  private void write(String content) {
    write(path, content);
  }

  private static void write(Path to, String content) {
    try {
      Files.writeString(to, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As if it had been written again. */
  private void touch() {
    try {
      FileTime before = Files.getLastModifiedTime(path);
      Files.setLastModifiedTime(path, FileTime.fromMillis(before.toMillis() + 1000));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void poll() {
    time.advance(1, TimeUnit.SECONDS);
  }

  private static Set<Node> nodes(String... nodes) {
    return Stream.of(nodes).map(NodeText::parse).collect(Collectors.toSet());
  }

  private String error() {
    return file.statuses().get(0).error();
  }

  @Test
  void readsNodesBesideCommentsAndBlankLines() {
    start("\uFEFF# ours\r\n\r\noap-0:11800\r\n  oap-1:11800=3 # strong\n\n[fd00::1]:1=2@eu-1");
    assertEquals(List.of(nodes("oap-0:11800", "oap-1:11800=3", "[fd00::1]:1=2@eu-1")), told);
  }

  @Test
  void commentsOnlyAreTheEmptySet() {
    start("# none today\n");
    assertEquals(List.of(Set.of()), told);
  }

  @Test
  void takesAChangeWhenItIsSeenTwice() {
    start("a:1");
    write("a:1\nb:1");
    poll();
    assertEquals(1, told.size());
    poll();
    assertEquals(List.of(nodes("a:1"), nodes("a:1", "b:1")), told);
  }

  @Test
  void passesOverWhatIsHalfWritten() {
    start("a:1\nb:1");
    write("");
    poll();
    write("a:1\n");
    poll();
    write("a:1\nb:1\nc:1");
    poll();
    poll();
    assertEquals(List.of(nodes("a:1", "b:1"), nodes("a:1", "b:1", "c:1")), told);
    assertEquals("", error());
  }

  @Test
  void seesAChangeThatLeavesItsSizeAsItIs() {
    start("a:1");
    write("b:1");
    touch();
    poll();
    poll();
    assertEquals(nodes("b:1"), told.get(1));
  }

  @Test
  void seesAFileThatIsRenamedToIt() throws IOException {
    start("a:1");
    FileTime time = Files.getLastModifiedTime(path);
    Path other = dir.resolve("nodes.tmp");
    write(other, "b:1");
    Files.setLastModifiedTime(other, time);
    Files.move(other, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    poll();
    poll();
    assertEquals(nodes("b:1"), told.get(1));
  }

  /** A mounted ConfigMap: nodes -> ..data/nodes, ..data -> ..1/, and ..data is replaced. */
  @Test
  void seesALinkThatIsSwapped() throws IOException {
    Path first = Files.createDirectory(dir.resolve("..1"));
    Path second = Files.createDirectory(dir.resolve("..2"));
    write(first.resolve("nodes"), "a:1");
    write(second.resolve("nodes"), "b:1");
    Files.setLastModifiedTime(
        second.resolve("nodes"), Files.getLastModifiedTime(first.resolve("nodes")));
    Files.createSymbolicLink(dir.resolve("..data"), Path.of("..1"));
    Files.createSymbolicLink(path, Path.of("..data/nodes"));
    start();
    Path link = Files.createSymbolicLink(dir.resolve("..data_tmp"), Path.of("..2"));
    Files.move(
        link,
        dir.resolve("..data"),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    poll();
    poll();
    assertEquals(List.of(nodes("a:1"), nodes("b:1")), told);
  }

  @Test
  void keepsTheLastSetWhileTheFileIsMissing() throws IOException {
    start("a:1");
    Files.delete(path);
    poll();
    assertEquals(path + ": no such file; it must have a line host:port for each node", error());
    assertEquals(nodes("a:1"), file.statuses().get(0).nodes());
    write("a:1");
    poll();
    poll();
    assertEquals("", error());
    assertEquals(1, told.size());
  }

  @Test
  void waitsForAFileThatIsNotThereYet() {
    start();
    assertEquals(List.of(), told);
    assertTrue(error().contains("no such file"), error());
    write("a:1");
    poll();
    poll();
    assertEquals(List.of(nodes("a:1")), told);
  }

  @Test
  void keepsTheLastSetWhenALineIsBad() {
    start("a:1");
    write("# two\na:1\n\nb\n");
    poll();
    poll();
    assertEquals(
        path
            + " line 4: \"b\" must be host:port or [IPv6]:port,"
            + " then =weight and @zone if wanted",
        error());
    assertEquals(1, told.size());
    write("a:1\nb:1\n");
    poll();
    poll();
    assertEquals("", error());
    assertEquals(nodes("a:1", "b:1"), told.get(1));
  }

  @Test
  void anAddressHasOneWeightAndZone() {
    start("a:1=2\na:1=2\n");
    assertEquals(List.of(nodes("a:1=2")), told);
    write("a:1=2\na:1=3\n");
    poll();
    poll();
    assertEquals(path + " line 2: a:1 is listed before with another weight or zone", error());
  }

  @Test
  void takesNoMoreThanAThousandNodes() {
    start(lines(1000));
    assertEquals(1000, told.get(0).size());
    write(lines(1001));
    poll();
    poll();
    assertEquals(path + " line 1001: there must be no more than 1000 nodes", error());
  }

  private static String lines(int count) {
    return IntStream.rangeClosed(1, count)
        .mapToObj(i -> "a:" + i)
        .collect(Collectors.joining("\n"));
  }

  @Test
  void refusesAHugeFileAndADirectory() throws IOException {
    start("#".repeat(FileDiscovery.MAX_BYTES + 1));
    assertTrue(error().contains("larger than"), error());
    Files.delete(path);
    Files.createDirectory(path);
    poll();
    assertTrue(error().startsWith(path + ": is no file"), error());
  }

  @Test
  void readsOnlyWhatChanged() {
    start("a:1");
    write("b:1");
    poll();
    poll();
    int before = told.size();
    for (int i = 0; i < 10; i++) {
      poll();
    }
    assertEquals(before, told.size());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void noContentStopsIt(long seed) throws IOException {
    var random = new Random(seed);
    start("a:1");
    for (int i = 0; i < 300; i++) {
      byte[] content = new byte[random.nextInt(200)];
      random.nextBytes(content);
      if (random.nextBoolean()) {
        for (int at = 0; at < content.length; at++) {
          content[at] = (byte) "ab:1=@#\n[] ".charAt((content[at] & 0xff) % 11);
        }
      }
      Files.write(path, content);
      touch();
      poll();
      poll();
    }
    write("b:1");
    touch();
    poll();
    poll();
    assertEquals("", error());
    assertEquals(nodes("b:1"), told.get(told.size() - 1));
  }
}
