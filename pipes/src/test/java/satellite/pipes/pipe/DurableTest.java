package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.OTLP_METRICS;
import static satellite.pipes.protocol.ReceiverPlugin.TRACING;

import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import satellite.pipes.ByHand;
import satellite.pipes.Caller;
import satellite.pipes.Samples;
import satellite.pipes.http.HttpFixture;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.queue.Acknowledgement;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;
import satellite.standin.StandInOap;

/** Pipes whose senders are answered when the disk has what they sent, whatever the nodes do. */
class DurableTest extends HttpFixture {

  private final ScriptedSpools disk = new ScriptedSpools();

  @BeforeEach
  void durable() {
    spools = disk;
    queue = answering(Acknowledgement.DURABLE);
  }

  @Override
  public void closeMore() {
    disk.close();
  }

  @Test
  void everyMethodIsAnsweredWhenTheDiskHasIt() {
    StandInOap late = deadNode();
    start(ReceiverPlugin.values());
    disk.hold();
    ManagedChannel agent = client();
    List<Caller> callers = new ArrayList<>();
    for (Protocol row : Protocols.TABLE) {
      if (row.mode() == Protocol.Mode.ASYNCHRONOUS) {
        MethodType type =
            row.kind() == Protocol.Kind.UNARY ? MethodType.UNARY : MethodType.CLIENT_STREAMING;
        callers.add(Caller.open(agent, type, row.method()).send(Samples.good(row)).halfClose());
      }
    }
    await("all are on their way to disk", () -> disk.pending() == callers.size());
    callers.forEach(caller -> assertFalse(caller.isOver()));
    disk.release();
    callers.forEach(Caller::assertAccepted);
    assertEquals(0, pipes.stream().mapToLong(pipe -> pipe.account().forwarded()).sum());
    late.start(late.port());
    awaitSettled();
    assertEquals(
        callers.size(), pipes.stream().mapToLong(pipe -> pipe.account().forwarded()).sum());
    assertEquals(callers.size(), disk.settled.get(), "the disk may let go of them");
  }

  @Test
  void whatTheDiskCannotSyncGoesOnAndItsSenderIsTold() {
    disk.breakDown();
    node();
    startHttp(EVENT, TRACING);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    caller.send(Samples.event("1")).send(Samples.event("2"));
    awaitForwarded(2);
    assertFalse(caller.isOver());
    caller.halfClose();
    assertEquals(Status.Code.UNAVAILABLE, caller.code());
    assertEquals(
        "pipe event: " + Samples.EVENTS + ": disk: Input/output error",
        caller.status().getDescription());
    var answer = post("/v3/segments", "[{\"traceSegmentId\": \"a\"}]");
    assertError(503, "/v3/segments: disk: Input/output error", answer);
    assertEquals("1", header(answer, "Retry-After"));
  }

  /** Where the oldest give way it is those on disk: dropping what is in memory makes no room. */
  @ParameterizedTest
  @EnumSource
  void aDiskThatTakesNoMoreRefuses(WhenFull whenFull) {
    queue = new QueueConfig(1, 5000, Duration.ofMillis(100), whenFull);
    queue = answering(Acknowledgement.DURABLE);
    StandInOap late = deadNode();
    startHttp(EVENT, OTLP_METRICS);
    ManagedChannel agent = client();
    Caller.stream(agent, Samples.EVENTS).send(Samples.event("1")).finish();
    disk.refuse();
    Caller refused = Caller.stream(agent, Samples.EVENTS).send(Samples.event("2")).halfClose();
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, refused.code());
    assertTrue(
        refused.status().getDescription().startsWith("pipe event: the disk "),
        () -> refused.status().toString());
    assertEquals(Map.of("disk", 1L), account().refusedByReason());
    var answer = post("/v1/metrics", PROTOBUF, Samples.otlpMetrics("shop"));
    assertEquals(503, answer.statusCode());
    assertEquals(
        "/v1/metrics: the disk is full or has failed, try later", ByHand.text(answer.body(), 2));
    late.start(late.port());
    awaitForwarded(1);
  }

  @Test
  void aStreamWaitsForADiskThatAcceptsAgain() {
    node();
    start(EVENT);
    disk.refuse();
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    IntStream.range(0, 10).forEach(i -> caller.send(Samples.event("e" + i)));
    caller.halfClose();
    await("it is paused", () -> pipes.get(0).openStreams() == 1);
    assertEquals(0, account().received());
    disk.acceptAgain();
    caller.assertAccepted();
    awaitForwarded(10);
  }

  @Test
  void whatAClientSentBeforeItWentAwayIsForwarded() {
    node();
    start(EVENT);
    disk.hold();
    Caller caller = Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).halfClose();
    await("it is on its way to disk", () -> disk.pending() == 1);
    caller.call.cancel("no more", null);
    disk.release();
    awaitForwarded(1);
  }

  @Test
  void aReportIsAnsweredWhenTheDiskHasAllOfIt() {
    node();
    startHttp(TRACING);
    disk.hold();
    var answer =
        CompletableFuture.supplyAsync(
            () ->
                post("/v3/segments", "[{\"traceSegmentId\": \"a\"}, {\"traceSegmentId\": \"b\"}]"));
    await("both are on their way to disk", () -> disk.pending() == 2);
    assertFalse(answer.isDone());
    disk.release();
    assertAccepted(answer.join());
    awaitForwarded(2);
  }

  @Test
  void aQueuedPipeWithADiskAnswersAtOnce() {
    queue = answering(Acknowledgement.QUEUED);
    StandInOap late = deadNode();
    start(EVENT);
    disk.hold();
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).finish();
    late.start(late.port());
    awaitForwarded(1);
    assertEquals(0, disk.settled.get());
  }
}
