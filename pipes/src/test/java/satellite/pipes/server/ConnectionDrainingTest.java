package satellite.pipes.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.JVM;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.server.ServerConfig.Ages;
import satellite.queue.Acknowledgement;

/** Clients that are sent away, for their age or because there are too many: they lose nothing. */
class ConnectionDrainingTest extends FlowFixture {

  private static final String OK = "0";
  private static final String UNAVAILABLE = "14";
  private static final Duration AGE = Duration.ofMinutes(10);
  private static final Duration GRACE = Duration.ofSeconds(30);

  /** Ages are lengthened or shortened by a tenth: past any of them. */
  private static final Duration PAST_AGE = AGE.multipliedBy(112).dividedBy(100);

  private static final Duration BEFORE_AGE = AGE.multipliedBy(88).dividedBy(100);

  @BeforeEach
  void aNode() {
    node();
  }

  private void start(Duration connection, Duration stream) {
    server = server(null, new Ages(connection, GRACE, stream), ServerConfig.Quotas.NONE);
    start(EVENT, JVM);
  }

  /** The same, where flow control lets no message through. */
  private void headersOnly(FrameClient agent) {
    FrameClient.Stream closed = agent.open(Protocols.OAP_INTERNAL + "call");
    await("it is refused", () -> closed.status() != null);
  }

  private FrameClient.Stream opened(FrameClient agent, int taken) {
    FrameClient.Stream stream = agent.open(Samples.EVENTS).send(Samples.event("e" + taken));
    await("it is taken in", () -> account().received() == taken);
    return stream;
  }

  private void answeredOk(FrameClient.Stream stream) {
    await("it is answered", () -> stream.status() != null);
    assertEquals(OK, stream.status());
  }

