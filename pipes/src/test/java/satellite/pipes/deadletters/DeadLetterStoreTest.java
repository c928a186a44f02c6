package satellite.pipes.deadletters;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import satellite.queue.DeadLetter;
import satellite.queue.Event;

/** What a node refused is on disk, within the bounds, whatever happens to the disk. */
class DeadLetterStoreTest extends DeadLettersFixture {

  @Test
  void everyFieldComesBackAsItWas() throws Exception {
    Random random = new Random(5);
    byte[] context = new byte[37];
    byte[] first = new byte[1000];
    random.nextBytes(context);
    random.nextBytes(first);
    pass(Duration.ofMinutes(10));
    long received = nanos - Duration.ofMinutes(3).toNanos();
    Event event =
        new Event(
            LOGS,
            "shop\u0000shop-1",
            "group \"größe\"\n日志 😀 \u2028",
            context,
            new byte[][] {first, {}, {1, 2}},
            7,
            received);
    DeadLetter dead =
        new DeadLetter(clock.instant(), "logpipe", "10.0.0.1:11800", "internal", "no\tway", event);
    DeadLetterStore store = started();
    assertTrue(store.add(dead, () -> {}));
    thread.settle();
    StoredDeadLetter letter = letters().get(0);
    assertEquals(dead.time(), letter.time());
    assertEquals(START.plus(Duration.ofMinutes(7)), letter.received());
    assertEquals(dead.pipe(), letter.pipe());
    assertEquals(dead.node(), letter.node());
    assertEquals(dead.reason(), letter.reason());
    assertEquals(dead.detail(), letter.detail());
    Event back = letter.event(5);
    assertEquals(event.method(), back.method());
    assertEquals(event.key(), back.key());
    assertEquals(event.group(), back.group());
    assertArrayEquals(event.context(), back.context());
    assertArrayEquals(event.parts().toArrays(), back.parts().toArrays());
    assertEquals(7, back.messages());
    assertEquals(5, back.receivedNanos());
    assertEquals(1, store.count());
    assertEquals(Files.size(files(".jsonl").get(0)), store.bytes());
  }

  @Test
  void whatIsNullComesBackAsNull() throws Exception {
    DeadLetter plain = letter("a");
    started()
        .add(
            new DeadLetter(plain.time(), "logpipe", null, "internal", null, plain.event()),
            () -> {});
    thread.settle();
    StoredDeadLetter letter = letters().get(0);
    assertNull(letter.node());
    assertNull(letter.detail());
    assertNull(letter.key());
    assertNull(letter.group());
  }

  @Test
  void idsAreUniqueOverRestarts() throws Exception {
    for (int i = 0; i < 3; i++) {
      DeadLetterStore store = started();
      store.add(letter("a" + i), () -> {});
      store.add(letter("b" + i), () -> {});
      thread.settle();
      store.close();
      assertEquals(2 * (i + 1), store.count());
    }
    assertEquals(List.of("a0", "b0", "a1", "b1", "a2", "b2"), texts());
    assertEquals(6, letters().stream().map(StoredDeadLetter::id).distinct().count());
    assertEquals("20261122T233007Z-1.1", letters().get(0).id());
  }

  @Test
  void itIsKeptWhenItIsSynced() throws Exception {
    AtomicInteger kept = new AtomicInteger();
    DeadLetterStore store = started();
    for (int i = 0; i < 5; i++) {
      assertTrue(store.add(letter("x" + i), kept::incrementAndGet));
    }
    thread.settle();
    assertEquals(5, kept.get());
  }

  @Test
  void theOldestGiveWayToTheBound() throws Exception {
    maxBytes = 64 << 10;
    DeadLetterStore store = started();
    for (int i = 0; i < 500; i++) {
      assertTrue(store.add(letter(i + " " + "x".repeat(500)), () -> {}));
      thread.settle();
      assertTrue(store.bytes() <= maxBytes, store.bytes() + " bytes");
    }
    List<String> kept = texts();
    assertEquals(500, kept.size() + store.expired());
    assertEquals(kept.size(), store.count());
    assertTrue(kept.size() > 40, kept.size() + " of about 60 that fit");
    for (int i = 0; i < kept.size(); i++) {
      assertTrue(kept.get(i).startsWith(500 - kept.size() + i + " "), kept.get(i));
    }
  }

