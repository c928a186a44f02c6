package satellite.queue.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import satellite.queue.Batch;

/** Files that are not as they were written: the rest is used, and nothing crashes. */
class DamageTest {

  private static final int EVENTS = 3;

  /** With each block of the segment: two are those of contexts. */
  private static final List<List<String>> LOST_EVENTS =
      List.of(List.of("0", "1"), List.of("0"), List.of("1"), List.of("2"), List.of("2"));

  private static final List<Integer> CONTEXT_BLOCKS = List.of(0, 3);

  /** Thousands of lines would be all that is seen. */
  private static final Logger LOG = Logger.getLogger("disk");

  @TempDir Path folder;
  private Path partition;
  private Path segment;
  private byte[] written;

  /** Of its blocks. */
  private final List<Integer> ends = new ArrayList<>();

  @BeforeAll
  static void quiet() {
    LOG.setLevel(Level.OFF);
  }

  @AfterAll
  static void loud() {
    LOG.setLevel(null);
  }

  /** A segment with a block for each of a few events, as a killed process leaves it. */
  @BeforeEach
  void write() throws IOException {
    partition = folder.resolve("written/pipes/logs/0");
    TestProcess killed =
        new TestProcess(folder.resolve("written"), TestProcess.Settings.DURABLE, new FaultyDisk());
    for (int i = 0; i < EVENTS; i++) {
      killed.offer(killed.event("" + i, 180 + i, i < 2 ? new byte[] {1, 2, 3} : new byte[] {4}));
      killed.time.run();
    }
    killed.folder.releaseLock();
    segment = only(partition);
    written = Files.readAllBytes(segment);
    int end = Segment.HEADER_BYTES;
    while (end < written.length) {
      end += (int) BlockHeader.read(ByteBuffer.wrap(written), end).bytes();
      ends.add(end);
    }
    assertEquals(LOST_EVENTS.size(), ends.size());
  }

