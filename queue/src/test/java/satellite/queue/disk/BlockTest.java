package satellite.queue.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import satellite.queue.Event;

/** What is written comes back as it was. */
class BlockTest {

  private static final BlockReader.Contexts NO_CONTEXTS = offset -> null;

  @TempDir Path folder;
  private final ManualDiskThread time = new ManualDiskThread();
  private int files;

  @Test
  void randomEventsComeBack() throws Exception {
    for (int seed = 0; seed < Rounds.COUNT; seed++) {
      Random random = new Random(seed);
      RandomEvents events = new RandomEvents(random, time);
      List<Event> written = new ArrayList<>();
      for (int i = 1 + random.nextInt(20); i > 0; i--) {
        written.add(events.next());
      }
      // Smaller than the block, larger than it, and just about as large as a number.
      int buffer = BlockHeader.BYTES + 16 + random.nextInt(20_000);
      List<Event> read = throughDisk(written, buffer, true);
      for (int i = 0; i < written.size(); i++) {
        assertSameEvent(written.get(i), read.get(i), "seed " + seed);
      }
    }
  }

  private List<Event> throughDisk(List<Event> events, int buffer, boolean own) throws IOException {
    try (Disk.OpenFile file = Disk.REAL.create(folder.resolve("block" + files++))) {
      long bytes = new BlockWriter(time.clock(), buffer).write(file, 7, events, Map.of());
      assertEquals(7 + bytes, file.size());
      ByteBuffer all = new ReadAheadBuffer(1 << 20).read(file, 7, (int) bytes, 7 + bytes);
      BlockHeader header = BlockHeader.read(all, 0);
      assertEquals(bytes, header.bytes());
      assertEquals(events.size(), header.events());
      assertEquals(events.stream().mapToInt(Event::messages).sum(), header.messages());
      assertEquals(events.stream().mapToLong(Event::bytes).sum(), header.memoryBytes());
      ByteBuffer payload = all.slice(BlockHeader.BYTES, header.payloadBytes());
      assertEquals(header.payloadCrc(), BlockHeader.crc(payload, 0, header.payloadBytes()));
      List<Event> read =
          new BlockReader(time.clock()).read(payload, events.size(), own, NO_CONTEXTS);
      assertEquals(0, payload.remaining());
      return read;
    }
  }

  private static void assertSameEvent(Event expected, Event actual, String message) {
    assertEquals(expected.method(), actual.method(), message);
    assertEquals(expected.key(), actual.key(), message);
    assertEquals(expected.group(), actual.group(), message);
    assertArrayEquals(expected.context(), actual.context(), message);
    assertArrayEquals(expected.parts().toArrays(), actual.parts().toArrays(), message);
    assertEquals(expected.messages(), actual.messages(), message);
    assertEquals(expected.receivedNanos(), actual.receivedNanos(), message);
  }

  @Test
  void eventsOfOneStreamHaveOneContextAgain() throws Exception {
    byte[] stream = {1, 2, 3};
    byte[] other = {4};
    List<Event> read = throughDisk(List.of(event(stream), event(other), event(stream)), 1000, true);
    assertSame(read.get(0).context(), read.get(2).context());
    assertNotSame(read.get(0).context(), read.get(1).context());
  }

  private Event event(byte[] context) {
    return new Event("/a/B", null, null, context, new byte[][] {{1}}, 1, time.nanos());
  }

  @Test
  void theAgeIsKeptOverARestart() throws Exception {
    Event event = event(new byte[0]);
    time.pass(Duration.ofMinutes(5));
    List<Event> read = throughDisk(List.of(event), 1000, false);
    assertEquals(
        Duration.ofMinutes(5), Duration.ofNanos(time.nanos() - read.get(0).receivedNanos()));
  }

  @Test
  void nothingComesOutOfTheFuture() throws Exception {
    try (Disk.OpenFile file = Disk.REAL.create(folder.resolve("block"))) {
      long bytes =
          new BlockWriter(time.clock(), 1000).write(file, 0, List.of(event(new byte[0])), Map.of());
      time.setWall(Duration.ofHours(-3));
      ByteBuffer payload =
          new ReadAheadBuffer(1000)
              .read(file, BlockHeader.BYTES, (int) bytes - BlockHeader.BYTES, bytes);
      Event read = new BlockReader(time.clock()).read(payload, 1, false, NO_CONTEXTS).get(0);
      assertEquals(time.nanos(), read.receivedNanos());
    }
  }

  @Test
  void anEventLargerThanAllBuffersComesBack() throws Exception {
    byte[][] parts = {new byte[3 << 20], new byte[1 << 20]};
    new Random(1).nextBytes(parts[0]);
    Event large = new Event("/a/B", "k", null, new byte[0], parts, 1, 1);
    try (Disk.OpenFile file = Disk.REAL.create(folder.resolve("large"))) {
      long bytes =
          new BlockWriter(time.clock(), 256 << 10).write(file, 0, List.of(large), Map.of());
      ByteBuffer all = new ReadAheadBuffer(1000).read(file, 0, (int) bytes, bytes);
      assertTrue(bytes > 4 << 20);
      ByteBuffer payload = all.position(BlockHeader.BYTES).slice();
      Event read = new BlockReader(time.clock()).read(payload, 1, true, NO_CONTEXTS).get(0);
      assertSameEvent(large, read, "large");
    }
  }
}
