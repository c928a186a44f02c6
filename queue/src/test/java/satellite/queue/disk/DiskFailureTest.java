package satellite.queue.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import satellite.queue.disk.FaultyDisk.Fault;

/** A disk that fails: what is in memory goes on, and what was not promised is not lost either. */
class DiskFailureTest {

  @TempDir Path data;
  private final FaultyDisk disk = new FaultyDisk();

  private static List<String> numbers(int from, int to) {
    return IntStream.range(from, to).mapToObj(Integer::toString).toList();
  }

  @Test
  void aFullDiskLeavesAllInMemoryUntilItHasSpaceAgain() {
    for (Fault fault : List.of(Fault.WRITE, Fault.TORN_WRITE, Fault.CREATE, Fault.SYNC_FOLDER)) {
      TestProcess process =
          new TestProcess(
              data.resolve(fault.name()), TestProcess.Settings.QUEUED, disk.failing(fault));
      int accepted = 0;
      while (process.offer(process.event("" + accepted, 1000))) {
        accepted++;
        process.time.pass(Duration.ofMillis(20));
      }
      assertTrue(accepted >= 300, fault + ": " + accepted + " accepted");
      assertFalse(process.folder.isUp(), fault.name());
      process.accountBalances();
      assertEquals(
          numbers(0, 150), process.take().stream().map(e -> e.key()).toList().subList(0, 150));
      disk.recovers();
      process.time.pass(Duration.ofSeconds(5));
      assertTrue(process.folder.isUp(), fault.name());
      process.accountBalances();
      List<String> rest =
          new ArrayList<>(process.taken.get(0).events().stream().map(e -> e.key()).toList());
      process.forward();
      rest.addAll(process.drain());
      assertEquals(numbers(0, accepted), rest, fault.name());
      assertEquals(0, process.account.dropped());
      assertEquals(0, process.memory.usedBytes());
    }
  }

  @Test
  void anOrderlyEndOnAFullDiskLeavesThereWhatItHas() {
    TestProcess process = new TestProcess(data, TestProcess.Settings.DURABLE, disk);
    process.offer(0, 3);
    disk.failing(Fault.WRITE);
    assertTrue(process.offer(process.event("3", 1000)));
    process.time.run();
    assertFalse(process.folder.isUp());
    process.take();
    process.close();
    assertEquals(Map.of("disk", 1L), process.account.droppedByReason());
    assertEquals(3, process.account.spilled());
    TestProcess next = new TestProcess(data, TestProcess.Settings.DURABLE, new FaultyDisk());
    assertEquals(numbers(0, 3), next.drain());
  }

  @Test
  void aFailedSyncFailsTheReceiptAndTheEventGoesOn() {
    for (Fault fault : List.of(Fault.SYNC, Fault.WRITE, Fault.TORN_WRITE)) {
      TestProcess process =
          new TestProcess(data.resolve(fault.name()), TestProcess.Settings.DURABLE, disk);
      process.offer(0, 3);
      disk.failing(fault);
      assertTrue(process.offer(process.event("3", 1000)));
      process.time.run();
      assertEquals(Set.of("0", "1", "2"), process.acknowledged, fault.name());
      assertEquals(List.of("3 disk"), process.failed, fault.name());
      assertFalse(process.offer(process.event("4", 1000)), "refused while nothing can be promised");
      assertTrue(process.queue.partition(0).diskRefuses());
      assertEquals(numbers(0, 4), process.drain(), fault.name());
      disk.recovers();
      process.time.pass(Duration.ofSeconds(5));
      process.offer(5, 1);
      assertTrue(process.acknowledged.contains("5"));
      assertEquals(List.of("5"), process.drain());
      assertEquals(0, process.account.dropped());
      assertEquals(0, process.memory.usedBytes());
      process.close();
      assertEquals(0, process.folder.usedBytes(), fault.name());
    }
  }

  @Test
  void whatCouldNotBeSyncedStaysBehindWhatIsOnDisk() {
    TestProcess process = new TestProcess(data, TestProcess.Settings.DURABLE, disk);
    process.offer(0, 600);
    disk.failing(Fault.SYNC);
    assertTrue(process.offer(process.event("600", 1000)));
    process.time.run();
    assertEquals(List.of("600 disk"), process.failed);
    process.accountBalances();
    disk.recovers();
    assertEquals(numbers(0, 601), process.drain());
    assertEquals(601, process.account.forwarded());
  }

  @Test
  void aReadErrorThatPassesCostsNothing() {
    TestProcess process = new TestProcess(data, TestProcess.Settings.QUEUED, disk);
    process.offer(0, 900);
    disk.failing(Fault.READ);
    process.take();
    process.forward();
    process.time.pass(Duration.ofMillis(500));
    disk.recovers();
    process.time.pass(Duration.ofSeconds(2));
    List<String> came = process.drain();
    assertEquals(900, process.account.forwarded(), came::toString);
    assertTrue(process.folder.isUp());
    assertTrue(process.folder.lastError().contains("READ failed"), process.folder.lastError());
  }

  @Test
  void aSegmentThatCannotBeReadIsSetAsideAndTheOthersAreUsed() throws Exception {
    TestProcess process =
        new TestProcess(data, TestProcess.Settings.QUEUED.disk(10_000_000, 65_536), disk);
    process.offer(0, 900);
    disk.failing(Fault.READ);
    process.take();
    process.forward();
    process.time.pass(Duration.ofMillis(2500));
    disk.recovers();
    process.time.pass(Duration.ofSeconds(3));
    process.drain();
    long dropped = process.account.droppedByReason().get("damaged");
    assertTrue(dropped > 0 && dropped < 200, process.account::toString);
    assertEquals(900, process.account.forwarded() + dropped);
    assertEquals(0, process.account.outstanding());
    assertEquals(1, new Disk.Real().list(data.resolve("damaged")).size());
    assertTrue(process.folder.damagedBytes() > 0);
  }