  private static Path only(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.reduce((a, b) -> Path.of("more than one")).orElseThrow();
    }
  }

  private TestProcess startOn(byte[] bytes) throws IOException {
    Files.createDirectories(partition);
    Files.write(segment, bytes);
    Path damaged = folder.resolve("written/damaged");
    for (Path file : new Disk.Real().list(damaged)) {
      Files.delete(file);
    }
    return new TestProcess(
        folder.resolve("written"), TestProcess.Settings.DURABLE, new FaultyDisk());
  }

  private List<String> setAside() throws IOException {
    return new Disk.Real()
        .list(folder.resolve("written/damaged")).stream()
            .map(file -> file.getFileName().toString())
            .toList();
  }

  private static List<String> numbers(int count) {
    return IntStream.range(0, count).mapToObj(Integer::toString).toList();
  }

  @Test
  void aCutAtAnyByteLosesOnlyWhatIsBehindIt() throws Exception {
    for (int length = 0; length < written.length; length++) {
      TestProcess process = startOn(Arrays.copyOf(written, length));
      int cut = length;
      int whole = (int) ends.stream().filter(end -> end <= cut).count();
      int contexts = (int) CONTEXT_BLOCKS.stream().filter(block -> block < whole).count();
      assertEquals(numbers(whole - contexts), process.drain(), "cut at " + length);
      int good = whole == 0 ? (length < Segment.HEADER_BYTES ? 0 : 24) : ends.get(whole - 1);
      assertEquals(length - good, process.folder.damagedBytes(), "cut at " + length);
      assertEquals(length == good ? 0 : 1, setAside().size(), "cut at " + length);
      process.accountBalances();
      assertTrue(Files.notExists(segment), "cut at " + length);
      process.folder.close();
    }
  }

  @Test
  void anyFlippedBitCostsNoMoreThanItsBlockAndWhatNeedsIt() throws Exception {
    for (int bit = 0; bit < 8 * written.length; bit++) {
      byte[] bytes = written.clone();
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
      TestProcess process = startOn(bytes);
      List<String> expected = new ArrayList<>(numbers(EVENTS));
      int at = bit / 8;
      int setAside = 1;
      if (at >= Segment.HEADER_BYTES) {
        int block = (int) ends.stream().filter(end -> end <= at).count();
        expected.removeAll(LOST_EVENTS.get(block));
        setAside += CONTEXT_BLOCKS.contains(block) ? LOST_EVENTS.get(block).size() : 0;
      }
      assertEquals(expected, process.drain(), "bit " + bit);
      assertEquals(setAside, setAside().size(), "bit " + bit);
      assertTrue(process.folder.damagedBytes() > 0, "bit " + bit);
      process.accountBalances();
      assertEquals(0, process.account.outstanding(), "bit " + bit);
      assertTrue(process.folder.isUp());
      process.folder.close();
    }
  }

  @Test
  void aDamagedBlockWhoseHeaderIsGoodIsCountedAsDropped() throws Exception {
    byte[] bytes = written.clone();
    bytes[ends.get(2) - 1]++;
    TestProcess process = startOn(bytes);
    assertEquals(EVENTS, process.account.recovered());
    assertEquals(List.of("0", "2"), process.drain());
    assertEquals(Map.of("damaged", 1L), process.account.droppedByReason());
    assertEquals(List.of("logs-0-" + name() + "-" + ends.get(1) + ".bytes"), setAside());
  }

  @Test
  void eventsWhoseContextIsDamagedAreCountedAsDropped() throws Exception {
    byte[] bytes = written.clone();
    bytes[ends.get(0) - 1]++;
    TestProcess process = startOn(bytes);
    assertEquals(EVENTS, process.account.recovered());
    assertEquals(List.of("2"), process.drain());
    assertEquals(Map.of("damaged", 2L), process.account.droppedByReason());
    process.accountBalances();
    assertEquals(0, process.memory.usedBytes());
  }

  private String name() {
    return segment.getFileName().toString().replace(".segment", "");
  }

  @Test
  void damageIsSetAsideOnceHoweverOftenItIsRead() throws Exception {
    byte[] bytes = written.clone();
    bytes[ends.get(0)]++;
    TestProcess first = startOn(bytes);
    first.folder.releaseLock();
    TestProcess second =
        new TestProcess(folder.resolve("written"), TestProcess.Settings.DURABLE, new FaultyDisk());
    assertEquals(0, second.folder.damagedBytes());
    assertEquals(List.of("1", "2"), second.drain());
  }

  @Test
  void filesOfOthersAreLeftAlone() throws Exception {
    Files.writeString(partition.resolve("notes.txt"), "mine");
    Files.writeString(folder.resolve("written/pipes/readme"), "mine");
    Files.createDirectories(partition.resolve("a folder"));
    Files.createDirectories(folder.resolve("written/pipes/other-pipe/0"));
    TestProcess process = startOn(written);
    assertEquals(numbers(EVENTS), process.drain());
    assertEquals("mine", Files.readString(partition.resolve("notes.txt")));
    assertTrue(Files.isDirectory(partition.resolve("a folder")));
  }

  @Test
  void aNewerVersionsSegmentIsLeftAlone() throws Exception {
    byte[] bytes = written.clone();
    ByteBuffer header = ByteBuffer.wrap(bytes);
    header.putInt(4, 3).putInt(20, BlockHeader.crc(header, 0, 20));
    TestProcess process = startOn(bytes);
    assertEquals(List.of(), process.drain());
    assertEquals(0, process.account.recovered());
    process.folder.close();
    assertEquals(written.length, Files.size(segment));
  }

  @Test
  void whatIsSettledIsNotRepeatedAndDamageInThatListOnlyRepeats() throws Exception {
    TestProcess first = startOn(written);
    first.time.run();
    // One of three are settled, then it is killed.
    var events = first.queue.partition(0).poll(1, Long.MAX_VALUE);
    new Batch(first.queue.partition(0), events).done();
    first.time.pass(Duration.ofSeconds(2));
    first.folder.releaseLock();
    Path done = partition.resolve(name() + ".done");
    byte[] list = Files.readAllBytes(done);
    TestProcess second = startOn(written);
    assertEquals(List.of("1", "2"), second.drain());
    second.folder.close();
    for (int bit = 0; bit < 8 * list.length; bit++) {
      byte[] flipped = list.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(done, flipped);
      TestProcess third = startOn(written);
      List<String> came = third.drain();
      assertTrue(came.containsAll(List.of("1", "2")), "bit " + bit + ": " + came);
      assertTrue(came.size() == 3, "bit " + bit + ": " + came);
      third.folder.close();
    }
  }

  @Test
  void aListOfAnotherSegmentOfThatNameCountsForNothing() throws Exception {
    TestProcess first = startOn(written);
    first.take();
    first.forward();
    first.folder.releaseLock();
    Path done = partition.resolve(name() + ".done");
    DoneFile foreign = new DoneFile(Disk.REAL, done, 42);
    foreign.add(ends.get(0));
    foreign.save();
    assertEquals(numbers(EVENTS), startOn(written).drain());
  }

  /** Behind the last number, or before the first, there would be none that is found again. */
  @Test
  void numbersThatNoSatelliteHasCountForNothing() throws Exception {
    Files.write(partition.resolve("9999999999999999.done"), new byte[16]);
    Files.write(partition.resolve("0000000000000007.segment"), new byte[16]);
    TestProcess second = startOn(written);
    second.drain();
    second.offer(second.event("new", 200));
    second.time.run();
    assertTrue(second.acknowledged.contains("new"));
    second.folder.releaseLock();
    List<String> came = startOn(written).drain();
    assertTrue(came.contains("new"), came.toString());
  }

  @Test
  void aSegmentThatVanishesIsCountedAsDamaged() throws Exception {
    TestProcess process = startOn(written);
    // Found, but memory has not taken it: it is read again only later.
    assertEquals(EVENTS, process.account.recovered());
    TestProcess blocked =
        new TestProcess(folder.resolve("other"), TestProcess.Settings.QUEUED, new FaultyDisk());
    blocked.offer(0, 600);
    Path gone = folder.resolve("other/pipes/logs/0");
    for (Path file : new Disk.Real().list(gone)) {
      Files.delete(file);
    }
    int came = blocked.drain().size();
    blocked.time.pass(Duration.ofSeconds(10));
    came += blocked.drain().size();
    assertEquals(600, came + blocked.account.dropped(), blocked.account::toString);
    blocked.accountBalances();
    assertEquals(0, blocked.account.spilled());
  }
}
