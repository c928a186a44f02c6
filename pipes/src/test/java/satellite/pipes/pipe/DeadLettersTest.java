package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.ENVOY_ALS_V3;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.MANAGEMENT;
import static satellite.pipes.protocol.ReceiverPlugin.METER;

import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.pipes.pipe.PipeConfig.Retry;
import satellite.queue.Acknowledgement;
import satellite.queue.DeadLetter;
import satellite.queue.Event;
import satellite.queue.QueueConfig;
import satellite.standin.StandInOap;

/** What a node refuses for good is kept, as long as there is a place for it, and can come again. */
class DeadLettersTest extends FlowFixture {

  private static final String BAD = "poisoned";
  private final List<DeadLetter> letters = new CopyOnWriteArrayList<>();
  private volatile int places = Integer.MAX_VALUE;

  @BeforeEach
  void keepLetters() {
    deadLetters = this::keep;
  }

  private boolean keep(DeadLetter letter, Runnable kept) {
    if (letters.size() >= places) {
      return false;
    }
    letters.add(written(letter));
    kept.run();
    return true;
  }

  private static void refusePoison(StandInOap oap, Status.Code code) {
    oap.endWhen(
        (method, message, index) ->
            Samples.contains(message, BAD) ? status(code, "no such layer") : null);
  }

  /** What is in a file, whatever becomes of the event. */
  private static DeadLetter written(DeadLetter letter) {
    Event event = letter.event();
    return new DeadLetter(
        letter.time(),
        letter.pipe(),
        letter.node(),
        letter.reason(),
        letter.detail(),
        new Event(
            event.method(),
            event.key(),
            event.group(),
            event.context(),
            event.parts().toArrays(),
            event.messages(),
            event.receivedNanos()));
  }

  private void sendEvents(String... ids) {
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    for (String id : ids) {
      caller.send(Samples.event(id));
    }
    caller.finish();
  }

  @Test
  void anEventIsHeldUntilItsLetterIsSynced() {
    Queue<Runnable> unsynced = new ConcurrentLinkedQueue<>();
    deadLetters = (letter, kept) -> unsynced.add(kept);
    StandInOap oap = node();
    refusePoison(oap, Status.Code.INVALID_ARGUMENT);
    start(EVENT);
    sendEvents(BAD);
    await("the letter is handed over", () -> unsynced.size() == 1 && account().dead() == 1);
    assertEquals(1, pipes.get(0).queue().events());
    unsynced.remove().run();
    awaitSettled();
  }

  @Test
  void whatIsRefusedForGoodIsKeptWithTheNodesWords() {
    StandInOap oap = node();
    refusePoison(oap, Status.Code.INVALID_ARGUMENT);
    start(EVENT);
    Instant before = Instant.now();
    sendEvents("e1", BAD, "e2");
    awaitSettled();
    assertEquals(2, account().forwarded());
    assertEquals(Map.of("invalid_argument", 1L), account().deadByReason());
    assertEquals(0, account().dropped());
    DeadLetter letter = letters.get(0);
    assertEquals(1, letters.size());
    assertEquals("event", letter.pipe());
    assertEquals(address(oap), letter.node());
    assertEquals("invalid_argument", letter.reason());
    assertEquals("no such layer", letter.detail());
    assertFalse(letter.time().isBefore(before) || letter.time().isAfter(Instant.now()));
    assertEquals(Samples.EVENTS, letter.event().method());
    assertArrayEquals(Samples.event(BAD), letter.event().parts().get(0));
  }

  @Test
  void whatCannotBeKeptIsDropped() {
    places = 1;
    refusePoison(node(), Status.Code.UNKNOWN);
    start(EVENT);
    sendEvents(BAD, BAD, BAD);
    awaitSettled();
    assertEquals(Map.of("unknown", 1L), account().deadByReason());
    assertEquals(Map.of("unknown", 2L), account().droppedByReason());
  }

  @Test
  void whatNoNodeKnowsIsALetterForEachEvent() {
    node().endAfter(Samples.EVENTS.substring(1), 0, Status.UNIMPLEMENTED);
    start(EVENT);
    sendEvents("a", "b", "c");
    awaitSettled();
    assertEquals(Map.of("unimplemented", 3L), account().deadByReason());
    assertEquals(3, letters.size());
  }

  @Test
  void ofAGatheredEventOnlyTheBadMessageIsKept() {
    gather = new PipeConfig.Gather(Duration.ofMinutes(5), 500);
    refusePoison(node(), Status.Code.UNKNOWN);
    start(ENVOY_ALS_V3);
    Caller caller = Caller.stream(client(), Samples.ALS);
    IntStream.range(0, 20)
        .forEach(
            i -> caller.send(Samples.accessLog(i == 0 ? "envoy-1" : null, i == 5 ? BAD : "/" + i)));
    caller.finish();
    awaitSettled();
    assertEquals(Map.of("unknown", 1L), account().deadByReason());
    assertEquals(1, letters.get(0).event().messages());
    assertTrue(Samples.contains(letters.get(0).event().parts().get(0), BAD));
  }

  @Test
  void whatWasTriedOftenEnoughIsNoLetter() {
    retry = new Retry(2, Duration.ofMillis(5), Duration.ofMillis(10));
    node().endAfter(Samples.EVENTS.substring(1), 0, Status.UNAVAILABLE);
    start(EVENT);
    awaitUp(1);
    sendEvents("a");
    awaitSettled();
    assertEquals(Map.of("attempts_exhausted_unavailable", 1L), account().droppedByReason());
    assertEquals(List.of(), letters);
  }

  @Test
  void aSenderThatWaitsIsToldOfWhatIsKept() {
    queue = answering(Acknowledgement.DELIVERED);
    refusePoison(node(), Status.Code.INVALID_ARGUMENT);
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS).send(Samples.event(BAD)).halfClose();
    assertEquals(Status.Code.INVALID_ARGUMENT, caller.code());
    assertEquals(1, account().dead());
  }

  @Test
  void aLetterComesInAgainAndIsCountedAsRecovered() {
    StandInOap oap = node();
    refusePoison(oap, Status.Code.UNKNOWN);
    start(EVENT, METER, MANAGEMENT);
    sendEvents(BAD);
    awaitSettled();
    oap.behave();
    assertTrue(pipes.get(0).recover(letters.get(0).event()));
    awaitForwarded(1);
    assertEquals(1, account().recovered());
    assertEquals(2, account().received());
    assertEquals(List.of(BAD, BAD), Samples.eventIds(messages(oap, Samples.EVENTS)));
    Event meters = event(Samples.METERS, "shop-1", Samples.meters("shop-1", 1));
    assertTrue(pipe(METER).recover(meters));
    awaitSettled();
    assertEquals(1, messages(oap, Samples.METERS).size());
  }

  @Test
  void aLetterWaitsWhileThereIsNoSpace() {
    queue = new QueueConfig(1, 1, LONG, queue.whenFull());
    batch = new BatchLimits(Duration.ofMillis(1), 1, 1 << 20, 1);
    StandInOap oap = node();
    oap.hold();
    start(EVENT);
    sendEvents("a");
    Event letter = event(Samples.EVENTS, null, Samples.event("b"));
    assertFalse(pipes.get(0).recover(letter));
    assertEquals(0, account().recovered());
    oap.release();
    awaitForwarded(1);
    assertTrue(pipes.get(0).recover(letter));
    awaitForwarded(2);
  }

  private static Event event(String method, String key, byte[] message) {
    return new Event(method, key, null, new byte[0], new byte[][] {message}, 1, System.nanoTime());
  }
}