  @Test
  void aSegmentThatWasSetAsideNoLongerCountsThoughItsListCouldNotBeDeleted() {
    TestProcess process =
        new TestProcess(data, TestProcess.Settings.QUEUED.disk(10_000_000, 65_536), disk);
    process.offer(0, 900);
    disk.failing(Fault.READ, Fault.DELETE);
    process.take();
    process.forward();
    process.time.pass(Duration.ofMillis(2500));
    disk.recovers();
    process.time.pass(Duration.ofSeconds(3));
    process.drain();
    assertTrue(process.account.dropped() > 0, process.account::toString);
    process.time.pass(Duration.ofSeconds(15));
    assertEquals(0, process.folder.usedBytes());
  }

  @Test
  void filesThatCannotBeDeletedAreDeletedLater() throws Exception {
    TestProcess process =
        new TestProcess(
            data, TestProcess.Settings.QUEUED.disk(10_000_000, 65_536), disk.failing(Fault.DELETE));
    process.offer(0, 600);
    assertEquals(numbers(0, 600), process.drain());
    assertTrue(process.folder.usedBytes() > 100_000);
    disk.recovers();
    process.time.pass(Duration.ofSeconds(15));
    assertEquals(0, process.folder.usedBytes());
    assertEquals(List.of(), new Disk.Real().list(data.resolve("pipes/logs/0")));
  }

  @Test
  void aFolderThatCannotBeUsedIsNoReasonNotToStart() throws Exception {
    Path file = Files.writeString(data.resolve("file"), "not a folder");
    TestProcess process =
        new TestProcess(file.resolve("data"), TestProcess.Settings.QUEUED, Disk.REAL);
    assertFalse(process.folder.isUp());
    process.offer(0, 30);
    assertEquals(numbers(0, 30), process.drain());
    // It becomes usable, and an earlier Satellite left something in it.
    Files.delete(file);
    TestProcess earlier =
        new TestProcess(file.resolve("data"), TestProcess.Settings.DURABLE, Disk.REAL);
    earlier.offer(100, 5);
    earlier.close();
    process.time.pass(Duration.ofSeconds(5));
    assertTrue(process.folder.isUp());
    assertEquals(numbers(100, 105), process.drain());
    process.close();
  }

  @Test
  void aReadOnlyDiskRefusesOnlyWhatIsDurable() {
    disk.failing(Fault.FOLDERS, Fault.CREATE, Fault.APPEND, Fault.WRITE);
    TestProcess durable = new TestProcess(data.resolve("a"), TestProcess.Settings.DURABLE, disk);
    assertFalse(durable.offer(durable.event("0", 1000)));
    TestProcess queued = new TestProcess(data.resolve("b"), TestProcess.Settings.QUEUED, disk);
    queued.offer(0, 30);
    assertEquals(numbers(0, 30), queued.drain());
  }

  @Test
  void whatCannotBeKeptIsDroppedWithAName() {
    TestProcess process = new TestProcess(data, TestProcess.Settings.QUEUED, disk);
    process.offer(0, 500);
    disk.failing(Fault.WRITE);
    process.close();
    assertTrue(process.account.droppedByReason().get("disk") > 0, process.account::toString);
    assertEquals(
        500, process.account.dropped() + process.account.spilled(), process.account::toString);
    assertEquals(0, process.memory.usedBytes());
    assertEquals(
        process.account.spilled(),
        new TestProcess(data, TestProcess.Settings.QUEUED, disk).drain().size());
  }

  /** Whatever fails and whenever: each event is forwarded or counted, and memory is free. */
  @Test
  void randomFaultsLoseNothingThatIsNotCounted() {
    for (int seed = 0; seed < Rounds.COUNT; seed++) {
      Random random = new Random(seed);
      TestProcess.Settings settings =
          random.nextBoolean() ? TestProcess.Settings.QUEUED : TestProcess.Settings.DURABLE;
      FaultyDisk faulty = new FaultyDisk();
      TestProcess process =
          new TestProcess(data.resolve("round" + seed), settings.disk(1_000_000, 65_536), faulty);
      int next = 0;
      for (int step = 0; step < 60; step++) {
        switch (random.nextInt(6)) {
          case 0 -> faulty.failing(Fault.values()[random.nextInt(Fault.values().length)]);
          case 1, 2 -> faulty.recovers();
          case 3 -> {
            process.take();
            process.forward();
          }
          default -> {
            for (int i = random.nextInt(200); i > 0; i--) {
              byte[] context = {1, (byte) (next % 5)};
              process.offer(process.event("" + next++, 200 + random.nextInt(2000), context));
            }
          }
        }
        process.time.pass(Duration.ofMillis(random.nextInt(1500)));
        process.accountBalances();
      }
      faulty.recovers();
      process.time.pass(Duration.ofSeconds(5));
      process.drain();
      process.time.pass(Duration.ofSeconds(15));
      process.drain();
      String round = "seed " + seed + ": " + process.account;
      assertEquals(0, process.account.outstanding(), round);
      assertEquals(0, process.account.spilled(), round);
      assertEquals(0, process.memory.usedBytes(), round);
      assertEquals(0, process.queue.partition(0).events(), round);
      assertEquals(0, process.folder.usedBytes(), round);
      process.close();
    }
  }
}
