package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.ENVOY_ALS_V3;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.METER;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.queue.Event;
import satellite.standin.StandInOap;

/** At the end of the grace time: what is held, wherever it is, goes to disk for the next start. */
class PersistTest extends FlowFixture {

  private final ScriptedSpools disk = new ScriptedSpools();

  @BeforeEach
  void withDisk() {
    spools = disk;
    batch = new BatchLimits(Duration.ofMillis(1), 2, 1 << 20, 1);
  }

  @Override
  public void closeMore() {
    disk.close();
  }

  private List<String> keptEvents() {
    return Samples.eventIds(
        disk.kept.stream()
            .filter(event -> event.method().equals(Samples.EVENTS))
            .map(event -> event.parts().get(0))
            .toList());
  }

  private void sendEvents(int count) {
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    IntStream.range(0, count).forEach(i -> caller.send(Samples.event("e" + i)));
    caller.finish();
  }

  private static Set<String> names(int count) {
    Set<String> names = new TreeSet<>();
    IntStream.range(0, count).forEach(i -> names.add("e" + i));
    return names;
  }

  @Test
  void whatIsUnderWayOrWaitsIsKept() {
    StandInOap oap = node();
    oap.hold();
    start(EVENT, METER);
    awaitUp(1);
    sendEvents(10);
    Caller meters = Caller.stream(client(), Samples.METERS);
    IntStream.range(0, 10).forEach(i -> meters.send(Samples.meters("shop", i)));
    meters.finish();
    await("each pipe has a batch out", () -> oap.openCalls() == 2);
    pipes.forEach(Pipe::persist);
    connector.closeNow();
    awaitSettled();
    assertEquals(names(10), new TreeSet<>(keptEvents()));
    assertTrue(pipes.stream().noneMatch(Pipe::isFlushed), "they are on disk, and nowhere else");
    List<Double> values =
        disk.kept.stream()
            .filter(event -> event.method().equals(Samples.METERS))
            .map(event -> Samples.value(event.parts().get(0)))
            .toList();
    assertEquals(
        IntStream.range(0, 10).mapToObj(i -> (double) i).toList(),
        values,
        "what came back from the node is before what waited");
    pipes.forEach(
        pipe -> {
          assertEquals(10, pipe.account().spilled());
          assertEquals(0, pipe.account().dropped());
        });
  }

  @Test
  void whatWaitsForANodeIsKept() {
    deadNode();
    start(EVENT, METER);
    sendEvents(3);
    Caller.stream(client(), Samples.METERS).send(Samples.meters("a", 1)).finish();
    pipes.forEach(Pipe::flush);
    pipes.forEach(Pipe::persist);
    awaitSettled();
    assertEquals(List.of("e0", "e1", "e2"), keptEvents());
    assertEquals(1, pipe(METER).account().spilled());
  }

  @Test
  void whatRestsAfterAFailureIsKept() {
    retry = new PipeConfig.Retry(0, LONG, LONG);
    StandInOap oap = node();
    oap.endAfter(Samples.EVENTS.substring(1), 0, Status.UNAVAILABLE);
    start(EVENT);
    awaitUp(1);
    sendEvents(1);
    await("it failed", () -> oap.count(Samples.EVENTS.substring(1)).calls() == 1);
    pipes.forEach(Pipe::persist);
    awaitSettled();
    assertEquals(List.of("e0"), keptEvents());
  }

  @Test
  void aBatchThatIsRefusedMeanwhileIsKept() {
    batch = new BatchLimits(LONG, 2, 1 << 20, 1);
    StandInOap oap = node();
    oap.hold();
    oap.endWhen((method, message, index) -> index == 1 ? status(Status.Code.UNKNOWN, "bad") : null);
    start(EVENT);
    awaitUp(1);
    sendEvents(2);
    await("the node has them", () -> oap.held() == 1);
    pipes.forEach(Pipe::persist);
    oap.release();
    awaitSettled();
    assertEquals(names(2), new TreeSet<>(keptEvents()));
  }

  @Test
  void whatComesAfterwardsIsKeptToo() {
    gather = new PipeConfig.Gather(LONG, 500);
    batch = new BatchLimits(LONG, 200, 1 << 20, 4);
    node();
    start(ENVOY_ALS_V3);
    awaitUp(1);
    Caller caller = Caller.stream(client(), Samples.ALS).send(Samples.accessLog("envoy-1", "/"));
    await("it is being gathered", () -> account().received() == 1);
    pipes.forEach(Pipe::persist);
    caller.finish();
    await("it is kept", () -> disk.kept.size() == 1);
    assertEquals(1, account().spilled());
  }

  @Test
  void whatADiskThatFailsCannotKeepIsDropped() {
    disk.breakDown();
    deadNode();
    start(EVENT);
    sendEvents(3);
    pipes.forEach(Pipe::persist);
    awaitSettled();
    assertEquals(Map.of("shutdown", 3L), account().droppedByReason());
  }

  @Test
  void whatIsKeptWhileACallHangsCanStillBeAbandoned() {
    StandInOap oap = node();
    oap.hold();
    start(EVENT);
    awaitUp(1);
    sendEvents(4);
    await("a batch is out", () -> oap.openCalls() == 1);
    pipes.forEach(Pipe::persist);
    pipes.forEach(Pipe::abandon);
    await("the others are given up", () -> account().dropped() >= 2);
    connector.closeNow();
    awaitSettled();
    assertEquals(Map.of("shutdown", 4L), account().droppedByReason());
    assertTrue(disk.kept.stream().map(Event::method).toList().isEmpty());
  }
}
