package satellite.pipes.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;

import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import satellite.pipes.Samples;
import satellite.pipes.pipe.Intake;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.pipe.PipeConfig;
import satellite.queue.Event;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;

/** How the events of a call find space, or do not; a queue of two, the time turned by hand. */
class AdmissionTest implements Admission.Listener {

  private static final Duration FULL_TIMEOUT = Duration.ofSeconds(3);

  private final EmbeddedChannel connection = new EmbeddedChannel();
  private final List<String> heard = new ArrayList<>();
  private final ReceiveBudget budget = new ReceiveBudget(1000);
  private long nanos;
  private Pipe pipe;
  private Admission admission;

  private void open(WhenFull whenFull) {
    connection.freezeTime();
    pipe =
        StandingPipe.of(
            EVENT,
            new QueueConfig(1, 2, FULL_TIMEOUT, whenFull),
            new PipeConfig.Gather(Duration.ZERO, 1));
    Intake intake = pipe.intake();
    admission =
        new Admission(
            intake,
            intake::accept,
            pipe.queue(),
            budget,
            connection.eventLoop(),
            () -> nanos,
            this);
  }

  @Override
  public void spaceAgain() {
    heard.add("space");
    if (!admission.offerAll()) {
      admission.waitForSpace();
    }
  }

  @Override
  public void fullForTooLong(boolean ofDisk) {
    heard.add(ofDisk ? "disk" : "full");
  }

  private static Event event(String text) {
    return new Event(Samples.EVENTS, null, null, new byte[0], new byte[][] {text.getBytes()}, 1, 0);
  }

  private boolean offer(String... texts) {
    for (String text : texts) {
      admission.add(event(text));
    }
    if (admission.offerAll()) {
      return true;
    }
    admission.waitForSpace();
    connection.runPendingTasks();
    heard.clear();
    return false;
  }

  private void pass(Duration time) {
    nanos += time.toNanos();
    connection.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
    connection.runScheduledPendingTasks();
  }

  @Test
  void whatFindsSpaceIsTakenInItsOrder() {
    open(WhenFull.REFUSE);
    assertTrue(offer("1", "2"));
    List<Event> taken = pipe.queue().partitions().get(0).poll(10, Long.MAX_VALUE);
    assertEquals(
        List.of("1", "2"), taken.stream().map(event -> new String(event.parts().get(0))).toList());
    assertEquals(2, pipe.account().received());
  }

  @Test
  void whatFindsNoneIsTakenWhenThereIsSome() {
    open(WhenFull.REFUSE);
    assertFalse(offer("1", "2", "3"));
    assertFalse(admission.isEmpty());
    assertEquals(event("3").bytes(), budget.pausedBytes());
    assertEquals(2, pipe.account().received());
    StandingPipe.settleOldest(pipe);
    connection.runPendingTasks();
    assertEquals(List.of("space"), heard);
    assertTrue(admission.isEmpty());
    assertEquals(0, budget.pausedBytes());
    assertEquals(3, pipe.account().received());
    pass(FULL_TIMEOUT.multipliedBy(2));
    assertEquals(List.of("space"), heard, "the timeout is over with the pause");
  }

  @Test
  void afterTheFullTimeoutItIsGivenUp() {
    open(WhenFull.REFUSE);
    assertFalse(offer("1", "2", "3"));
    pass(FULL_TIMEOUT.minusMillis(1));
    assertEquals(List.of(), heard);
    pass(Duration.ofMillis(1));
    assertEquals(List.of("full"), heard);
    assertEquals(1, admission.discard());
    assertEquals(0, budget.pausedBytes());
    heard.clear();
    admission.add(event("4"));
    admission.waitForSpace();
    pass(Duration.ZERO);
    assertTrue(heard.contains("full"), "it is full still");
    admission.discard();
  }

  @Test
  void orTheOldestMakesRoom() {
    open(WhenFull.DROP_OLDEST);
    assertFalse(offer("1", "2", "3"));
    pass(FULL_TIMEOUT);
    assertTrue(admission.isEmpty());
    assertEquals(Map.of("queue_full", 1L), pipe.account().droppedByReason());
    assertEquals(3, pipe.account().received());
  }

  @Test
  void whoDropsGoesOnDroppingWithoutWaitingForEachMessageAnew() {
    open(WhenFull.DROP_OLDEST);
    assertFalse(offer("1", "2", "3"));
    pass(FULL_TIMEOUT);
    assertFalse(offer("4"));
    pass(Duration.ZERO);
    assertTrue(admission.isEmpty(), "it is full still");
    assertEquals(Map.of("queue_full", 2L), pipe.account().droppedByReason());
    pass(FULL_TIMEOUT);
    assertFalse(offer("5"));
    pass(FULL_TIMEOUT.minusMillis(1));
    assertFalse(admission.isEmpty(), "that was a while ago");
  }

  @Test
  void ofWhatIsDiscardedNothingIsHeard() {
    open(WhenFull.REFUSE);
    assertFalse(offer("1", "2", "3"));
    assertEquals(1, admission.discard());
    pass(FULL_TIMEOUT);
    StandingPipe.settleOldest(pipe);
    connection.runPendingTasks();
    assertEquals(List.of(), heard);
    assertEquals(2, pipe.account().received());
  }
}
