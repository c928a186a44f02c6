package satellite.queue.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Into the disk and out of it again, in one life and in the next. */
class DiskSpoolTest {

  @TempDir Path data;

  private Life life(Life.Shape shape) {
    return new Life(data, shape);
  }

  private static List<String> numbers(int from, int to) {
    return IntStream.range(from, to).mapToObj(Integer::toString).toList();
  }

  private Set<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(data)) {
      return all.filter(Files::isRegularFile)
          .map(file -> data.relativize(file).toString())
          .collect(java.util.stream.Collectors.toSet());
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
    Life killed = life(Life.Shape.DURABLE);
    killed.offer(0, 300);
    assertEquals(300, killed.acknowledged.size());
    kill(killed);
    Life next = life(Life.Shape.DURABLE);
    assertEquals(300, next.account.recovered());
    assertEquals(numbers(0, 300), next.drain());
    next.booksBalance();
  }

  /** As far as others can see. */
  private void kill(Life life) {
    life.folder.letGo();
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
}
