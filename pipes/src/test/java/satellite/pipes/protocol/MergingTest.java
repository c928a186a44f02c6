package satellite.pipes.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.pipes.protocol.Protocol.Mode;
import satellite.pipes.protocol.Protocol.Shape;
import satellite.pipes.protocol.Rounds.Round;

/**
 * For every queued method: OAP learns the same from Satellite as it would from the clients,
 * whatever the cuts between batches, and however often a batch was halved.
 */
class MergingTest {

  static Stream<String> queued() {
    return Protocols.TABLE.stream()
        .filter(row -> row.mode() == Mode.ASYNCHRONOUS)
        .map(Protocol::method);
  }

  @ParameterizedTest
  @MethodSource("queued")
  void oapLearnsTheSameInCallsOfTheTarget(String method) {
    Rounds.each(
        method,
        round -> {
          learnsTheSame(round);
          goesWhereItsRowSays(round);
        });
  }

  private static void learnsTheSame(Round round) {
    if (round.method().endsWith("ManagementService/keepAlive")) {
      assertEquals(round.factsOfClients().keySet(), round.factsUpstream().keySet());
    } else {
      assertEquals(round.factsOfClients(), round.factsUpstream());
    }
  }

  private static void goesWhereItsRowSays(Round round) {
    Protocol.Forwarding how = Protocols.of(round.method()).forwarding();
    boolean unary = how.shape() == Shape.UNARY_EACH || how.shape() == Shape.UNARY_JOINED;
    for (Relay.Call call : round.calls()) {
      assertEquals(how.target(), call.target());
      assertEquals(how.sticky(), call.node() != null);
      assertTrue(!unary || call.messages().size() == 1, "one message per unary call");
    }
  }

  /** Where the order within a stream carries meaning, or comes for free. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/skywalking.v3.TraceSegmentReportService/collect",
        "/skywalking.v3.SpanAttachedEventReportService/collect",
        "/skywalking.v3.LogReportService/collect",
        "/skywalking.v3.EventService/collect",
        "/skywalking.v3.ProfileTask/collectSnapshot",
        "/skywalking.v3.EBPFProfilingService/collectProfilingData",
        "/skywalking.v3.EBPFAccessLogService/collect",
        "/envoy.service.metrics.v3.MetricsService/StreamMetrics"
      })
  void aStreamKeepsItsOrder(String method) {
    if (Protocols.of(method).forwarding().sticky()) {
      Rounds.eachStream(method, MergingTest::keepsOrderOnEachNode);
    } else {
      Rounds.eachStream(
          method, round -> assertEquals(round.factsOfStream(), round.factsUpstreamInOrder()));
    }
  }

  private static void keepsOrderOnEachNode(Round round) {
    assertTrue(round.calls().stream().map(Relay.Call::node).distinct().count() <= 1, "one node");
    assertEquals(round.factsOfStream(), round.factsUpstreamInOrder());
  }
}
