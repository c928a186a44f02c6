package satellite.queue.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import satellite.queue.Batch;
import satellite.queue.Event;

/** Contexts are once in a segment, and come back as one array each. */
class ContextTest {

  private static final int ENVOYS = 50;
  private static final int CONTEXT_BYTES = 4 << 10;
  private static final TestProcess.Settings DURABLE =
      TestProcess.Settings.DURABLE.memory(100 << 20).disk(1L << 30, 8 << 20);

  /** So little memory that most events are on disk. */
  private static final TestProcess.Settings SPILLING =
      TestProcess.Settings.QUEUED.disk(100 << 20, 8 << 20);

  @TempDir Path data;

  private TestProcess process(TestProcess.Settings settings) {
    return new TestProcess(data, settings, new FaultyDisk());
  }

  /** The same for the same number, and a new array each time. */
  private static byte[] context(int envoy, int bytes) {
    byte[] context = new byte[bytes];
    new Random(envoy).nextBytes(context);
    return context;
  }

  /** A block for each of the events, whose keys are their numbers. */
  private static void offer(TestProcess process, int from, int to, int envoys, int contextBytes) {
    for (int i = from; i < to; i++) {
      byte[] context = context(i % envoys, contextBytes);
      assertTrue(process.offer(process.event("" + i, contextBytes + 460, context)));
      process.time.pass(Duration.ofMillis(10));
    }
  }

  /** Each with its own context; the arrays that there were. */
  private static Map<Integer, List<byte[]>> drain(
      TestProcess process, int from, int to, int envoys, int contextBytes) {
    Map<Integer, List<byte[]>> instances = new HashMap<>();
    int next = from;
    List<Event> events;
    do {
      process.time.pass(Duration.ofMillis(200));
      events = process.take();
      for (Event event : events) {
        assertEquals("" + next, event.key());
        int envoy = next++ % envoys;
        assertArrayEquals(context(envoy, contextBytes), event.context());
        List<byte[]> before = instances.computeIfAbsent(envoy, any -> new ArrayList<>());
        if (before.stream().noneMatch(instance -> instance == event.context())) {
          before.add(event.context());
        }
      }
      process.forward();
    } while (!events.isEmpty());
    assertEquals(to, next);
    process.accountBalances();
    assertEquals(0, process.account.outstanding());
    assertEquals(0, process.memory.usedBytes());
    return instances;
  }

  private static void oneInstanceEach(Map<Integer, List<byte[]>> instances) {
    instances.forEach((envoy, all) -> assertEquals(1, all.size(), "of Envoy " + envoy));
  }

  private long written(String name, int contextBytes) {
    TestProcess process = new TestProcess(data.resolve(name), DURABLE, new FaultyDisk());
    offer(process, 0, 1000, ENVOYS, contextBytes);
    long bytes = process.folder.usedBytes();
    process.close();
    return bytes;
  }

  @Test
  void eachIsOnDiskOnceHoweverManyBlocksNeedIt() {
    long without = written("without", 0);
    long with = written("with", CONTEXT_BYTES);
    long once = (long) ENVOYS * (CONTEXT_BYTES + BlockHeader.BYTES);
    assertTrue(with - without >= once, with + " " + without);
    assertTrue(with - without <= once + 1000 * 5, with + " " + without);
  }

  @Test
  void eventsThatComeBackShareOneArray() {
    TestProcess killed = process(DURABLE);
    offer(killed, 0, 300, ENVOYS, CONTEXT_BYTES);
    killed.folder.releaseLock();
    TestProcess next = process(SPILLING);
    oneInstanceEach(drain(next, 0, 300, ENVOYS, CONTEXT_BYTES));
    next.close();
  }

  @Test
  void thoseOfBlocksThatAreSettledAreThereForLaterOnes() {
    TestProcess killed = process(DURABLE);
    offer(killed, 0, 300, ENVOYS, CONTEXT_BYTES);
    List<Event> first = killed.queue.partition(0).poll(130, Long.MAX_VALUE);
    killed.account.forwarded(first.size());
    new Batch(killed.queue.partition(0), first).done();
    killed.time.pass(Duration.ofSeconds(2));
    killed.folder.releaseLock();
    TestProcess next = process(SPILLING);
    assertEquals(170, next.account.recovered());
    oneInstanceEach(drain(next, 130, 300, ENVOYS, CONTEXT_BYTES));
  }

  /** They are before the place where reading begins: their blocks went on from memory. */
  @Test
  void thoseOfBlocksThatWereNeverReadAreThereForLaterOnes() {
    TestProcess process = process(DURABLE.memory(600_000));
    offer(process, 0, 300, ENVOYS, CONTEXT_BYTES);
    assertTrue(process.account.spilled() > 0);
    assertTrue(process.account.spilled() < 300 - ENVOYS);
    drain(process, 0, 300, ENVOYS, CONTEXT_BYTES);
    process.close();
  }

  @Test
  void segmentsHaveTheirOwn() {
    TestProcess process = process(SPILLING.disk(100 << 20, 100_000));
    offer(process, 0, 400, 5, CONTEXT_BYTES);
    assertTrue(process.account.spilled() > 0);
    drain(process, 0, 400, 5, CONTEXT_BYTES);
    process.close();
  }

