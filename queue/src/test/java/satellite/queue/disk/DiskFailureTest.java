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
      Life life = new Life(data.resolve(fault.name()), Life.Shape.QUEUED, disk.failing(fault));
      int accepted = 0;
      while (life.offer(life.event("" + accepted, 1000))) {
        accepted++;
        life.time.pass(Duration.ofMillis(20));
      }
      assertTrue(accepted >= 300, fault + ": " + accepted + " accepted");
      assertFalse(life.folder.isUp(), fault.name());
      life.booksBalance();
      assertEquals(
          numbers(0, 150), life.take().stream().map(e -> e.key()).toList().subList(0, 150));
      disk.recovers();
      life.time.pass(Duration.ofSeconds(5));
      assertTrue(life.folder.isUp(), fault.name());
      life.booksBalance();
      List<String> rest =
          new ArrayList<>(life.taken.get(0).events().stream().map(e -> e.key()).toList());
      life.forward();
      rest.addAll(life.drain());
      assertEquals(numbers(0, accepted), rest, fault.name());
      assertEquals(0, life.account.dropped());
      assertEquals(0, life.memory.usedBytes());
    }
  }

  @Test
  void anOrderlyEndOnAFullDiskLeavesThereWhatItHas() {
    Life life = new Life(data, Life.Shape.DURABLE, disk);
    life.offer(0, 3);
    disk.failing(Fault.WRITE);
    assertTrue(life.offer(life.event("3", 1000)));
    life.time.run();
    assertFalse(life.folder.isUp());
    life.take();
    life.close();
    assertEquals(Map.of("disk", 1L), life.account.droppedByReason());
    assertEquals(3, life.account.spilled());
    Life next = new Life(data, Life.Shape.DURABLE, new FaultyDisk());
    assertEquals(numbers(0, 3), next.drain());
  }

  @Test
  void aFailedSyncFailsTheReceiptAndTheEventGoesOn() {
    for (Fault fault : List.of(Fault.SYNC, Fault.WRITE, Fault.TORN_WRITE)) {
      Life life = new Life(data.resolve(fault.name()), Life.Shape.DURABLE, disk);
      life.offer(0, 3);
      disk.failing(fault);
      assertTrue(life.offer(life.event("3", 1000)));
      life.time.run();
      assertEquals(Set.of("0", "1", "2"), life.acknowledged, fault.name());
      assertEquals(List.of("3 disk"), life.failed, fault.name());
      assertFalse(life.offer(life.event("4", 1000)), "refused while nothing can be promised");
      assertTrue(life.queue.partition(0).diskRefuses());
      assertEquals(numbers(0, 4), life.drain(), fault.name());
      disk.recovers();
      life.time.pass(Duration.ofSeconds(5));
      life.offer(5, 1);
      assertTrue(life.acknowledged.contains("5"));
      assertEquals(List.of("5"), life.drain());
      assertEquals(0, life.account.dropped());
      assertEquals(0, life.memory.usedBytes());
      life.close();
      assertEquals(0, life.folder.usedBytes(), fault.name());
    }
  }

  @Test
  void whatCouldNotBeSyncedStaysBehindWhatIsOnDisk() {
    Life life = new Life(data, Life.Shape.DURABLE, disk);
    life.offer(0, 600);
    disk.failing(Fault.SYNC);
    assertTrue(life.offer(life.event("600", 1000)));
    life.time.run();
    assertEquals(List.of("600 disk"), life.failed);
    life.booksBalance();
    disk.recovers();
    assertEquals(numbers(0, 601), life.drain());
    assertEquals(601, life.account.forwarded());
  }

  @Test
  void aReadErrorThatPassesCostsNothing() {
    Life life = new Life(data, Life.Shape.QUEUED, disk);
    life.offer(0, 900);
    disk.failing(Fault.READ);
    life.take();
    life.forward();
    life.time.pass(Duration.ofMillis(500));
    disk.recovers();
    life.time.pass(Duration.ofSeconds(2));
    List<String> came = life.drain();
    assertEquals(900, life.account.forwarded(), came::toString);
    assertTrue(life.folder.isUp());
    assertTrue(life.folder.lastError().contains("READ failed"), life.folder.lastError());
  }

  @Test
  void aSegmentThatCannotBeReadIsSetAsideAndTheOthersAreUsed() throws Exception {
    Life life = new Life(data, Life.Shape.QUEUED.disk(10_000_000, 65_536), disk);
    life.offer(0, 900);
    disk.failing(Fault.READ);
    life.take();
    life.forward();
    life.time.pass(Duration.ofMillis(2500));
    disk.recovers();
    life.time.pass(Duration.ofSeconds(3));
    life.drain();
    long dropped = life.account.droppedByReason().get("damaged");
    assertTrue(dropped > 0 && dropped < 200, life.account::toString);
    assertEquals(900, life.account.forwarded() + dropped);
    assertEquals(0, life.account.outstanding());
    assertEquals(1, new Disk.Real().list(data.resolve("damaged")).size());
    assertTrue(life.folder.damagedBytes() > 0);
  }

  @Test
  void filesThatCannotBeDeletedAreDeletedLater() throws Exception {
    Life life =
        new Life(data, Life.Shape.QUEUED.disk(10_000_000, 65_536), disk.failing(Fault.DELETE));
    life.offer(0, 600);
    assertEquals(numbers(0, 600), life.drain());
    assertTrue(life.folder.usedBytes() > 100_000);
    disk.recovers();
    life.time.pass(Duration.ofSeconds(15));
    assertEquals(0, life.folder.usedBytes());
    assertEquals(List.of(), new Disk.Real().list(data.resolve("pipes/logs/0")));
  }

  @Test
  void aFolderThatCannotBeUsedIsNoReasonNotToStart() throws Exception {
    Path file = Files.writeString(data.resolve("file"), "not a folder");
    Life life = new Life(file.resolve("data"), Life.Shape.QUEUED, Disk.REAL);
    assertFalse(life.folder.isUp());
    life.offer(0, 30);
    assertEquals(numbers(0, 30), life.drain());
    // It becomes usable, and an earlier Satellite left something in it.
    Files.delete(file);
    Life earlier = new Life(file.resolve("data"), Life.Shape.DURABLE, Disk.REAL);
    earlier.offer(100, 5);
    earlier.close();
    life.time.pass(Duration.ofSeconds(5));
    assertTrue(life.folder.isUp());
    assertEquals(numbers(100, 105), life.drain());
    life.close();
  }

  @Test
  void aReadOnlyDiskRefusesOnlyWhatIsDurable() {
    disk.failing(Fault.FOLDERS, Fault.CREATE, Fault.APPEND, Fault.WRITE);
    Life durable = new Life(data.resolve("a"), Life.Shape.DURABLE, disk);
    assertFalse(durable.offer(durable.event("0", 1000)));
    Life queued = new Life(data.resolve("b"), Life.Shape.QUEUED, disk);
    queued.offer(0, 30);
    assertEquals(numbers(0, 30), queued.drain());
  }

  @Test
  void whatCannotBeKeptIsDroppedWithAName() {
    Life life = new Life(data, Life.Shape.QUEUED, disk);
    life.offer(0, 500);
    disk.failing(Fault.WRITE);
    life.close();
    assertTrue(life.account.droppedByReason().get("disk") > 0, life.account::toString);
    assertEquals(500, life.account.dropped() + life.account.spilled(), life.account::toString);
    assertEquals(0, life.memory.usedBytes());
    assertEquals(life.account.spilled(), new Life(data, Life.Shape.QUEUED, disk).drain().size());
  }

  /** Whatever fails and whenever: each event is forwarded or counted, and memory is free. */
  @Test
  void randomFaultsLoseNothingThatIsNotCounted() {
    for (int seed = 0; seed < Rounds.COUNT; seed++) {
      Random random = new Random(seed);
      Life.Shape shape = random.nextBoolean() ? Life.Shape.QUEUED : Life.Shape.DURABLE;
      FaultyDisk faulty = new FaultyDisk();
      Life life = new Life(data.resolve("round" + seed), shape.disk(1_000_000, 65_536), faulty);
      int next = 0;
      for (int step = 0; step < 60; step++) {
        switch (random.nextInt(6)) {
          case 0 -> faulty.failing(Fault.values()[random.nextInt(Fault.values().length)]);
          case 1, 2 -> faulty.recovers();
          case 3 -> {
            life.take();
            life.forward();
          }
          default -> {
            for (int i = random.nextInt(200); i > 0; i--) {
              life.offer(life.event("" + next++, 200 + random.nextInt(2000)));
            }
          }
        }
        life.time.pass(Duration.ofMillis(random.nextInt(1500)));
        life.booksBalance();
      }
      faulty.recovers();
      life.time.pass(Duration.ofSeconds(5));
      life.drain();
      life.time.pass(Duration.ofSeconds(15));
      life.drain();
      String round = "seed " + seed + ": " + life.account;
      assertEquals(0, life.account.outstanding(), round);
      assertEquals(0, life.account.spilled(), round);
      assertEquals(0, life.memory.usedBytes(), round);
      assertEquals(0, life.queue.partition(0).events(), round);
      assertEquals(0, life.folder.usedBytes(), round);
      life.close();
    }
  }
}
