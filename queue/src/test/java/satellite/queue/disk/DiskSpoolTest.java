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

/** Into the disk and out of it again, in one life and in the next. */
class DiskSpoolTest {

  @TempDir Path data;

  private Life life(Life.Shape shape) {
    return new Life(data, shape, new FaultyDisk());
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
    Life life = life(Life.Shape.QUEUED);
    life.offer(0, 30);
    assertEquals(0, life.account.spilled());
    assertEquals(Set.of("lock"), files());
    assertEquals(numbers(0, 30), life.drain());
  }

  @Test
  void whatMemoryDoesNotHoldComesBackInOrder() throws Exception {
    Life life = life(Life.Shape.QUEUED);
    life.offer(0, 500);
    assertTrue(life.account.spilled() >= 200, life.account::toString);
    assertTrue(life.memory.usedBytes() <= 300_000);
    life.booksBalance();
    assertEquals(numbers(0, 500), life.drain());
    assertEquals(0, life.account.outstanding());
    assertEquals(0, life.account.spilled());
    assertEquals(0, life.memory.usedBytes());
    life.folder.close();
  }

  @Test
  void aDurableEventIsAcknowledgedWhenItIsOnDiskAndGoesOnFromMemory() {
    Life life = life(Life.Shape.DURABLE);
    assertTrue(life.offer(life.event("a", 1000)));
    assertEquals(Set.of(), life.acknowledged);
    life.time.run();
    assertEquals(Set.of("a"), life.acknowledged);
    assertEquals(1, life.folder.syncs());
    assertEquals(List.of("a"), life.drain());
    assertEquals(0, life.memory.usedBytes());
  }

  @Test
  void whatWasDurableComesBackAfterAKill() {
    Life killed = new Life(data, Life.Shape.DURABLE, Disk.REAL);
    killed.offer(0, 300);
    assertEquals(300, killed.acknowledged.size());
    killed.folder.letGo();
    Life next = life(Life.Shape.DURABLE);
    assertEquals(300, next.account.recovered());
    assertEquals(numbers(0, 300), next.drain());
    next.booksBalance();
  }

  @Test
  void whatIsInMemoryAtAnOrderlyEndIsKeptBeforeWhatIsOnDisk() throws Exception {
    Life first = life(Life.Shape.QUEUED);
    first.offer(0, 600);
    first.take();
    first.close();
    assertEquals(600, first.account.spilled());
    assertEquals(0, first.memory.usedBytes());
    Life next = life(Life.Shape.QUEUED);
    next.offer(600, 20);
    assertEquals(numbers(0, 620), next.drain());
    assertEquals(0, next.account.outstanding());
    next.close();
    assertEquals(Set.of("lock"), files());
  }

  @Test
  void anOrderlyEndRepeatsNothing() {
    Life first = life(Life.Shape.DURABLE);
    first.offer(0, 600);
    first.take();
    first.forward();
    first.time.pass(Duration.ofMillis(200));
    int came = first.take().size();
    assertTrue(came > 0);
    first.close();
    Life next = life(Life.Shape.DURABLE);
    List<String> rest = next.drain();
    assertEquals(numbers(600 - rest.size(), 600), rest);
    assertEquals(600, first.account.forwarded() + rest.size());
  }

  @Test
  void nothingOvertakesWhatIsOnDiskFromTheFirstMomentOn() {
    Life killed = life(Life.Shape.DURABLE);
    killed.offer(0, 10);
    killed.folder.letGo();
    // The disk thread has not had a single look yet.
    Life late = Life.notYetRecovered(data, Life.Shape.QUEUED);
    assertTrue(late.offer(late.event("10", 1000)));
    assertTrue(late.take().isEmpty());
    assertEquals(numbers(0, 11), late.drain());
  }

  @Test
  void memoryIsFlatHoweverMuchIsOnDisk() {
    Life life = life(Life.Shape.QUEUED);
    for (int i = 0; i < 8000; i++) {
      assertTrue(life.offer(life.event("" + i, 1000)), life.account::toString);
      life.time.run();
      assertTrue(life.memory.usedBytes() <= life.memory.maxBytes());
    }
    life.time.pass(Duration.ofSeconds(1));
    assertTrue(life.memory.usedBytes() <= life.memory.maxBytes() * 6 / 10);
    life.booksBalance();
    assertEquals(numbers(0, 8000), life.drain());
  }

  @Test
  void anEventThatIsLargeForMemoryComesBackToo() {
    Life life = life(Life.Shape.QUEUED.memory(400_000));
    assertTrue(life.offer(life.event("a", 210_000)));
    assertTrue(life.offer(life.event("b", 100_000)));
    life.time.pass(Duration.ofSeconds(1));
    assertTrue(life.offer(life.event("c", 80_000)));
    assertEquals(List.of("a", "b", "c"), life.drain());
    life.close();
    // Larger than all memory of a next life with less of it.
    Life before = life(Life.Shape.DURABLE);
    assertTrue(before.offer(before.event("large", 300_000)));
    assertTrue(before.offer(before.event("small", 300)));
    before.close();
    Life poor = life(Life.Shape.DURABLE.memory(100_000));
    assertEquals(List.of("large", "small"), poor.drain());
    assertEquals(0, poor.memory.usedBytes());
  }

