package satellite.pipes.deadletters;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import satellite.queue.DeadLetter;
import satellite.queue.Event;

/** Letters are sent again, or purged, whether a Satellite is running on their folder or not. */
class ReplayTest extends DeadLettersFixture {

  private static final Predicate<StoredDeadLetter> ALL = letter -> true;

  private volatile boolean stopping;

  private DeadLetterFolder.Moved replay(Predicate<StoredDeadLetter> chosen) throws Exception {
    return folder().replay(chosen, damaged::add);
  }

  private DeadLetterFolder.Moved purge(Predicate<StoredDeadLetter> chosen) throws Exception {
    return folder().purge(chosen, damaged::add);
  }

  private DeadLetterStore with(String... texts) {
    DeadLetterStore store = started();
    for (String text : texts) {
      store.add(letter(text), () -> {});
    }
    thread.settle();
    return store;
  }

  private List<String> sentAgainTexts() {
    return sentAgain.stream().map(DeadLettersFixture::text).toList();
  }

  private List<Path> waiting() throws Exception {
    return DeadLetterFolder.paths(folder().replayFolder());
  }

  @Test
  void aRunningSatelliteSendsThemAgain() throws Exception {
    DeadLetterStore store = with("a", "b", "c");
    Set<String> ids = Set.of(letters().get(0).id(), letters().get(2).id());
    assertEquals(new DeadLetterFolder.Moved(2, 2, 2), replay(letter -> ids.contains(letter.id())));
    assertEquals(List.of("b"), texts());
    assertEquals(2, folder().waiting());
    thread.tick();
    assertEquals(List.of("a", "c"), sentAgainTexts());
    assertEquals(List.of(), waiting());
    assertEquals(1, store.count());
  }

  @Test
  void aStoppedOneSendsThemAtItsNextStart() throws Exception {
    with("a", "b").close();
    replay(ALL);
    assertEquals(List.of(), files(".jsonl"), "nothing is left of a file that is done");
    assertEquals(List.of(), files(".done"));
    assertEquals(List.of(), sentAgainTexts());
    started();
    assertEquals(List.of("a", "b"), sentAgainTexts());
    started();
    assertEquals(2, sentAgain.size(), "once");
  }

  @Test
  void itsAgeIsThatOfItsReceipt() throws Exception {
    pass(Duration.ofHours(1));
    with("a").close();
    replay(ALL);
    pass(Duration.ofHours(2));
    started();
    assertEquals(Duration.ofHours(2).toNanos(), nanos - sentAgain.get(0).receivedNanos());
  }

  @Test
  void whatNoPipeTakesStaysForLater() throws Exception {
    Set<String> withSpace = ConcurrentHashMap.newKeySet();
    withSpace.add("logpipe");
    DeadLetterStore store =
        started((pipe, event) -> withSpace.contains(pipe) && sentAgain.add(event));
    store.add(letter("logpipe", "a"), () -> {});
    store.add(letter("eventpipe", "b"), () -> {});
    store.add(letter("logpipe", "c"), () -> {});
    store.add(letter("eventpipe", "d"), () -> {});
    thread.settle();
    replay(ALL);
    thread.tick();
    assertEquals(List.of("a", "c"), sentAgainTexts());
    pass(Duration.ofSeconds(2));
    thread.tick();
    assertEquals(2, sentAgain.size());
    assertEquals(2, folder().waiting());
    withSpace.add("eventpipe");
    pass(Duration.ofSeconds(30));
    thread.tick();
    assertEquals(List.of("a", "c", "b", "d"), sentAgainTexts());
    assertEquals(List.of(), waiting());
  }

  /** The next start knows what was taken. */
  @Test
  void whatWasTakenBeforeARestartIsNotSentTwice() throws Exception {
    AtomicInteger space = new AtomicInteger(1);
    DeadLetterStore store =
        started((pipe, event) -> space.getAndDecrement() > 0 && sentAgain.add(event));
    store.add(letter("a"), () -> {});
    store.add(letter("b"), () -> {});
    thread.settle();
    replay(ALL);
    thread.tick();
    store.close();
    assertEquals(List.of("a"), sentAgainTexts());
    started();
    assertEquals(List.of("a", "b"), sentAgainTexts());
  }

  @Test
  void aMethodThatNoPipeForwardsWaits() throws Exception {
    DeadLetterStore store = started();
    var plain = letter("a");
    Event event =
        new Event(
            "/of.Tomorrow/send", null, null, new byte[0], plain.event().parts().toArrays(), 1, 0);
    store.add(
        new DeadLetter(
            plain.time(), plain.pipe(), plain.node(), plain.reason(), plain.detail(), event),
        () -> {});
    thread.settle();
    replay(ALL);
    thread.tick();
    assertEquals(List.of(), sentAgain);
    assertEquals(1, folder().waiting());
  }

  @Test
  void whatNobodyTakesForTooLongGoes() throws Exception {
    DeadLetterStore store = started((pipe, event) -> false);
    store.add(letter("a"), () -> {});
    thread.settle();
    replay(ALL);
    thread.tick();
    assertEquals(1, folder().waiting());
    pass(Duration.ofHours(25));
    thread.tick();
    assertEquals(0, folder().waiting());
    assertEquals(1, store.expired());
  }

  @Test
  void refusedAgainItIsANewLetter() throws Exception {
    AtomicInteger times = new AtomicInteger();
    DeadLetterStore[] store = {null};
    store[0] =
        started(
            (pipe, event) -> {
              times.incrementAndGet();
              var plain = letter("");
              return store[0].add(
                  new DeadLetter(plain.time(), pipe, plain.node(), "internal", "again", event),
                  () -> {});
            });
    store[0].add(letter("a"), () -> {});
    thread.settle();
    String first = letters().get(0).id();
    replay(ALL);
    thread.tick();
    assertEquals(1, times.get());
    assertEquals(List.of("a"), texts());
    assertEquals("again", letters().get(0).detail());
    assertFalse(letters().get(0).id().equals(first));
  }

