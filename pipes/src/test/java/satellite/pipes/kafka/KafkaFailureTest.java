package satellite.pipes.kafka;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.METER;
import static satellite.pipes.protocol.ReceiverPlugin.PROFILE;
import static satellite.pipes.protocol.ReceiverPlugin.TRACING;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.NetworkException;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.junit.jupiter.api.Test;
import satellite.pipes.Caller;
import satellite.pipes.Samples;
import satellite.pipes.pipe.Outcome;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.queue.Acknowledgement;

/** What a cluster may answer, and what becomes of the batch. */
class KafkaFailureTest extends KafkaFixture {

  private static final String SEGMENTS = "skywalking-segments";

  @Test
  void onlyWhatIsSaidOfTheRecordEndsIt() {
    for (Exception ofRecord :
        List.of(
            new RecordTooLargeException("x"),
            new InvalidRecordException("x"),
            new InvalidTopicException("x"),
            new SerializationException("x"))) {
      assertInstanceOf(Outcome.Refused.class, KafkaForwarder.outcome(ofRecord));
    }
    for (Exception passing :
        List.of(
            new TimeoutException("x"),
            new NetworkException("x"),
            new NotLeaderOrFollowerException("x"),
            new TopicAuthorizationException("x"),
            new ClusterAuthorizationException("x"),
            new AuthenticationException("x"),
            new UnknownServerException("x"),
            new KafkaException("x"),
            new IllegalStateException("x"))) {
      assertInstanceOf(Outcome.Unreached.class, KafkaForwarder.outcome(passing));
    }
    var refused = (Outcome.Refused) KafkaForwarder.outcome(new RecordTooLargeException("x"));
    assertEquals("too_large", refused.reason());
    var unreached =
        (Outcome.Unreached) KafkaForwarder.outcome(new NotLeaderOrFollowerException("x"));
    assertEquals("not_leader_or_follower", unreached.reason());
  }

  @Test
  void aRecordThatIsRefusedIsDroppedAloneAndAtOnce() {
    answers(key -> key.equals("s1") ? new RecordTooLargeException("too long") : null);
    start(TRACING);
    sendSegments(5);
    awaitSettled();
    assertEquals(4, account().forwarded());
    assertEquals(Map.of("too_large", 1L), account().droppedByReason());
    assertEquals(5, sent(SEGMENTS).size());
  }