  @Test
  void aConnectionIsToldToGoWhenItIsOld() throws Exception {
    start(AGE, Duration.ZERO);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      FrameClient.Stream stream = opened(agent, 1);
      pass(BEFORE_AGE);
      assertEquals(0, satellite.agedConnections());
      ahead.addAndGet(PAST_AGE.minus(BEFORE_AGE).toNanos());
      stream.send(Samples.event("just now"));
      await("it is taken in", () -> account().received() == 2);
      satellite.tick();
      assertEquals(1, satellite.agedConnections());
      assertEquals(0, satellite.staying());
      assertEquals(1, satellite.connections());
      await("GOAWAY", () -> agent.goAways().size() == 1);
      agent.acknowledgePing();
      await("the second GOAWAY", () -> agent.goAways().size() == 2);
      stream.send(Samples.event("more")).halfClose();
      answeredOk(stream);
      await("the connection is closed", agent::isClosed);
      await("and not counted", () -> satellite.connections() == 0);
    }
    awaitForwarded(3);
  }

  @Test
  void withoutAnAgeNobodyIsToldToGo() throws Exception {
    start(Duration.ZERO, Duration.ZERO);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      FrameClient.Stream stream = opened(agent, 1);
      pass(Duration.ofDays(100));
      stream.halfClose();
      await("it is answered", () -> stream.status() != null);
      assertEquals(List.of(), agent.goAways());
    }
    assertEquals(0, satellite.agedConnections());
    awaitForwarded(1);
  }

  @Test
  void aStreamOnAConnectionThatGoesIsAnsweredAtAQuietMoment() throws Exception {
    start(AGE, Duration.ZERO);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      FrameClient.Stream stream = opened(agent, 1);
      ahead.addAndGet(PAST_AGE.toNanos());
      stream.send(Samples.event("just now"));
      await("it is taken in", () -> account().received() == 2);
      satellite.tick();
      await("GOAWAY", () -> !agent.goAways().isEmpty());
      assertNull(stream.status());
      pass(Duration.ofMillis(300));
      answeredOk(stream);
      // As clients do that are answered early.
      stream.halfClose();
      agent.acknowledgePing();
      await("the connection is closed", agent::isClosed);
    }
    assertEquals(1, pipe(EVENT).endedStreams());
    awaitForwarded(2);
  }

  /** A call whose message was still on its way had been answered, and the message was lost. */
  @Test
  void aStreamThatWasJustOpenedIsNotAnsweredBeforeItsMessageComes() throws Exception {
    start(AGE, Duration.ZERO);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      opened(agent, 1).halfClose();
      ahead.addAndGet(PAST_AGE.toNanos());
      FrameClient.Stream late = agent.open(Samples.EVENTS);
      roundTrip(agent);
      pass(Duration.ZERO);
      pass(Duration.ofSeconds(1));
      roundTrip(agent);
      assertNull(late.status());
      late.send(Samples.event("2")).halfClose();
      answeredOk(late);
    }
    awaitForwarded(2);
  }

  @Test
  void aStreamThatIsNeverQuietEndsWhenTheGraceTimeIsOver() throws Exception {
    start(AGE, Duration.ZERO);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      FrameClient.Stream stream = opened(agent, 1);
      int taken = 1;
      Duration step = Duration.ofSeconds(5);
      ahead.addAndGet(PAST_AGE.toNanos());
      for (Duration gone = Duration.ZERO; gone.compareTo(GRACE) < 0; gone = gone.plus(step)) {
        stream.send(Samples.event("busy"));
        int now = ++taken;
        await("it is taken in", () -> account().received() == now);
        satellite.tick();
        roundTrip(agent);
        assertNull(stream.status());
        ahead.addAndGet(step.toNanos());
      }
      satellite.tick();
      answeredOk(stream);
      awaitForwarded(taken);
    }
  }

  @Test
  void aStreamPastItsAgeEndsAndItsConnectionStays() throws Exception {
    start(Duration.ZERO, AGE);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      FrameClient.Stream old = opened(agent, 1);
      pass(BEFORE_AGE);
      FrameClient.Stream young = opened(agent, 2);
      pass(PAST_AGE.minus(BEFORE_AGE));
      answeredOk(old);
      young.send(Samples.event("more")).halfClose();
      await("the other goes on", () -> young.status() != null);
      assertEquals(List.of(), agent.goAways());
      assertEquals(1, pipe(EVENT).endedStreams());
    }
    awaitForwarded(3);
  }

  @Test
  void whatIsPassedThroughIsCutWhenItDoesNotEnd() throws Exception {
    start(AGE, Duration.ZERO);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      FrameClient.Stream conversation = agent.open("/skywalking.v10.PprofTask/collect");
      await("it is open", () -> satellite.connections() == 1);
      pass(PAST_AGE);
      pass(GRACE);
      assertFalse(agent.isClosed());
      pass(Duration.ofSeconds(3));
      await("the connection is closed", agent::isClosed);
      assertFalse(OK.equals(conversation.status()), "it ended well");
    }
    await("and not counted", () -> satellite.connections() == 0);
  }

  @Test
  void whatWaitsForSpaceIsNotCutAndIsTakenWhenThereIsSome() throws Exception {
    queue = new satellite.queue.QueueConfig(1, 1, LONG, queue.whenFull());
    nodes.get(0).stop();
    start(AGE, Duration.ZERO);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      FrameClient.Stream stream = opened(agent, 1);
      stream.send(Samples.event("waits"));
      roundTrip(agent);
      pass(PAST_AGE);
      pass(GRACE);
      pass(Duration.ofMinutes(1));
      assertFalse(agent.isClosed());
      nodes.get(0).start(nodes.get(0).port());
      await("it is taken in", () -> account().received() == 2);
      pass(Duration.ofSeconds(1));
      answeredOk(stream);
    }
    awaitForwarded(2);
  }

  /** Its connection had been counted, and its call at the node kept, until the node said a word. */
  @Test
  void ofAConnectionThatIsCutNothingIsLeft() throws Exception {
    start(AGE, Duration.ZERO);
    awaitUp(1);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      agent.open("/skywalking.v10.PprofTask/collect").send(new byte[0]);
      await("the node has it", () -> nodes.get(0).openCalls() == 1);
      pass(PAST_AGE);
      await("GOAWAY", () -> agent.goAways().size() == 1);
      agent.acknowledgePing();
      await("the second GOAWAY", () -> agent.goAways().size() == 2);
      pass(GRACE.plusSeconds(3));
      await("the connection is closed", agent::isClosed);
      await("and not counted", () -> satellite.connections() == 0);
      await("the node has no call of it", () -> nodes.get(0).openCalls() == 0);
    }
  }

  /** A large message on a long way had been cut in two, and its stream answered with OK. */
  @Test
  void aStreamWithHalfAMessageIsNotQuiet() throws Exception {
    start(AGE, Duration.ZERO);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      FrameClient.Stream stream = opened(agent, 1);
      byte[] message = FrameClient.framed(Samples.event("2"));
      stream.sendBytes(Arrays.copyOf(message, 9));
      roundTrip(agent);
      pass(PAST_AGE);
      pass(Duration.ofSeconds(1));
      roundTrip(agent);
      assertNull(stream.status());
      stream.sendBytes(Arrays.copyOfRange(message, 9, message.length));
      await("it is taken in", () -> account().received() == 2);
      pass(Duration.ofSeconds(1));
      answeredOk(stream);
    }
    awaitForwarded(2);
  }

  /** It had been answered with OK, as if its message had come. */
  @Test
  void aUnaryCallIsNotAnsweredWithoutItsMessage() throws Exception {
    start(AGE, Duration.ZERO);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      FrameClient.Stream late = agent.open(Samples.JVM);
      FrameClient.Stream never = agent.open(Samples.JVM);
      roundTrip(agent);
      pass(PAST_AGE);
      pass(Duration.ofSeconds(1));
      roundTrip(agent);
      assertNull(late.status());
      late.send(Samples.jvm("shop-1", 1)).halfClose();
      answeredOk(late);
      assertNull(never.status());
      pass(GRACE);
      await("it is refused", () -> never.status() != null);
      assertEquals(UNAVAILABLE, never.status());
    }
    assertEquals(0, pipe(JVM).endedStreams());
    await("it is forwarded", () -> pipe(JVM).account().forwarded() == 1);
  }

  /** What one stream may send ahead, a connection may: the other looked quiet, and lost it all. */
  @Test
  void aStreamBesideOneThatWaitsForSpaceIsNotQuiet() throws Exception {
    queue = new satellite.queue.QueueConfig(1, 1, LONG, queue.whenFull());
    nodes.get(0).stop();
    start(AGE, Duration.ZERO);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      FrameClient.Stream beside = opened(agent, 1);
      FrameClient.Stream paused = agent.open(Samples.EVENTS).send(Samples.event("2"));
      paused.sendLater(Samples.event("3", 100_000));
      beside.sendLater(Samples.event("4"));
      headersOnly(agent);
      pass(PAST_AGE);
      for (Duration time : List.of(Duration.ofSeconds(1), GRACE, Duration.ofMinutes(1))) {
        pass(time);
        headersOnly(agent);
        assertNull(beside.status());
        assertNull(paused.status());
      }
      nodes.get(0).start(nodes.get(0).port());
      await("all is taken in", () -> account().received() == 4);
      pass(Duration.ofSeconds(2));
      await("both are answered", () -> beside.status() != null && paused.status() != null);
      assertEquals(OK, beside.status());
      assertEquals(OK, paused.status());
    }
    awaitForwarded(4);
  }

  /** The sender was told that it failed, and the node had it. */
  @Test
  void whatWaitsForANodesAnswerIsNotCut() throws Exception {
    queue = answering(Acknowledgement.DELIVERED);
    nodes.get(0).hold();
    start(AGE, Duration.ZERO);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      FrameClient.Stream stream = opened(agent, 1).halfClose();
      await("it waits", () -> pipe(EVENT).openStreams() == 0);
      pass(PAST_AGE);
      pass(GRACE);
      pass(Duration.ofSeconds(3));
      roundTrip(agent);
      nodes.get(0).release();
      answeredOk(stream);
      agent.acknowledgePing();
      await("the connection is closed", agent::isClosed);
    }
    awaitForwarded(1);
  }

  @Test
  void theLongestLivedAreShedFirst() throws Exception {
    start(Duration.ZERO, Duration.ZERO);
    List<FrameClient> agents = new ArrayList<>();
    for (int i = 1; i <= 6; i++) {
      agents.add(new FrameClient(satellite.port()));
      opened(agents.get(i - 1), i);
      ahead.addAndGet(Duration.ofMinutes(1).toNanos());
    }
    satellite.shed(2);
    assertEquals(4, satellite.staying());
    satellite.shed(1);
    assertEquals(3, satellite.staying());
    assertEquals(3, satellite.shedConnections());
    for (int i = 0; i < 6; i++) {
      FrameClient agent = agents.get(i);
      if (i < 3) {
        await("GOAWAY", () -> !agent.goAways().isEmpty());
      } else {
        assertEquals(List.of(), agent.goAways());
      }
    }
    for (FrameClient agent : agents) {
      agent.close();
    }
    awaitForwarded(6);
  }

  @Test
  void thatMoreAreShedThanThereAreHarmsNobody() {
    start(Duration.ZERO, Duration.ZERO);
    satellite.shed(5);
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).finish();
    ahead.addAndGet(Duration.ofSeconds(1).toNanos());
    satellite.shed(5);
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("2")).finish();
    awaitForwarded(2);
  }

  @Test
  void clientsThatAreShedAllTheTimeLoseNoCall() throws Exception {
    start(Duration.ZERO, Duration.ZERO);
    AtomicBoolean enough = new AtomicBoolean();
    List<ManagedChannel> channels = new ArrayList<>();
    List<AtomicInteger> answered = new ArrayList<>();
    List<CompletableFuture<Void>> agents = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      // With gRPC's own retries of what no server has seen, as agents have them.
      ManagedChannel agent = NettyChannelBuilder.forAddress(loopback()).usePlaintext().build();
      channels.add(agent);
      AtomicInteger own = new AtomicInteger();
      answered.add(own);
      agents.add(
          CompletableFuture.runAsync(
              () -> {
                while (!enough.get()) {
                  Caller call = Caller.stream(agent, Samples.EVENTS);
                  call.send(Samples.event("e")).halfClose();
                  assertEquals(Status.Code.OK, call.code(), () -> "" + call.status());
                  own.incrementAndGet();
                }
              },
              task -> new Thread(task).start()));
    }
    for (int shed = 1; shed <= 40; shed++) {
      List<Integer> seen = answered.stream().map(AtomicInteger::get).toList();
      await(
          "each goes on",
          () -> {
            for (int i = 0; i < seen.size(); i++) {
              if (answered.get(i).get() < seen.get(i) + 5 && !agents.get(i).isDone()) {
                return false;
              }
            }
            return true;
          });
      ahead.addAndGet(Duration.ofSeconds(1).toNanos());
      satellite.shed(2);
      satellite.tick();
    }
    enough.set(true);
    agents.forEach(CompletableFuture::join);
    channels.forEach(ManagedChannel::shutdownNow);
    assertTrue(satellite.shedConnections() > 20, "shed " + satellite.shedConnections());
    awaitForwarded(answered.stream().mapToInt(AtomicInteger::get).sum());
  }
}