  @Test
  void anEarlierSatellitesCountToo() throws Exception {
    maxBytes = 64 << 10;
    DeadLetterStore before = started();
    for (int i = 0; i < 50; i++) {
      before.add(letter("x".repeat(500)), () -> {});
    }
    before.close();
    DeadLetterStore store = started();
    assertEquals(50, store.count());
    assertEquals(before.bytes(), store.bytes());
    for (int i = 0; i < 50; i++) {
      store.add(letter("y".repeat(500)), () -> {});
    }
    thread.settle();
    assertTrue(store.bytes() <= maxBytes, store.bytes() + " bytes");
    assertEquals(100, store.count() + store.expired());
  }

  @Test
  void oneThatIsLargerThanTheBoundIsRefused() {
    maxBytes = 64 << 10;
    assertFalse(started().add(letter("x".repeat(64 << 10)), () -> {}));
  }

  @Test
  void theyGoWhenTheyAreOld() throws Exception {
    DeadLetterStore store = started();
    store.add(letter("old"), () -> {});
    thread.settle();
    pass(Duration.ofHours(12));
    thread.tick();
    store.add(letter("younger"), () -> {});
    thread.settle();
    pass(Duration.ofHours(12));
    thread.tick();
    assertEquals(List.of("old", "younger"), texts(), "a day at least");
    pass(Duration.ofMinutes(91));
    thread.tick();
    assertEquals(List.of("younger"), texts(), "and a sixteenth at most");
    assertEquals(1, store.expired());
    assertEquals(1, store.count());
  }

  @Test
  void aTornLastLineIsNoTrouble() throws Exception {
    DeadLetterStore before = started();
    before.add(letter("a"), () -> {});
    before.add(letter("b"), () -> {});
    before.close();
    Path file = files(".jsonl").get(0);
    byte[] whole = Files.readAllBytes(file);
    int second = new String(whole, "ISO-8859-1").indexOf('\n') + 1;
    for (int cut = second; cut < whole.length; cut += 7) {
      Files.write(file, java.util.Arrays.copyOf(whole, cut));
      assertEquals(List.of("a"), texts());
      assertEquals(List.of(), damaged);
      DeadLetterStore store = started();
      assertEquals(1, store.count());
      assertTrue(store.add(letter("c"), () -> {}));
      thread.settle();
      assertEquals(List.of("a", "c"), texts());
      store.close();
      Files.delete(files(".jsonl").get(1));
    }
  }

  @Test
  void aDamagedLineIsPassedOver() throws Exception {
    DeadLetterStore before = started();
    for (String text : List.of("a", "b", "c")) {
      before.add(letter(text), () -> {});
    }
    before.close();
    Path file = files(".jsonl").get(0);
    byte[] whole = Files.readAllBytes(file);
    int start = new String(whole, "ISO-8859-1").indexOf('\n') + 1;
    int end = new String(whole, "ISO-8859-1").indexOf('\n', start);
    Random random = new Random(11);
    for (int i = 0; i < 200; i++) {
      byte[] flipped = whole.clone();
      flipped[start + random.nextInt(end - start)] ^= (byte) (1 << random.nextInt(8));
      if (new String(flipped, "ISO-8859-1").lines().count() > 3) {
        continue;
      }
      Files.write(file, flipped);
      assertEquals(List.of("a", "c"), texts());
      assertEquals(1, damaged.size());
      assertTrue(damaged.get(0).startsWith(file + ", line 2: damaged"), damaged.get(0));
    }
    assertEquals(2, started().count());
  }

