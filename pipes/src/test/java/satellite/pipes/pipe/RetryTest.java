package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Message;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.pipes.protocol.ClientTraffic;
import satellite.pipes.protocol.FieldCursor;
import satellite.pipes.protocol.Generated;
import satellite.pipes.protocol.OapView;
import satellite.pipes.protocol.Protocols;
import satellite.standin.StandInOap;

/**
 * What a stream says once, its service, task, node, connection or Envoy, still holds for each of
 * its messages when batches were refused, halved, tried again and moved to other nodes.
 */
class RetryTest extends FlowFixture {

  private static final String BAD = "poisoned";

  /** Fails every third call at its second message, and each with a bad message. */
  private final class Unreliable implements StandInOap.Listener, StandInOap.Verdict {
    private final Map<Long, List<byte[]>> calls = new TreeMap<>();
    private Status status;
    private int failures;

    @Override
    public void message(StandInOap.Call call, int index, byte[] message) {
      calls.computeIfAbsent(call.id(), any -> new ArrayList<>()).add(message);
      status = null;
      if (Samples.contains(message, BAD)) {
        status = Status.UNKNOWN;
      } else if (index == 1 && (failures == 0 || call.id() % 3 == 0)) {
        status = Status.UNAVAILABLE;
        failures++;
      }
      if (status != null) {
        calls.remove(call.id());
      }
    }

    /** Asked right after the listener, on the one event loop of Satellite's connection. */
    @Override
    public Status on(String method, byte[] message, int index) {
      return status;
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/skywalking.v3.LogReportService/collect",
        "/skywalking.v3.EBPFProfilingService/collectProfilingData",
        "/skywalking.v3.EBPFAccessLogService/collect",
        "/envoy.service.metrics.v3.MetricsService/StreamMetrics"
      })
  void whatWasSaidOnceHoldsAfterRetries(String method) {
    Generated.hushWarnings();
    batch = new BatchLimits(Duration.ofMillis(5), 15, 1 << 20, 4);
    List<Unreliable> behaviours = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Unreliable behaviour = new Unreliable();
      StandInOap node = node();
      node.listen(behaviour);
      node.endWhen(behaviour);
      behaviours.add(behaviour);
    }
    start(Protocols.of(method).receiver());
    awaitUp(3);

    Map<Object, Integer> expected = new HashMap<>();
    List<List<byte[]>> streams = streams(method, expected);
    sendInTurn(method, streams);
    awaitSettled();

    Map<Object, Integer> seen = new HashMap<>();
    for (Unreliable behaviour : behaviours) {
      behaviour
          .calls
          .values()
          .forEach(
              call -> OapView.facts(method, call).forEach(f -> seen.merge(f, 1, Integer::sum)));
    }
    assertEquals(expected, seen);
    assertEquals(Map.of("unknown", (long) streams.size()), account().droppedByReason());
    assertTrue(behaviours.stream().mapToInt(b -> b.failures).sum() > 0, "a call failed");
  }

  /** One message of each is bad; the others are what OAP is to know. */
  private static List<List<byte[]>> streams(String method, Map<Object, Integer> expected) {
    Random random = new Random(5);
    ClientTraffic traffic = new ClientTraffic(random);
    List<List<byte[]>> streams = new ArrayList<>();
    while (streams.size() < 12) {
      List<byte[]> stream =
          new ArrayList<>(traffic.stream(method).stream().map(Message::toByteArray).toList());
      List<Object> facts = new ArrayList<>(OapView.facts(method, stream));
      if (facts.size() != stream.size()) {
        // A message that tells OAP nothing: which fact is whose could not be said.
        continue;
      }
      int bad = random.nextInt(stream.size());
      stream.set(bad, FieldCursor.concat(stream.get(bad), FieldCursor.string(99, BAD)));
      facts.remove(bad);
      facts.forEach(fact -> expected.merge(fact, 1, Integer::sum));
      streams.add(stream);
    }
    return streams;
  }

  private void sendInTurn(String method, List<List<byte[]>> streams) {
    List<Caller> callers = new ArrayList<>();
    streams.forEach(any -> callers.add(Caller.stream(client(), method)));
    int longest = streams.stream().mapToInt(List::size).max().orElseThrow();
    for (int i = 0; i < longest; i++) {
      for (int s = 0; s < streams.size(); s++) {
        if (i < streams.get(s).size()) {
          callers.get(s).send(streams.get(s).get(i));
        }
      }
    }
    callers.forEach(Caller::finish);
  }
}
