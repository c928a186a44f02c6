package satellite.pipes.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.TRACING;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentCollection;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.junit.jupiter.api.Test;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;

/** Noisy neighbours wait; the others do not notice, and nothing is lost. */
class QuotaTest extends FlowFixture {

  private static final String SEGMENTS = "/skywalking.v3.TraceSegmentReportService/collect";

  private void quotas(long client, long service) {
    server = server(null, ServerConfig.Ages.UNLIMITED, new ServerConfig.Quotas(client, service));
    node();
  }

  private static byte[] segment(String service, int bytes) {
    return SegmentObject.newBuilder()
        .setService(service)
        .setTraceIdBytes(ByteString.copyFrom(new byte[bytes]))
        .build()
        .toByteArray();
  }

  @Test
  void aClientThatSendsTooMuchIsReadLaterAndLosesNothing() {
    quotas(100_000, 0);
    start(TRACING);
    Caller stream = Caller.stream(client(), SEGMENTS);
    long since = System.nanoTime();
    for (int i = 0; i < 20; i++) {
      stream.send(segment("loud", 10_000));
    }
    stream.halfClose();
    assertEquals(Status.Code.OK, stream.code());
    long took = System.nanoTime() - since;
    // 200,000 bytes, of which a second's worth costs no wait.
    assertTrue(took >= TimeUnit.MILLISECONDS.toNanos(900), "took " + took);
    awaitForwarded(20);
  }

  @Test
  void aServiceThatSendsTooMuchWaitsAndAnotherOneDoesNot() {
    quotas(0, 1000);
    start(TRACING);
    Caller loud = Caller.stream(client(), SEGMENTS);
    loud.send(segment("loud", 4_000)).halfClose();
    await("it is taken in", () -> account().received() == 1);
    Caller quiet = Caller.stream(client(), SEGMENTS);
    quiet.send(segment("quiet", 100)).halfClose();
    assertEquals(Status.Code.OK, quiet.code());
    await("both are forwarded", () -> account().forwarded() == 2);
    assertFalse(loud.isOver(), "who sends four seconds' worth waits for three");
    assertEquals(Status.Code.OK, loud.code());
    awaitForwarded(2);
  }

  @Test
  void unaryCallsThatAreQueuedWaitAndWhatIsPassedThroughDoesNot() {
    quotas(1000, 0);
    start(TRACING);
    awaitUp(1);
    ManagedChannel agent = client();
    Caller loud = Caller.unary(agent, Samples.SEGMENTS_IN_SYNC, segments(4_000));
    await("it is taken in", () -> account().received() == 1);
    Caller next = Caller.unary(agent, Samples.SEGMENTS_IN_SYNC, segments(10));
    Caller.unary(agent, "/skywalking.v3.ProfileTask/getProfileTaskCommands", new byte[0])
        .assertAccepted();
    assertFalse(loud.isOver(), "who sends four seconds' worth waits for three");
    assertEquals(1, account().received());
    loud.assertAccepted();
    next.assertAccepted();
    awaitForwarded(2);
  }

  private static byte[] segments(int bytes) {
    return SegmentCollection.newBuilder()
        .addSegments(
            SegmentObject.newBuilder().setTraceIdBytes(ByteString.copyFrom(new byte[bytes])))
        .build()
        .toByteArray();
  }

  @Test
  void whereNoServiceIsNamedTheClientAloneCounts() {
    quotas(0, 1);
    start(EVENT);
    Caller stream = Caller.stream(client(), Samples.EVENTS);
    stream.send(Samples.event("1")).send(Samples.event("2")).halfClose();
    assertEquals(Status.Code.OK, stream.code());
    awaitForwarded(2);
  }

  /** The wait for its last message had begun anew with the half-close. */
  @Test
  void whoHasPaidByThenIsAnsweredAtOnce() {
    quotas(1000, 0);
    start(EVENT);
    Caller stream = Caller.stream(client(), Samples.EVENTS).send(Samples.event("1", 101_000));
    await("it is taken in", () -> account().received() == 1);
    ahead.addAndGet(Duration.ofSeconds(101).toNanos());
    stream.finish();
    awaitForwarded(1);
  }

  /** What its call held had been kept until it would have paid. */
  @Test
  void ofAClientThatLeavesWhileItWaitsNothingIsKept() {
    quotas(1, 0);
    start(EVENT);
    Caller stream = Caller.stream(client(), Samples.EVENTS).send(Samples.event("1", 100_000));
    await("it is taken in", () -> account().received() == 1);
    List<WeakReference<ReceiverCall>> calls = new ArrayList<>();
    satellite.openCalls(call -> calls.add(new WeakReference<>(call)));
    stream.call.cancel("the client leaves", null);
    await("its call is over", () -> pipe(EVENT).openStreams() == 0);
    await(
        "nothing is kept",
        () -> {
          System.gc();
          return calls.get(0).get() == null;
        });
    awaitForwarded(1);
  }

  /** It had been refused, although what it sent was taken in. */
  @Test
  void whoWaitsForItsAnswerGetsItWhenSatelliteStops() throws Exception {
    quotas(1, 0);
    start(EVENT);
    Caller stream = Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).halfClose();
    await("it is taken in", () -> account().received() == 1);
    stopServer(500);
    stream.assertAccepted();
    awaitForwarded(1);
  }

  /** It was not read, and so had been taken for quiet and answered; what it had sent was lost. */
  @Test
  void whoIsSentAwayWhileItWaitsLosesNothing() throws Exception {
    Duration grace = Duration.ofSeconds(30);
    ServerConfig.Ages ages = new ServerConfig.Ages(Duration.ofMinutes(10), grace, Duration.ZERO);
    server = server(null, ages, new ServerConfig.Quotas(10, 0));
    node();
    start(EVENT);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      FrameClient.Stream loud = agent.open(Samples.EVENTS);
      FrameClient.Stream ended = agent.open(Samples.EVENTS);
      loud.send(Samples.event("1", 100_000)).send(Samples.event("2"));
      await("it is taken in", () -> account().received() == 1);
      ended.send(Samples.event("3")).halfClose();
      await("it is taken in", () -> account().received() == 2);
      for (Duration time : List.of(Duration.ofMinutes(12), Duration.ofSeconds(1))) {
        pass(time);
        roundTrip(agent);
        assertNull(loud.status());
        assertNull(ended.status());
      }
      pass(grace);
      await("what it has sent is taken in", () -> account().received() == 3);
      await("it is answered", () -> ended.status() != null);
      assertEquals("0", ended.status());
      pass(Duration.ofSeconds(1));
      await("it is answered", () -> loud.status() != null);
      assertEquals("0", loud.status());
    }
    assertEquals(1, pipe(EVENT).endedStreams());
    awaitForwarded(3);
  }
}