  @Test
  void foreignFilesAreLeftAlone() throws Exception {
    Path folder = Files.createDirectories(folder().path());
    Path notes = Files.writeString(folder.resolve("notes.txt"), "mine");
    Path almost = Files.writeString(folder.resolve("20261399T233007Z-1.jsonl"), "{}\n");
    Path other = Files.writeString(folder.resolve("20261122T233007Z-1.jsonl"), "{\"a\": 1}\n\n");
    DeadLetterStore store = started();
    store.add(letter("a"), () -> {});
    thread.settle();
    assertEquals(List.of("a"), texts());
    assertEquals(2, damaged.size());
    assertEquals(1, store.count());
    assertEquals("mine", Files.readString(notes));
    assertEquals("{}\n", Files.readString(almost));
    assertEquals("{\"a\": 1}\n\n", Files.readString(other));
  }

  @Test
  void aFullHandOverRefuses() throws Exception {
    DeadLetterStore store = started();
    CountDownLatch stuck = new CountDownLatch(1);
    thread.execute(() -> await(stuck));
    int taken = 0;
    while (store.add(letter("x".repeat(100_000)), () -> {})) {
      taken++;
    }
    assertTrue(taken >= 20 && taken <= 40, taken + " letters of 136 kB in 4 MiB");
    maxBytes = 1 << 30;
    stuck.countDown();
    thread.settle();
    assertTrue(store.add(letter("last"), () -> {}));
    thread.settle();
    assertEquals(taken + 1, store.count() + store.expired());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A file in the place of the folder: permissions would not stop a test that root runs. */
  @Test
  void aFolderThatCannotBeWrittenRefusesUntilItCan() throws Exception {
    Path inTheWay = Files.writeString(folder().path(), "");
    AtomicInteger kept = new AtomicInteger();
    DeadLetterStore store = started();
    assertTrue(store.add(letter("a"), kept::incrementAndGet), "nobody knows yet");
    thread.settle();
    assertFalse(store.isUp());
    assertFalse(store.add(letter("b"), () -> {}));
    thread.runLater();
    assertFalse(store.isUp());
    Files.delete(inTheWay);
    assertEquals(0, kept.get());
    thread.runLater();
    assertTrue(store.isUp());
    assertEquals(1, kept.get(), "what was taken is not lost");
    assertTrue(store.add(letter("c"), () -> {}));
    thread.settle();
    assertEquals(List.of("a", "c"), texts());
  }

  @Test
  void aFolderThatIsDeletedByHandIsMadeAgain() throws Exception {
    DeadLetterStore store = started();
    store.add(letter("a"), () -> {});
    thread.settle();
    for (Path file : files("")) {
      Files.delete(file);
    }
    Files.delete(folder().path());
    thread.tick();
    assertEquals(0, store.count());
    store.add(letter("b"), () -> {});
    thread.settle();
    assertEquals(List.of("b"), texts());
    assertEquals(1, store.count());
  }

  @Test
  void afterItsEndItRefuses() throws Exception {
    DeadLetterStore store = started();
    assertTrue(store.add(letter("a"), () -> {}));
    store.close();
    assertFalse(store.add(letter("b"), () -> {}));
    thread.shutdown();
    assertFalse(store.add(letter("c"), () -> {}));
    assertEquals(List.of("a"), texts());
  }

  @Test
  void ofAllThatManyThreadsAddNothingIsLost() throws Exception {
    maxBytes = 64 << 20;
    DeadLetterStore store = started();
    AtomicInteger added = new AtomicInteger();
    AtomicInteger kept = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Thread adding =
          new Thread(
              () -> {
                for (int i = 0; i < 2_000; i++) {
                  if (store.add(letter("x".repeat(i)), kept::incrementAndGet)) {
                    added.incrementAndGet();
                  }
                }
              });
      adding.start();
      threads.add(adding);
    }
    for (Thread adding : threads) {
      adding.join();
    }
    store.close();
    assertEquals(added.get(), kept.get());
    assertEquals(added.get(), texts().size());
    assertEquals(added.get(), store.count());
    assertTrue(files(".jsonl").size() > 1, "rolled by size");
  }
}
