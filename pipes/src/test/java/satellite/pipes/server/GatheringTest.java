package satellite.pipes.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.ENVOY_ALS_V3;
import static satellite.pipes.protocol.ReceiverPlugin.METER;

import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import satellite.pipes.Samples;
import satellite.pipes.pipe.Intake;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.queue.Event;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;

/** What the messages of a stream become before they are queued; the time is turned by hand. */
class GatheringTest {

  private static final int MAX_MESSAGES = 3;
  private static final Duration FLUSH_TIME = Duration.ofMillis(100);

  private final EmbeddedChannel connection = new EmbeddedChannel();
  private final byte[] context = {1};
  private String method;
  private Pipe pipe;
  private Gathering gathering;
  private int events;

  private void open(ReceiverPlugin receiver, String path) {
    connection.freezeTime();
    method = path;
    pipe =
        StandingPipe.of(
            receiver,
            new QueueConfig(1, 100, Duration.ofSeconds(3), WhenFull.REFUSE),
            new PipeConfig.Gather(FLUSH_TIME, MAX_MESSAGES));
    Protocol protocol = Protocols.of(method);
    Intake intake = pipe.intake();
    gathering =
        new Gathering(protocol, pipe, intake, connection.eventLoop(), () -> events++, () -> null);
  }

  private void offer(String key) {
    byte[][] parts = {{2, 3}};
    assertTrue(gathering.offer(new Event(method, key, "group", context, parts, 1, 0)));
  }

  private void pass(Duration time) {
    connection.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
    connection.runScheduledPendingTasks();
  }

  private List<Integer> queued() {
    return pipe.queue().partitions().get(0).poll(100, Long.MAX_VALUE).stream()
        .map(Event::messages)
        .toList();
  }

  @Test
  void messagesAreOneEventAfterTheFlushTime() {
    open(ENVOY_ALS_V3, Samples.ALS);
    offer(null);
    offer(null);
    pass(FLUSH_TIME.minusMillis(1));
    assertEquals(List.of(), queued());
    assertEquals(2, pipe.account().received());
    pass(Duration.ofMillis(1));
    assertEquals(List.of(2), queued());
    assertEquals(1, events);
  }

  @Test
  void orWhenThereAreEnough() {
    open(ENVOY_ALS_V3, Samples.ALS);
    for (int i = 0; i < MAX_MESSAGES + 1; i++) {
      offer(null);
    }
    assertEquals(List.of(MAX_MESSAGES), queued());
    gathering.finish();
    assertEquals(List.of(1), queued());
    pass(FLUSH_TIME);
    assertEquals(List.of(), queued());
  }

  @Test
  void aWholeStreamIsOneEvent() {
    open(METER, Samples.METER);
    offer("instance");
    for (int i = 0; i < 10 * MAX_MESSAGES; i++) {
      offer(null);
    }
    pass(FLUSH_TIME.multipliedBy(10));
    assertEquals(List.of(), queued());
    gathering.finish();
    assertEquals(List.of(10 * MAX_MESSAGES + 1), queued());
  }

  @Test
  void aReportOfNobodyIsDroppedAndItsSpaceFree() {
    open(METER, Samples.METER);
    offer(null);
    offer(null);
    gathering.finish();
    assertEquals(List.of(), queued());
    assertEquals(Map.of("no_identity", 2L), pipe.account().droppedByReason());
    assertTrue(pipe.isEmpty());
  }
}