  @Test
  void atTheBoundTheNewIsRefused() {
    Life life = life(Life.Shape.QUEUED.disk(2_000_000, 100_000));
    int accepted = 0;
    for (int i = 0; i < 5000; i++) {
      accepted += life.offer(life.event("" + i, 1000)) ? 1 : 0;
      life.time.pass(Duration.ofMillis(20));
      assertTrue(life.folder.usedBytes() <= 2_000_000);
    }
    assertTrue(accepted > 1600 && accepted < 3000, accepted + " accepted");
    assertEquals(5000 - accepted, life.account.refused());
    assertEquals(numbers(0, accepted), life.drain());
    assertEquals(0, life.account.dropped());
    assertTrue(life.offer(life.event("again", 1000)));
    assertEquals(List.of("again"), life.drain());
  }

  @Test
  void whatWaitsAtTheBoundIsKeptAtAnOrderlyEnd() {
    Life life = life(Life.Shape.QUEUED.disk(2_000_000, 100_000));
    int accepted = 0;
    for (int i = 0; i < 3000; i++) {
      accepted += life.offer(life.event("" + i, 1000)) ? 1 : 0;
      life.time.pass(Duration.ofMillis(20));
    }
    life.close();
    assertEquals(0, life.account.dropped());
    assertEquals(accepted, life.account.spilled());
    Life next = life(Life.Shape.QUEUED.disk(2_000_000, 100_000));
    assertEquals(numbers(0, accepted), next.drain());
  }

  @Test
  void atTheBoundTheOldestGiveWayWhereThatIsWanted() {
    Life life = life(Life.Shape.QUEUED.with(WhenFull.DROP_OLDEST).disk(2_000_000, 100_000));
    for (int i = 0; i < 5000; i++) {
      assertTrue(life.offer(life.event("" + i, 1000)));
      life.time.pass(Duration.ofMillis(20));
      assertTrue(life.folder.usedBytes() <= 2_000_000);
    }
    long dropped = life.account.droppedByReason().get("queue_full");
    assertTrue(dropped > 2000 && dropped < 3600, life.account::toString);
    life.booksBalance();
    List<String> came = life.drain();
    assertEquals(5000 - dropped, came.size());
    // What was in memory, and the newest.
    assertEquals("0", came.get(0));
    assertEquals("4999", came.get(came.size() - 1));
    assertEquals(5000, life.account.forwarded() + dropped);
  }

  @Test
  void aDurablePipeIsRefusedAtTheBoundAndToldWhenThereIsSpaceAgain() {
    Life life = life(Life.Shape.DURABLE.disk(1_000_000, 64 << 10));
    int accepted = 0;
    while (life.offer(life.event("" + accepted, 1000))) {
      accepted++;
      life.time.run();
    }
    assertTrue(life.queue.partition(0).diskRefuses());
    assertTrue(accepted > 700, accepted + " accepted");
    List<String> told = new ArrayList<>();
    life.queue.onSpace(() -> told.add("space"));
    assertEquals(numbers(0, accepted), life.drain());
    assertEquals(accepted, life.acknowledged.size());
    assertEquals(List.of("space"), told);
    assertFalse(life.queue.partition(0).diskRefuses());
  }

  @Test
  void fourDaysWithoutNodesKeepTheFirstHour() {
    Life life = life(Life.Shape.QUEUED.disk(4_000_000, 200_000));
    List<String> accepted = new ArrayList<>();
    for (int second = 0; second < Duration.ofDays(4).toSeconds(); second += 2) {
      String key = Integer.toString(second);
      if (life.offer(life.event(key, 1000))) {
        accepted.add(key);
      }
      life.time.pass(Duration.ofSeconds(2));
      // The next days are as the rest of this one.
      if (life.account.refused() > 100) {
        life.time.jump(Duration.ofHours(1));
        second += 3600;
      }
    }
    assertTrue(accepted.size() > 1800, accepted.size() + " accepted");
    assertEquals("3600", accepted.get(1800));
    life.booksBalance();
    assertEquals(accepted, life.drain());
    assertEquals(0, life.account.dropped());
  }

  @Test
  void theAgeIsKeptOverAnOutageAndARestart() {
    Life first = life(Life.Shape.DURABLE);
    assertTrue(first.offer(first.event("old", 1000)));
    first.time.pass(Duration.ofHours(3));
    first.close();
    Life next = new Life(data, Life.Shape.DURABLE, Disk.REAL, first.time);
    next.time.pass(Duration.ofHours(2));
    Event old = next.take().get(0);
    assertEquals(5, Duration.ofNanos(next.time.nanos() - old.receivedNanos()).toHours());
    next.forward();
  }

