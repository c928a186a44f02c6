package satellite.pipes.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.LOG;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;
import satellite.standin.StandInOap;

/** Many senders of messages that are too long to be held for all of them. */
@Timeout(60)
class LongMessagesTest extends FlowFixture {

  private static final int SENDERS = 12;
  private static final int LENGTH = 1_500_000;

  private List<Caller> senders() {
    List<Caller> senders = new ArrayList<>();
    for (int i = 0; i < SENDERS; i++) {
      Caller sender = Caller.stream(client(), Samples.EVENTS);
      senders.add(sender.send(Samples.event("e" + i, LENGTH)).halfClose());
    }
    return senders;
  }

  private void begin(Duration fullTimeout) {
    memoryBytes = 8 << 20;
    queue = new QueueConfig(1, 1000, fullTimeout, WhenFull.REFUSE);
  }

  @Test
  void theyComeInTurnWhileShortOnesOfOthersGoOn() {
    begin(Duration.ofMinutes(5));
    StandInOap oap = node();
    oap.hold();
    start(EVENT, LOG);
    List<Caller> senders = senders();
    await("some wait to be received", () -> satellite.waitingMessages() > 0);
    await("one finds no space", () -> satellite.pausedBytes() > 0);
    Caller.stream(client(), Samples.LOGS).send(Samples.log("shop", "short")).finish();
    // A quarter of the queues' memory, and the one that was received when the queue was full.
    long held = satellite.receivingBytes() + satellite.pausedBytes();
    assertTrue(held <= (memoryBytes / 4) + LENGTH + 1000, () -> held + " bytes");
    oap.release();
    senders.forEach(Caller::assertAccepted);
    awaitForwarded(SENDERS);
    assertEquals(0, satellite.waitingMessages());
  }

  @Test
  void whatWaitedTooLongIsRefusedAndMakesRoomForTheNext() {
    begin(Duration.ofMillis(200));
    StandInOap oap = node();
    oap.hold();
    start(EVENT);
    List<Caller> senders = senders();
    senders.forEach(sender -> await("it is answered", sender::isOver));
    long accepted = senders.stream().filter(sender -> sender.status().isOk()).count();
    assertTrue(accepted >= 3, () -> accepted + " accepted");
    assertEquals(SENDERS - accepted, account().refused());
    oap.release();
    awaitForwarded(accepted);
  }

  @Test
  void whoGoesAwayMeanwhileTakesNoTurn() {
    begin(Duration.ofMinutes(5));
    StandInOap oap = node();
    oap.hold();
    start(EVENT);
    List<Caller> senders = senders();
    await("some wait to be received", () -> satellite.waitingMessages() > 1);
    senders.forEach(sender -> sender.call.cancel("enough", null));
    await(
        "nobody waits", () -> satellite.waitingMessages() == 0 && pipes.get(0).openStreams() == 0);
    assertEquals(0, satellite.receivingBytes());
    assertEquals(0, satellite.pausedBytes());
    oap.release();
    awaitSettled();
  }
}