  @Test
  void eachSenderThatWaitsIsToldOfItsOwnRecord() {
    queue = answering(Acknowledgement.DELIVERED);
    answers(key -> key.equals("s1") ? new RecordTooLargeException("too long") : null);
    start(TRACING);
    ManagedChannel agent = client();
    Caller good = Caller.stream(agent, Samples.SEGMENTS).send(Samples.segment("s0")).halfClose();
    Caller bad = Caller.stream(agent, Samples.SEGMENTS).send(Samples.segment("s1")).halfClose();
    good.assertAccepted();
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, bad.code());
    assertTrue(bad.status().getDescription().endsWith("too long"), bad.status().toString());
  }

  @Test
  void whatWasNotTakenIsSentAgainAndTheRestIsNot() {
    AtomicInteger failures = new AtomicInteger(2);
    answers(
        key ->
            key.equals("s3") && failures.getAndDecrement() > 0 ? new NetworkException("x") : null);
    start(TRACING);
    sendSegments(5);
    awaitForwarded(5);
    assertEquals(
        List.of("s0", "s1", "s2", "s3", "s4", "s3", "s3"),
        sent(SEGMENTS).stream().map(ProducerRecord::key).toList());
  }

  @Test
  void aBatchMayEndInThreeWays() {
    AtomicInteger failures = new AtomicInteger(1);
    answers(
        key ->
            switch (key) {
              case "s0" -> failures.getAndDecrement() > 0 ? new TimeoutException("x") : null;
              case "s1", "s2" -> new InvalidRecordException("x");
              default -> null;
            });
    start(TRACING);
    sendSegments(4);
    awaitSettled();
    assertEquals(2, account().forwarded());
    assertEquals(Map.of("invalid_record", 2L), account().droppedByReason());
    assertEquals(5, sent(SEGMENTS).size());
  }

  @Test
  void aMeterThatWasNotTakenComesAgainWithItsKey() {
    AtomicInteger failures = new AtomicInteger(3);
    answers(key -> failures.getAndDecrement() > 0 ? new NetworkException("x") : null);
    start(METER);
    Caller.stream(client(), Samples.METERS)
        .send(Samples.meters("a", 1))
        .send(Samples.meters("b", 2))
        .finish();
    awaitForwarded(2);
  }

  @Test
  void aKeyThatCannotBeReadEndsItsMessageOnly() {
    start(PROFILE);
    Caller.stream(client(), "/skywalking.v3.ProfileTask/collectSnapshot")
        .send(new byte[] {10, 1, 't'})
        .send(new byte[] {10, 100, 't'})
        .finish();
    awaitSettled();
    assertEquals(1, account().forwarded());
    assertEquals(Map.of("malformed", 1L), account().droppedByReason());
  }

  @Test
  void nothingLeavesUntilTheClusterHasToldOfATopic() {
    producer().partitionsForException = new TimeoutException("not present in metadata");
    start(TRACING);
    sendSegments(3);
    await("it is connecting", () -> !kafka.upstreams().isEmpty() && kafka.up().isEmpty());
    assertEquals(3, pipes.get(0).queue().events());
    assertEquals(0, producer().history().size());
    producer().partitionsForException = null;
    awaitForwarded(3);
    assertEquals(1, kafka.up().size());
  }

  @Test
  void aTopicThatIsNotKnownYetIsTriedAgain() {
    producer().sendException = new TimeoutException("not present in metadata after 0 ms");
    start(TRACING);
    sendSegments(3);
    await("it is up", () -> kafka.up().size() == 1);
    assertEquals(3, pipes.get(0).queue().events());
    producer().sendException = null;
    awaitForwarded(3);
  }

  @Test
  void nothingLeavesWhileTheClusterIsAway() {
    start(TRACING);
    sendSegments(1);
    awaitForwarded(1);
    producer().sendException = new TimeoutException("not present in metadata after 0 ms");
    producer().partitionsForException = producer().sendException;
    sendSegments(2);
    await("it is not up any more", () -> kafka.up().isEmpty());
    sendSegments(2);
    assertEquals(4, pipes.get(0).queue().events());
    producer().sendException = null;
    producer().partitionsForException = null;
    awaitForwarded(5);
    assertEquals(5, sent(SEGMENTS).size());
  }

  @Test
  void aProducerThatIsBrokenIsReplaced() {
    ScriptedProducer broken = new ScriptedProducer(r -> new ClusterAuthorizationException("no"));
    producers.addFirst(broken);
    start(TRACING);
    sendSegments(3);
    awaitForwarded(3);
    assertTrue(broken.closed());
    assertFalse(producer().closed());
    assertEquals(3, sent(SEGMENTS).size());
  }

  @Test
  void aProducerThatCannotBeMadeIsMadeLater() {
    unmakable = 3;
    start(TRACING);
    sendSegments(3);
    awaitForwarded(3);
  }

  @Test
  void aFullWindowWaits() {
    batch = new BatchLimits(Duration.ofMillis(1), 1, 1 << 20, 2);
    answers(key -> ScriptedProducer.NONE);
    start(TRACING);
    sendSegments(5);
    await("two are under way", () -> producer().history().size() == 2);
    await("a third is at hand", () -> pipes.get(0).queue().partitions().get(0).waiting() == 2);
    assertEquals(2, producer().history().size());
    answers(key -> null);
    producer().completeNext();
    await("the others left", () -> producer().history().size() == 5);
    producer().completeNext();
    awaitForwarded(5);
  }

  @Test
  void whatIsUnderWayAtTheEndIsCountedAsDropped() {
    answers(key -> ScriptedProducer.NONE);
    start(TRACING);
    sendSegments(4);
    await("all are under way", () -> producer().history().size() == 4);
    pipes.get(0).abandon();
    breakOff();
    awaitSettled();
    assertEquals(Map.of("shutdown", 4L), account().droppedByReason());
    assertTrue(producer().closed());
  }

  private void answers(Function<String, RuntimeException> byKey) {
    producer().script(record -> byKey.apply(record.key()));
  }

  private void sendSegments(int count) {
    Caller caller = Caller.stream(client(), Samples.SEGMENTS);
    IntStream.range(0, count).forEach(i -> caller.send(Samples.segment("s" + i)));
    caller.finish();
  }
}
