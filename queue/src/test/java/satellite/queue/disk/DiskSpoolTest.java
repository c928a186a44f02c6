package satellite.queue.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import satellite.queue.Account;
import satellite.queue.Batch;
import satellite.queue.Event;
import satellite.queue.MemoryBudget;
import satellite.queue.MemoryQueue;
import satellite.queue.QueueConfig.WhenFull;
import satellite.queue.Spool;

/** Into the disk and out of it again, in one process and in the next. */
class DiskSpoolTest {

  @TempDir Path data;

  private TestProcess process(TestProcess.Settings settings) {
    return new TestProcess(data, settings, new FaultyDisk());
  }

  private static List<String> numbers(int from, int to) {
    return IntStream.range(from, to).mapToObj(Integer::toString).toList();
  }

  private Set<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(data)) {
      return all.filter(Files::isRegularFile)
          .map(file -> data.relativize(file).toString())
          .collect(Collectors.toSet());
    }
  }

  @Test
  void touchesNoDiskWhileMemoryHasRoom() throws Exception {
    TestProcess process = process(TestProcess.Settings.QUEUED);
    process.offer(0, 30);
    assertEquals(0, process.account.spilled());
    assertEquals(Set.of("lock"), files());
    assertEquals(numbers(0, 30), process.drain());
  }

  @Test
  void whatMemoryDoesNotHoldComesBackInOrder() throws Exception {
    TestProcess process = process(TestProcess.Settings.QUEUED);
    process.offer(0, 500);
    assertTrue(process.account.spilled() >= 200, process.account::toString);
    assertTrue(process.memory.usedBytes() <= 300_000);
    process.accountBalances();
    assertEquals(numbers(0, 500), process.drain());
    assertEquals(0, process.account.outstanding());
    assertEquals(0, process.account.spilled());
    assertEquals(0, process.memory.usedBytes());
    process.folder.close();
  }

  @Test
  void aDurableEventIsAcknowledgedWhenItIsOnDiskAndGoesOnFromMemory() {
    TestProcess process = process(TestProcess.Settings.DURABLE);
    assertTrue(process.offer(process.event("a", 1000)));
    assertEquals(Set.of(), process.acknowledged);
    process.time.run();
    assertEquals(Set.of("a"), process.acknowledged);
    assertEquals(1, process.folder.syncs());
    assertEquals(List.of("a"), process.drain());
    assertEquals(0, process.memory.usedBytes());
  }

  @Test
  void whatWasDurableComesBackAfterAKill() {
    TestProcess killed = new TestProcess(data, TestProcess.Settings.DURABLE, Disk.REAL);
    killed.offer(0, 300);
    assertEquals(300, killed.acknowledged.size());
    killed.folder.releaseLock();
    TestProcess next = process(TestProcess.Settings.DURABLE);
    assertEquals(300, next.account.recovered());
    assertEquals(numbers(0, 300), next.drain());
    next.accountBalances();
  }

  @Test
  void whatIsInMemoryAtAnOrderlyEndIsKeptBeforeWhatIsOnDisk() throws Exception {
    TestProcess first = process(TestProcess.Settings.QUEUED);
    first.offer(0, 600);
    first.take();
    first.close();
    assertEquals(600, first.account.spilled());
    assertEquals(0, first.memory.usedBytes());
    TestProcess next = process(TestProcess.Settings.QUEUED);
    next.offer(600, 20);
    assertEquals(numbers(0, 620), next.drain());
    assertEquals(0, next.account.outstanding());
    next.close();
    assertEquals(Set.of("lock"), files());
  }

  @Test
  void anOrderlyEndRepeatsNothing() {
    TestProcess first = process(TestProcess.Settings.DURABLE);
    first.offer(0, 600);
    first.take();
    first.forward();
    first.time.pass(Duration.ofMillis(200));
    int came = first.take().size();
    assertTrue(came > 0);
    first.close();
    TestProcess next = process(TestProcess.Settings.DURABLE);
    List<String> rest = next.drain();
    assertEquals(numbers(600 - rest.size(), 600), rest);
    assertEquals(600, first.account.forwarded() + rest.size());
  }

  @Test
  void nothingOvertakesWhatIsOnDiskFromTheFirstMomentOn() {
    TestProcess killed = process(TestProcess.Settings.DURABLE);
    killed.offer(0, 10);
    killed.folder.releaseLock();
    // The disk thread has not had a single look yet.
    TestProcess late = TestProcess.notYetRecovered(data, TestProcess.Settings.QUEUED);
    assertTrue(late.offer(late.event("10", 1000)));
    assertTrue(late.take().isEmpty());
    assertEquals(numbers(0, 11), late.drain());
  }

  @Test
  void memoryIsFlatHoweverMuchIsOnDisk() {
    TestProcess process = process(TestProcess.Settings.QUEUED);
    for (int i = 0; i < 8000; i++) {
      assertTrue(process.offer(process.event("" + i, 1000)), process.account::toString);
      process.time.run();
      assertTrue(process.memory.usedBytes() <= process.memory.maxBytes());
    }
    process.time.pass(Duration.ofSeconds(1));
    assertTrue(process.memory.usedBytes() <= process.memory.maxBytes() * 6 / 10);
    process.accountBalances();
    assertEquals(numbers(0, 8000), process.drain());
  }

  @Test
  void anEventThatIsLargeForMemoryComesBackToo() {
    TestProcess process = process(TestProcess.Settings.QUEUED.memory(400_000));
    assertTrue(process.offer(process.event("a", 210_000)));
    assertTrue(process.offer(process.event("b", 100_000)));
    process.time.pass(Duration.ofSeconds(1));
    assertTrue(process.offer(process.event("c", 80_000)));
    assertEquals(List.of("a", "b", "c"), process.drain());
    process.close();
    // Larger than all memory of a next process with less of it.
    TestProcess before = process(TestProcess.Settings.DURABLE);
    assertTrue(before.offer(before.event("large", 300_000)));
    assertTrue(before.offer(before.event("small", 300)));
    before.close();
    TestProcess poor = process(TestProcess.Settings.DURABLE.memory(100_000));
    assertEquals(List.of("large", "small"), poor.drain());
    assertEquals(0, poor.memory.usedBytes());
  }

  @Test
  void atTheBoundTheNewIsRefused() {
    TestProcess process = process(TestProcess.Settings.QUEUED.disk(2_000_000, 100_000));
    int accepted = 0;
    for (int i = 0; i < 5000; i++) {
      accepted += process.offer(process.event("" + i, 1000)) ? 1 : 0;
      process.time.pass(Duration.ofMillis(20));
      assertTrue(process.folder.usedBytes() <= 2_000_000);
    }
    assertTrue(accepted > 1600 && accepted < 3000, accepted + " accepted");
    assertEquals(5000 - accepted, process.account.refused());
    assertEquals(numbers(0, accepted), process.drain());
    assertEquals(0, process.account.dropped());
    assertTrue(process.offer(process.event("again", 1000)));
    assertEquals(List.of("again"), process.drain());
  }

  @Test
  void whatWaitsAtTheBoundIsKeptAtAnOrderlyEnd() {
    TestProcess process = process(TestProcess.Settings.QUEUED.disk(2_000_000, 100_000));
    int accepted = 0;
    for (int i = 0; i < 3000; i++) {
      accepted += process.offer(process.event("" + i, 1000)) ? 1 : 0;
      process.time.pass(Duration.ofMillis(20));
    }
    process.close();
    assertEquals(0, process.account.dropped());
    assertEquals(accepted, process.account.spilled());
    TestProcess next = process(TestProcess.Settings.QUEUED.disk(2_000_000, 100_000));
    assertEquals(numbers(0, accepted), next.drain());
  }

  @Test
  void atTheBoundTheOldestGiveWayWhereThatIsWanted() {
    TestProcess process =
        process(TestProcess.Settings.QUEUED.with(WhenFull.DROP_OLDEST).disk(2_000_000, 100_000));
    for (int i = 0; i < 5000; i++) {
      assertTrue(process.offer(process.event("" + i, 1000)));
      process.time.pass(Duration.ofMillis(20));
      assertTrue(process.folder.usedBytes() <= 2_000_000);
    }
    long dropped = process.account.droppedByReason().get("queue_full");
    assertTrue(dropped > 2000 && dropped < 3600, process.account::toString);
    process.accountBalances();
    List<String> came = process.drain();
    assertEquals(5000 - dropped, came.size());
    // What was in memory, and the newest.
    assertEquals("0", came.get(0));
    assertEquals("4999", came.get(came.size() - 1));
    assertEquals(5000, process.account.forwarded() + dropped);
  }

  @Test
  void aDurablePipeIsRefusedAtTheBoundAndToldWhenThereIsSpaceAgain() {
    TestProcess process = process(TestProcess.Settings.DURABLE.disk(1_000_000, 64 << 10));
    int accepted = 0;
    while (process.offer(process.event("" + accepted, 1000))) {
      accepted++;
      process.time.run();
    }
    assertTrue(process.queue.partition(0).diskRefuses());
    assertTrue(accepted > 700, accepted + " accepted");
    List<String> told = new ArrayList<>();
    process.queue.onSpace(() -> told.add("space"));
    assertEquals(numbers(0, accepted), process.drain());
    assertEquals(accepted, process.acknowledged.size());
    assertEquals(List.of("space"), told);
    assertFalse(process.queue.partition(0).diskRefuses());
  }

  @Test
  void fourDaysWithoutNodesKeepTheFirstHour() {
    TestProcess process = process(TestProcess.Settings.QUEUED.disk(4_000_000, 200_000));
    List<String> accepted = new ArrayList<>();
    for (int second = 0; second < Duration.ofDays(4).toSeconds(); second += 2) {
      String key = Integer.toString(second);
      if (process.offer(process.event(key, 1000))) {
        accepted.add(key);
      }
      process.time.pass(Duration.ofSeconds(2));
      // The next days are as the rest of this one.
      if (process.account.refused() > 100) {
        process.time.jump(Duration.ofHours(1));
        second += 3600;
      }
    }
    assertTrue(accepted.size() > 1800, accepted.size() + " accepted");
    assertEquals("3600", accepted.get(1800));
    process.accountBalances();
    assertEquals(accepted, process.drain());
    assertEquals(0, process.account.dropped());
  }

  @Test
  void theAgeIsKeptOverAnOutageAndARestart() {
    TestProcess first = process(TestProcess.Settings.DURABLE);
    assertTrue(first.offer(first.event("old", 1000)));
    first.time.pass(Duration.ofHours(3));
    first.close();
    TestProcess next = new TestProcess(data, TestProcess.Settings.DURABLE, Disk.REAL, first.time);
    next.time.pass(Duration.ofHours(2));
    Event old = next.take().get(0);
    assertEquals(5, Duration.ofNanos(next.time.nanos() - old.receivedNanos()).toHours());
    next.forward();
  }

  @Test
  void partitionsThatAreNoLongerThereComeBackInOthers() {
    TestProcess four = process(TestProcess.Settings.DURABLE.partitions(4));
    for (int i = 0; i < 40; i++) {
      assertTrue(four.offer(i % 4, four.event("" + i, 1000)));
    }
    four.close();
    TestProcess two = process(TestProcess.Settings.DURABLE.partitions(2));
    assertEquals(40, two.account.recovered());
    two.time.pass(Duration.ofSeconds(1));
    List<String> odd = keys(two.queue.partition(1).poll(100, Long.MAX_VALUE));
    assertTrue(odd.stream().allMatch(key -> Integer.parseInt(key) % 2 == 1), odd::toString);
    assertEquals(20, odd.size());
  }

  private static List<String> keys(List<Event> events) {
    return events.stream().map(Event::key).toList();
  }

  @Test
  void halvesOfAnEventAreOneOnDisk() {
    TestProcess first = process(TestProcess.Settings.DURABLE);
    byte[][] parts = {{1}, {2}};
    Event gathered = new Event("/a/B", "k", null, new byte[0], parts, 2, 1, first.receipt("both"));
    first.queue.partition(0).offer(gathered);
    first.time.run();
    Batch whole = new Batch(first.queue.partition(0), first.queue.partition(0).poll(9, 999));
    List<Batch> halves = whole.splitEvent();
    halves.get(0).done();
    first.time.pass(Duration.ofSeconds(2));
    first.folder.releaseLock();
    TestProcess second = process(TestProcess.Settings.DURABLE);
    assertEquals(2, second.account.recovered());
    second.folder.releaseLock();
    halves.get(1).done();
    assertEquals(Set.of("both"), first.acknowledged);
  }

  @Test
  void twoPipesShareTheDiskAndNoneTakesAll() {
    TestProcess process = process(TestProcess.Settings.QUEUED.disk(2_000_000, 100_000));
    MemoryQueue late =
        new MemoryQueue(
            process.queue.config(),
            new MemoryBudget(400_000),
            process.folder,
            "late",
            new Account());
    for (int i = 0; i < 3000; i++) {
      process.offer(process.event("" + i, 1000));
      process.time.pass(Duration.ofMillis(20));
    }
    long busy = process.folder.usedBytes();
    assertTrue(busy <= 1_600_000, busy + " bytes");
    for (int i = 0; i < 600; i++) {
      late.partition(0).offer(process.event("" + i, 1000));
      process.time.pass(Duration.ofMillis(20));
    }
    assertTrue(process.folder.usedBytes() > busy + 100_000);
  }

  @Test
  void aFolderBelongsToOne() {
    TestProcess owner = process(TestProcess.Settings.QUEUED);
    FolderInUseException refused =
        assertThrows(FolderInUseException.class, () -> process(TestProcess.Settings.QUEUED));
    String process = "process " + ProcessHandle.current().pid() + " on ";
    assertTrue(refused.getMessage().contains(process), refused.getMessage());
    owner.close();
    process(TestProcess.Settings.QUEUED).close();
  }

  @Test
  void pipesOfAnyNameHaveFoldersOfTheirOwn() throws Exception {
    TestProcess process = process(TestProcess.Settings.DURABLE);
    for (String name : List.of("../../x", "..", "a/b", "a%2Fb", "ü")) {
      MemoryQueue odd =
          new MemoryQueue(
              process.queue.config(), process.memory, process.folder, name, new Account());
      assertTrue(odd.partition(0).offer(process.event(name, 1000)));
    }
    process.time.run();
    assertEquals(5, process.acknowledged.size());
    try (Stream<Path> pipes = Files.list(data.resolve("pipes"))) {
      assertEquals(5, pipes.count());
    }
  }

  @Test
  void anIdleDiskHoldsNothing() throws Exception {
    TestProcess process = process(TestProcess.Settings.DURABLE);
    process.offer(0, 20);
    process.drain();
    process.time.pass(Duration.ofSeconds(15));
    assertEquals(Set.of("lock"), files());
    assertEquals(0, process.folder.usedBytes());
  }

  /** Else what comes next in its source would see nothing before it, and overtake it. */
  @Test
  void eventsAreInMemoryBeforeTheyAreReadAsFarAsOthersCanSee() {
    for (TestProcess.Settings settings :
        List.of(TestProcess.Settings.QUEUED, TestProcess.Settings.DURABLE)) {
      ManualDiskThread time = new ManualDiskThread();
      TestProcess process =
          new TestProcess(
              data.resolve(settings.acknowledgement().name()), settings, Disk.REAL, time);
      RecordingMemory memory = new RecordingMemory();
      Spool spool =
          process.folder.open("watched", 0, process.queue.config(), new Account(), memory);
      memory.spool = spool;
      memory.tight = true;
      spool.add(process.event("a", 1000));
      spool.add(process.event("b", 1000));
      time.pass(Duration.ofSeconds(1));
      assertEquals(2, spool.unread());
      memory.tight = false;
      time.pass(Duration.ofSeconds(1));
      spool.add(process.event("c", 1000));
      time.pass(Duration.ofSeconds(1));
      assertEquals(List.of("back a", "back b", "on c"), memory.came);
      assertEquals(0, spool.unread());
      process.folder.releaseLock();
    }
  }

  private static final class RecordingMemory implements Spool.Memory {
    private final List<String> came = new ArrayList<>();
    private Spool spool;
    private boolean tight;

    @Override
    public boolean tryReserve(long bytes) {
      return !tight;
    }

    @Override
    public void enqueueReadBack(Event event) {
      came.add((spool.unread() > 0 ? "back " : "too late: ") + event.key());
    }

    @Override
    public void enqueueDirectly(Event event) {
      came.add((spool.unread() > 0 ? "on " : "too late: ") + event.key());
    }

    @Override
    public void release(long bytes) {}

    @Override
    public void written(int events, long bytes) {}

    @Override
    public void acceptsAgain() {}
  }
}