  @Test
  void aReplayIsCutIntoFiles() throws Exception {
    maxBytes = 64 << 20;
    DeadLetterStore store = started();
    for (int i = 0; i < 40; i++) {
      store.add(letter(i + " " + "x".repeat(75_000)), () -> {});
      thread.settle();
    }
    replay(ALL);
    assertTrue(waiting().size() > 4, waiting().size() + " files of 1 MiB at most each, of 4 MB");
    thread.tick();
    assertEquals(40, sentAgain.size());
    for (int i = 0; i < 40; i++) {
      assertTrue(text(sentAgain.get(i)).startsWith(i + " "), "in order");
    }
  }

  @Test
  void purgedOnesAreGone() throws Exception {
    DeadLetterStore store = with("a", "b", "c");
    DeadLetterFolder.Moved moved = purge(letter -> !text(letter.event(0)).equals("b"));
    assertEquals(new DeadLetterFolder.Moved(2, 2, 2), moved);
    assertEquals(List.of("b"), texts());
    assertEquals(new DeadLetterFolder.Moved(0, 0, 0), purge(letter -> letter.id().endsWith(".1")));
    store.add(letter("d"), () -> {});
    thread.tick();
    assertEquals(2, store.count());
    purge(ALL);
    thread.tick();
    assertEquals(0, store.count());
    assertEquals(1, files(".jsonl").size(), "it is being written");
    pass(Duration.ofHours(2));
    thread.tick();
    assertEquals(List.of(), files(".jsonl"), "closed, and all is done");
    assertEquals(List.of(), files(".done"));
    assertEquals(0, store.bytes());
    assertEquals(0, store.expired());
  }

  @Test
  void aMarkThatWasCutOffMarksNothing() throws Exception {
    with("a", "b").close();
    purge(letter -> letter.id().endsWith(".1"));
    Path done = files(".done").get(0);
    for (String torn : List.of("2", "2 ", "2 don")) {
      append(done, torn);
      purge(letter -> false);
      assertEquals(List.of("b"), texts(), torn);
    }
    purge(ALL);
    assertEquals(List.of(), texts());
  }

  @Test
  void whatACommandThatDiedLeftIsNoTrouble() throws Exception {
    with("a").close();
    Files.createDirectories(folder().replayFolder());
    Path half = folder().replayFolder().resolve("20261122T233007Z-1.tmp");
    Files.writeString(half, "{\"time");
    replay(ALL);
    assertFalse(Files.exists(half));
    started();
    assertEquals(List.of("a"), sentAgainTexts());
  }

  @Test
  void aDamagedReplayIsSetAside() throws Exception {
    with("a", "b").close();
    replay(ALL);
    Path file = waiting().get(0);
    Files.writeString(file, Files.readString(file).replaceFirst("invalid", "inwalid"));
    started();
    assertEquals(List.of("b"), sentAgainTexts());
    assertTrue(waiting().get(0).toString().endsWith(".damaged"), waiting().toString());
  }

  /** Its file has the name of the one before, which is gone by then. */
  @Test
  void aSecondReplayWithinASecondIsNotTakenForTheFirst() throws Exception {
    ReplayInbox inbox =
        new ReplayInbox(
            folder().replayFolder(),
            Duration.ofDays(1),
            (pipe, event) -> sentAgain.add(event),
            clock,
            () -> nanos);
    with("a", "b").close();
    replay(letter -> letter.id().endsWith(".1"));
    assertTrue(inbox.poll());
    replay(ALL);
    assertTrue(inbox.poll());
    assertEquals(List.of("a", "b"), sentAgainTexts());
  }

  /** Every letter is in one place at the end, and in no two. */
  @Test
  void commandsAndARunningSatelliteLoseNothing() throws Exception {
    maxBytes = 64 << 20;
    DeadLetterStore store = started();
    int count = 3_000;
    Map<String, Integer> purged = new HashMap<>();
    Thread replaying = inBackground(() -> replay(letter -> letter.bytes() % 3 == 0));
    Thread purging =
        inBackground(
            () ->
                purge(
                    letter -> {
                      boolean chosen = letter.bytes() % 3 == 1;
                      if (chosen) {
                        purged.merge(text(letter.event(0)), 1, Integer::sum);
                      }
                      return chosen;
                    }));
    List<String> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String text = i + " " + "x".repeat(i % 1_000);
      all.add(text);
      while (!store.add(letter(text), () -> {})) {
        Thread.onSpinWait();
      }
      if (i % 500 == 0) {
        thread.tick();
      }
    }
    stopping = true;
    replaying.join();
    purging.join();
    thread.tick();
    List<String> found = new ArrayList<>(sentAgainTexts());
    found.addAll(texts());
    purged.forEach((text, times) -> found.addAll(Collections.nCopies(times, text)));
    assertEquals(numbers(all), numbers(found));
    assertTrue(sentAgain.size() > 0 && purged.size() > 0, "both did something");
  }

  private static List<Integer> numbers(List<String> texts) {
    return texts.stream()
        .map(text -> Integer.valueOf(text.substring(0, text.indexOf(' '))))
        .sorted()
        .toList();
  }

  private interface Command {
    Object run() throws Exception;
  }

  private Thread inBackground(Command command) {
    Thread background =
        new Thread(
            () -> {
              while (!stopping) {
                try {
                  command.run();
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              }
            });
    background.start();
    return background;
  }
}