  @Test
  void partitionsThatAreNoLongerThereComeBackInOthers() {
    Life four = life(Life.Shape.DURABLE.partitions(4));
    for (int i = 0; i < 40; i++) {
      assertTrue(four.offer(i % 4, four.event("" + i, 1000)));
    }
    four.close();
    Life two = life(Life.Shape.DURABLE.partitions(2));
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
    Life first = life(Life.Shape.DURABLE);
    byte[][] parts = {{1}, {2}};
    Event gathered = new Event("/a/B", "k", null, new byte[0], parts, 2, 1, first.receipt("both"));
    first.queue.partition(0).offer(gathered);
    first.time.run();
    Batch whole = new Batch(first.queue.partition(0), first.queue.partition(0).poll(9, 999));
    List<Batch> halves = whole.halvesOfSingle();
    halves.get(0).done();
    first.time.pass(Duration.ofSeconds(2));
    first.folder.letGo();
    Life second = life(Life.Shape.DURABLE);
    assertEquals(2, second.account.recovered());
    second.folder.letGo();
    halves.get(1).done();
    assertEquals(Set.of("both"), first.acknowledged);
  }

  @Test
  void twoPipesShareTheDiskAndNoneTakesAll() {
    Life life = life(Life.Shape.QUEUED.disk(2_000_000, 100_000));
    MemoryQueue late =
        new MemoryQueue(
            life.queue.config(), new MemoryBudget(400_000), life.folder, "late", new Account());
    for (int i = 0; i < 3000; i++) {
      life.offer(life.event("" + i, 1000));
      life.time.pass(Duration.ofMillis(20));
    }
    long busy = life.folder.usedBytes();
    assertTrue(busy <= 1_600_000, busy + " bytes");
    for (int i = 0; i < 600; i++) {
      late.partition(0).offer(life.event("" + i, 1000));
      life.time.pass(Duration.ofMillis(20));
    }
    assertTrue(life.folder.usedBytes() > busy + 100_000);
  }

  @Test
  void aFolderBelongsToOne() {
    Life owner = life(Life.Shape.QUEUED);
    FolderInUseException refused =
        assertThrows(FolderInUseException.class, () -> life(Life.Shape.QUEUED));
    String process = "process " + ProcessHandle.current().pid() + " on ";
    assertTrue(refused.getMessage().contains(process), refused.getMessage());
    owner.close();
    life(Life.Shape.QUEUED).close();
  }

  @Test
  void pipesOfAnyNameHaveFoldersOfTheirOwn() throws Exception {
    Life life = life(Life.Shape.DURABLE);
    for (String name : List.of("../../x", "..", "a/b", "a%2Fb", "ü")) {
      MemoryQueue odd =
          new MemoryQueue(life.queue.config(), life.memory, life.folder, name, new Account());
      assertTrue(odd.partition(0).offer(life.event(name, 1000)));
    }
    life.time.run();
    assertEquals(5, life.acknowledged.size());
    try (Stream<Path> pipes = Files.list(data.resolve("pipes"))) {
      assertEquals(5, pipes.count());
    }
  }

  @Test
  void anIdleDiskHoldsNothing() throws Exception {
    Life life = life(Life.Shape.DURABLE);
    life.offer(0, 20);
    life.drain();
    life.time.pass(Duration.ofSeconds(15));
    assertEquals(Set.of("lock"), files());
    assertEquals(0, life.folder.usedBytes());
  }

  /** Else what comes next in its source would see nothing before it, and overtake it. */
  @Test
  void eventsAreInMemoryBeforeTheyAreReadAsFarAsOthersCanSee() {
    for (Life.Shape shape : List.of(Life.Shape.QUEUED, Life.Shape.DURABLE)) {
      ByHand time = new ByHand();
      Life life = new Life(data.resolve(shape.acknowledgement().name()), shape, Disk.REAL, time);
      Watching memory = new Watching();
      Spool spool = life.folder.open("watched", 0, life.queue.config(), new Account(), memory);
      memory.spool = spool;
      memory.tight = true;
      spool.add(life.event("a", 1000));
      spool.add(life.event("b", 1000));
      time.pass(Duration.ofSeconds(1));
      assertEquals(2, spool.unread());
      memory.tight = false;
      time.pass(Duration.ofSeconds(1));
      spool.add(life.event("c", 1000));
      time.pass(Duration.ofSeconds(1));
      assertEquals(List.of("back a", "back b", "on c"), memory.came);
      assertEquals(0, spool.unread());
      life.folder.letGo();
    }
  }

  private static final class Watching implements Spool.Memory {
    private final List<String> came = new ArrayList<>();
    private Spool spool;
    private boolean tight;

    @Override
    public boolean takesBack(long bytes) {
      return !tight;
    }

    @Override
    public void comesBack(Event event) {
      came.add((spool.unread() > 0 ? "back " : "too late: ") + event.key());
    }

    @Override
    public void goesOn(Event event) {
      came.add((spool.unread() > 0 ? "on " : "too late: ") + event.key());
    }

    @Override
    public void givesBack(long bytes) {}

    @Override
    public void written(int events, long bytes) {}

    @Override
    public void diskAcceptsAgain() {}
  }
}
