package satellite.pipes.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.net.ConnectException;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;

/** How clients learn that the port closes, and that none of them loses anything by it. */
class GoAwayTest extends FlowFixture {

  private static final String OK = "0";

  /** Larger than any stream's id: "no new streams, please", and nothing is refused yet. */
  private static final int ANY_STREAM = Integer.MAX_VALUE;

  private CompletableFuture<Void> stopping() {
    return CompletableFuture.runAsync(
        () -> {
          try {
            stopServer(LONG.toMillis());
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Test
  void whatAClientOpensBeforeItHasReadTheFirstGoAwayIsServed() {
    node();
    start(EVENT);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      FrameClient.Stream before = agent.open(Samples.EVENTS).send(Samples.event("1"));
      await("it is taken in", () -> account().received() == 1);
      CompletableFuture<Void> stopped = stopping();
      await("the first GOAWAY is there", () -> agent.goAways().size() == 1);
      await("and a ping", agent::isPinged);
      assertEquals(List.of(ANY_STREAM), agent.goAways());

      FrameClient.Stream between = agent.open(Samples.EVENTS).send(Samples.event("2")).halfClose();
      await("it is answered", () -> between.status() != null);
      assertEquals(OK, between.status());
      FrameClient.Stream longer = agent.open(Samples.EVENTS).send(Samples.event("3"));
      await("it is taken in", () -> account().received() == 3);
      assertEquals(List.of(ANY_STREAM), agent.goAways());

      agent.acknowledgePing();
      await("the second GOAWAY is there", () -> agent.goAways().size() == 2);
      assertEquals(List.of(ANY_STREAM, longer.id()), agent.goAways());
      assertNull(before.status());
      for (FrameClient.Stream open : List.of(before, longer)) {
        open.send(Samples.event("more")).halfClose();
        await("it is answered", () -> open.status() != null);
        assertEquals(OK, open.status());
      }
      await("the connection is closed", agent::isClosed);
      stopped.join();
      awaitForwarded(5);
    }
  }

  @Test
  void aClientThatDoesNotAnswerThePingIsNotWaitedForLongerThanItsStreams() throws Exception {
    node();
    start(EVENT);
    try (FrameClient agent = new FrameClient(satellite.port())) {
      FrameClient.Stream stream = agent.open(Samples.EVENTS).send(Samples.event("1"));
      await("it is taken in", () -> account().received() == 1);
      stopServer(100);
      await("the connection is closed", agent::isClosed);
      assertEquals(ANY_STREAM, agent.goAways().get(0));
      awaitForwarded(1);
    }
  }

  @Test
  void aClientThatCallsAllTheTimeLosesNoCall() throws Exception {
    node();
    start(EVENT);
    ManagedChannel agent = client();
    AtomicInteger answered = new AtomicInteger();
    CompletableFuture<Status> end =
        CompletableFuture.supplyAsync(
            () -> {
              while (true) {
                Caller call = Caller.stream(agent, Samples.EVENTS);
                call.send(Samples.event("e")).halfClose();
                if (call.code() != Status.Code.OK) {
                  return call.status();
                }
                answered.incrementAndGet();
              }
            });
    await("it is calling", () -> answered.get() > 20);
    stopServer(LONG.toMillis());
    // The first call that fails is one for which nobody listened any more.
    Throwable why = end.join().getCause();
    assertTrue(why instanceof ConnectException, end.join() + " " + why);
    awaitForwarded(answered.get());
  }

  @Test
  void whileItDrainsItIsNotHealthyAndTakesInAllTheSame() {
    node();
    start(EVENT);
    Iterator<HealthCheckResponse> watch =
        HealthGrpc.newBlockingStub(client()).watch(HealthCheckRequest.getDefaultInstance());
    assertEquals(ServingStatus.SERVING, watch.next().getStatus());
    satellite.drain();
    assertEquals(ServingStatus.NOT_SERVING, watch.next().getStatus());
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).finish();
    awaitForwarded(1);
  }
}
