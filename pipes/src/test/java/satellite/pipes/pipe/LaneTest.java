package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import satellite.pipes.grpc.GrpcConnection;
import satellite.queue.Batch;
import satellite.queue.Event;

/** What a lane knows of the sources whose events it has. */
class LaneTest {

  private final Lane<GrpcConnection> lane = new Lane<>();

  private static Batch batch(String... keys) {
    List<Event> events =
        Stream.of(keys)
            .map(key -> new Event("/m", key, null, new byte[0], new byte[0][], 1, 0))
            .toList();
    return new Batch(null, events);
  }

  @Test
  void holdsWhatWaitsAndWhatIsUnderWay() {
    lane.add(batch("a", "b"));
    lane.busy.put("order", batch("c"));
    assertTrue(lane.holds("a"));
    assertTrue(lane.holds("c"));
    assertFalse(lane.holds("d"));
  }

  @Test
  void whatIsAddedAfterTheFirstQuestionCounts() {
    assertFalse(lane.holds("a"));
    lane.add(batch("a"));
    assertTrue(lane.holds("a"));
  }

  @Test
  void whatLeftIsForgottenAtARecount() {
    lane.add(batch("a"));
    assertTrue(lane.holds("a"));
    lane.waiting.clear();
    assertTrue(lane.holds("a"), "late, not wrong");
    lane.recount();
    assertFalse(lane.holds("a"));
  }
}
