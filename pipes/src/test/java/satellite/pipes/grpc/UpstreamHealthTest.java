package satellite.pipes.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;

import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import satellite.discovery.Node;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.routing.Connection.State;
import satellite.routing.Upstream;
import satellite.routing.Upstream.Condition;
import satellite.standin.StandInOap;

/** Whether a node is there, beside what its calls tell: health checks, pings, and why it is not. */
class UpstreamHealthTest extends FlowFixture {

  private static final String CHECK = "grpc.health.v1.Health/Check";

  private void checked(Duration period) {
    client =
        new ClientConfig(
            null, "", period, LONG, LONG, new ClientConfig.Health(Duration.ZERO, LONG, true));
  }

  private static byte[] answer(ServingStatus status) {
    return HealthCheckResponse.newBuilder().setStatus(status).build().toByteArray();
  }

  private Upstream<GrpcConnection> upstream(StandInOap node) {
    return router.upstreams().get(address(node));
  }

  @Test
  void aNodeThatServesIsUpAndAskedOnceInAPeriod() {
    checked(Duration.ofMillis(50));
    StandInOap node = node();
    start(EVENT);
    awaitUp(1);
    await("it is asked again", () -> node.count(CHECK).calls() >= 3);
    assertEquals(Condition.UP, upstream(node).condition());
  }

  @Test
  void aNodeThatSaysNoGetsNothingUntilItSaysYes() {
    checked(Duration.ofMillis(50));
    StandInOap ill = node();
    StandInOap well = node();
    ill.answer(CHECK, (message, index) -> answer(ServingStatus.NOT_SERVING));
    start(EVENT);
    await("it is known to be ill", () -> upstream(ill).state() == State.DOWN);
    awaitUp(1);
    assertEquals("its health check answered NOT_SERVING", upstream(ill).why());
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("e")).finish();
    awaitForwarded(1);
    assertEquals(1, messages(well, Samples.EVENTS).size());
    ill.behave();
    awaitUp(2);
    assertEquals("", upstream(ill).why());
  }

  @Test
  void aNodeThatDoesNotKnowTheQuestionServes() {
    checked(Duration.ofMillis(50));
    node().endAfter(CHECK, 0, Status.UNIMPLEMENTED);
    start(EVENT);
    awaitUp(1);
  }

  @Test
  void aNodeThatIsSilentThreeTimesInARowIsDown() {
    checked(Duration.ofMillis(50));
    StandInOap node = node();
    start(EVENT);
    awaitUp(1);
    node.hold();
    await("it is down", () -> router.up().isEmpty());
    assertTrue(
        upstream(node).why().startsWith("its health check failed 3 times, the last with DEADLINE_"),
        upstream(node).why());
    node.release();
    awaitUp(1);
  }

  @Test
  void withoutHealthChecksNobodyIsAsked() {
    StandInOap node = node();
    start(EVENT);
    awaitUp(1);
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("e")).finish();
    awaitForwarded(1);
    assertEquals(0, node.count(CHECK).calls());
  }

  @Test
  void aNodeThatCannotBeReachedSaysWhy() {
    StandInOap dead = deadNode();
    start(EVENT);
    await("it is down", () -> upstream(dead).state() == State.DOWN);
    await("it says why", () -> upstream(dead).why().startsWith("Connection refused"));
    dead.start(dead.port());
    awaitUp(1);
    assertEquals("", upstream(dead).why());
  }

  private String probe(StandInOap node, Duration atMost) throws InterruptedException {
    BlockingQueue<String> problem = new LinkedBlockingQueue<>();
    upstream(node).connection().probe(atMost, problem::add);
    return problem.poll(LONG.toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void aProbeTellsWhatIsWrong() throws InterruptedException {
    StandInOap node = node();
    StandInOap dead = deadNode();
    start(EVENT);
    awaitUp(1);
    assertEquals("", probe(node, LONG));
    node.endAfter(CHECK, 0, Status.PERMISSION_DENIED.withDescription("who are you?"));
    assertEquals(
        "it does not take the token (SATELLITE_GRPC_AUTHENTICATION): who are you?",
        probe(node, LONG));
    node.behave();
    node.hold();
    assertEquals("it does not answer", probe(node, Duration.ofMillis(100)));
    await("the dead one is down", () -> upstream(dead).state() == State.DOWN);
    String refused = probe(dead, Duration.ofMillis(300));
    assertTrue(refused.startsWith("Connection refused"), refused);
  }

  /**
   * Ten seconds are the least that gRPC pings after. The kernel of the silent end still
   * acknowledges what is written, and no call is under way: only a ping can tell.
   */
  @Test
  void aConnectionWhoseOtherEndIsGoneIsReplacedAfterAPingWithoutAnAnswer() {
    client =
        new ClientConfig(
            null,
            "",
            Duration.ofMillis(100),
            Duration.ofMinutes(2),
            Duration.ofMinutes(2),
            new ClientConfig.Health(Duration.ofSeconds(10), Duration.ofMillis(300), false));
    StandInOap node = node();
    try (Cable cable = new Cable(node.port())) {
      start(Set.of(new Node("127.0.0.1", cable.port())), EVENT);
      awaitUp(1);
      cable.silence();
      Caller.stream(client(), Samples.EVENTS).send(Samples.event("e")).finish();
      // Its call would otherwise hang until its deadline, for which nobody here waits.
      awaitForwarded(1);
      assertEquals(1, messages(node, Samples.EVENTS).size());
    }
  }
}