  @Test
  void whatIsWrittenAfterAnErrorNeedsNothingFromBeforeIt() throws Exception {
    FaultyDisk disk = new FaultyDisk();
    TestProcess process = new TestProcess(data, SPILLING, disk);
    offer(process, 0, 150, 5, CONTEXT_BYTES);
    disk.failing(FaultyDisk.Fault.TORN_WRITE);
    offer(process, 150, 155, 5, CONTEXT_BYTES);
    disk.recovers();
    process.time.pass(Duration.ofSeconds(5));
    offer(process, 155, 300, 5, CONTEXT_BYTES);
    drain(process, 0, 300, 5, CONTEXT_BYTES);
    process.close();
  }

  @Test
  void thoseBeyondTheBoundAreWrittenWithTheirEvents() {
    int large = 64 << 10;
    int shared = ContextTable.MAX_BYTES / (large + Event.OVERHEAD_BYTES);
    int envoys = shared + 5;
    TestProcess killed = process(DURABLE);
    offer(killed, 0, 4 * envoys, envoys, large);
    long contexts = killed.folder.usedBytes() / large;
    assertEquals(shared + 4 * 5, contexts);
    killed.folder.releaseLock();
    TestProcess next = process(SPILLING);
    Map<Integer, List<byte[]>> instances = drain(next, 0, 4 * envoys, envoys, large);
    for (int envoy = 0; envoy < envoys; envoy++) {
      assertEquals(envoy < shared ? 1 : 4, instances.get(envoy).size(), "of Envoy " + envoy);
    }
  }

  @Test
  void smallOnesAreBoundedToo() {
    ContextTable table = new ContextTable();
    int count = 0;
    byte[] context;
    while (table.hasRoom(context = context(count, 8))) {
      table.add(context, ++count);
    }
    assertTrue(count < 10_000, count + " contexts");
    assertEquals(7, table.offset(context(6, 8)));
  }

  /** Written by the version before, whose blocks have their contexts in them. */
  @Test
  void aSegmentOfVersionOneIsRead() throws Exception {
    Path segment = data.resolve("pipes/logs/0/0000004294967296.segment");
    Files.createDirectories(segment.getParent());
    try (InputStream old = getClass().getResourceAsStream("version-1.segment")) {
      Files.copy(old, segment);
    }
    TestProcess process = process(TestProcess.Settings.DURABLE);
    List<Event> events = process.take();
    String[] contexts = {
      "envoy A", "envoy B, whose identifier is longer", "envoy A", "envoy A", ""
    };
    assertEquals(contexts.length, events.size());
    for (int i = 0; i < contexts.length; i++) {
      Event event = events.get(i);
      assertEquals("" + i, event.key());
      assertEquals("g", event.group());
      assertEquals(contexts[i], new String(event.context(), StandardCharsets.UTF_8));
      assertEquals("payload " + i, new String(event.parts().get(0), StandardCharsets.UTF_8));
    }
    assertSame(events.get(0).context(), events.get(2).context());
    assertEquals(0, process.folder.damagedBytes());
    process.forward();
    process.close();
    assertTrue(Files.notExists(segment));
  }

  /** A block that lost some of its events to a damaged context has the others. */
  @Test
  void aDamagedContextTakesItsEventsAndNoOthers() throws Exception {
    for (int seed = 0; seed < Rounds.COUNT; seed++) {
      Random random = new Random(seed);
      Path folder = data.resolve("seed" + seed);
      TestProcess killed = new TestProcess(folder, DURABLE, new FaultyDisk());
      List<String> others = new ArrayList<>();
      int lost = random.nextInt(5);
      for (int i = 0; i < 60; i++) {
        int envoy = random.nextInt(5);
        killed.offer(killed.event("" + i, 1000, context(envoy, 300)));
        if (envoy != lost) {
          others.add("" + i);
        }
        if (random.nextInt(8) == 0) {
          killed.time.run();
        }
      }
      killed.time.run();
      killed.folder.releaseLock();
      damage(only(folder.resolve("pipes/logs/0")), context(lost, 300), random);
      TestProcess next = new TestProcess(folder, SPILLING, new FaultyDisk());
      assertEquals(others, next.drain(), "seed " + seed);
      assertEquals(60 - others.size(), next.account.dropped(), "seed " + seed);
      next.accountBalances();
      assertEquals(0, next.account.outstanding(), "seed " + seed);
      assertEquals(0, next.memory.usedBytes(), "seed " + seed);
      next.close();
    }
  }

  private static Path only(Path folder) throws Exception {
    List<Path> files = Disk.REAL.list(folder);
    assertEquals(1, files.size());
    return files.get(0);
  }

  private static void damage(Path segment, byte[] context, Random random) throws Exception {
    byte[] bytes = Files.readAllBytes(segment);
    int found = 0;
    for (int i = 0; i + context.length <= bytes.length; i++) {
      if (Arrays.equals(bytes, i, i + context.length, context, 0, context.length)) {
        found++;
        bytes[i + random.nextInt(context.length)]++;
      }
    }
    assertEquals(1, found);
    Files.write(segment, bytes);
  }
}
