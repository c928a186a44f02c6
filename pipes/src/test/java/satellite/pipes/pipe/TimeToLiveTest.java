package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.MANAGEMENT;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.grpc.GrpcForwarder;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.queue.Acknowledgement;
import satellite.standin.StandInOap;

/** What OAP would stamp with the time at which it comes is not sent late. */
class TimeToLiveTest extends FlowFixture {

  private static final String KEEP_ALIVE = Samples.KEEP_ALIVE.substring(1);
  private final AtomicLong later = new AtomicLong();

  @Override
  public Pipe open(ReceiverPlugin receiver) {
    LongSupplier clock = () -> System.nanoTime() + later.get();
    return new Pipe(
        config(receiver),
        router,
        new GrpcForwarder(client, metrics(), clock),
        storage(),
        metrics(),
        pool,
        clock);
  }

  private void twoMinutesLater() {
    later.addAndGet(Duration.ofMinutes(2).toNanos());
  }

  @Test
  void whatWaitedTooLongForANodeIsDropped() {
    StandInOap late = deadNode();
    start(MANAGEMENT, EVENT);
    ManagedChannel agent = client();
    Caller.unary(agent, Samples.KEEP_ALIVE, Samples.keepAlive("old")).assertAccepted();
    Caller.stream(agent, Samples.EVENTS).send(Samples.event("old")).finish();
    twoMinutesLater();
    Caller.unary(agent, Samples.KEEP_ALIVE, Samples.keepAlive("new")).assertAccepted();
    late.start(late.port());
    awaitSettled();
    assertEquals(Map.of("expired", 1L), account().droppedByReason());
    assertEquals(1, account().forwarded());
    assertTrue(Samples.contains(messages(late, Samples.KEEP_ALIVE).get(0), "new"));
    assertEquals(1, pipe(EVENT).account().forwarded(), "an event tells its own time");
  }

  @Test
  void whatFailedUntilItsTimeWasOverIsNotTriedAgain() {
    StandInOap oap = node();
    oap.endAfter(KEEP_ALIVE, 0, Status.UNAVAILABLE);
    start(MANAGEMENT);
    awaitUp(1);
    Caller.unary(client(), Samples.KEEP_ALIVE, Samples.keepAlive("a")).assertAccepted();
    await("it is tried again and again", () -> oap.count(KEEP_ALIVE).calls() > 2);
    twoMinutesLater();
    awaitSettled();
    assertEquals(Map.of("expired", 1L), account().droppedByReason());
  }

  @Test
  void ofABatchOnlyWhatIsTooOldIsDropped() {
    StandInOap oap = deadNode();
    oap.endAfter(KEEP_ALIVE, 0, Status.UNAVAILABLE);
    start(MANAGEMENT);
    ManagedChannel agent = client();
    Caller.unary(agent, Samples.KEEP_ALIVE, Samples.keepAlive("a")).assertAccepted();
    later.addAndGet(Duration.ofSeconds(50).toNanos());
    Caller.unary(agent, Samples.KEEP_ALIVE, Samples.keepAlive("a")).assertAccepted();
    oap.start(oap.port());
    await("their batch is tried", () -> oap.count(KEEP_ALIVE).calls() > 1);
    assertEquals(0, account().dropped());
    later.addAndGet(Duration.ofSeconds(20).toNanos());
    await("one is dropped", () -> account().dropped() == 1);
    oap.behave();
    awaitForwarded(1);
    assertEquals(Map.of("expired", 1L), account().droppedByReason());
  }

  @Test
  void aSenderThatWaitsIsTold() {
    queue = answering(Acknowledgement.DELIVERED);
    StandInOap late = deadNode();
    start(MANAGEMENT);
    Caller caller = Caller.unary(client(), Samples.KEEP_ALIVE, Samples.keepAlive("old"));
    await("it waits", () -> account().received() == 1);
    twoMinutesLater();
    late.start(late.port());
    assertEquals(Status.Code.UNAVAILABLE, caller.code());
    assertTrue(
        caller.status().getDescription().endsWith("expired: older than 60 s"),
        () -> caller.status().toString());
  }

  /** The dispatcher looks only at what may go to any node. */
  @Test
  void nothingThatExpiresMustStayOnItsNode() {
    List<Protocol> expiring =
        Protocols.TABLE.stream()
            .filter(row -> row.forwarding() != null && row.forwarding().expires())
            .toList();
    assertTrue(expiring.size() >= 8);
    expiring.forEach(row -> assertTrue(!row.forwarding().sticky(), row.method()));
  }
}
