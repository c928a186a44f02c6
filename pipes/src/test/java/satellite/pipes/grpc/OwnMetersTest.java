package satellite.pipes.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.skywalking.apm.network.language.agent.v3.Label;
import org.apache.skywalking.apm.network.language.agent.v3.MeterData;
import org.apache.skywalking.apm.network.language.agent.v3.MeterDataCollection;
import org.junit.jupiter.api.Test;
import satellite.pipes.FlowFixture;
import satellite.pipes.grpc.OwnMeters.Sample;

/** What OAP is told of Satellite itself: read with the classes that OAP has. */
class OwnMetersTest extends FlowFixture {

  private static final String REPORTS = "/skywalking.v3.MeterReportService/collectBatch";

  private static final List<Sample> SAMPLES =
      List.of(
          new Sample(
              "gatherer_receive_count", Map.of("pipe", "logpipe", "status", "all"), 1234567.0),
          new Sample("grpc_server_connection_count", Map.of(), 11));

  private OwnMeters meters() {
    return new OwnMeters(
        router, client, "satellite::satellite-service", "satellite-0", "sw_stl_", () -> SAMPLES);
  }

  @Test
  void aReportIsOneCollectionInTheFormOfTheGoSatellite() throws Exception {
    node();
    start(EVENT);
    await("the node is up", () -> router.up().size() == 1);
    OwnMeters meters = meters();
    meters.report(1_700_000_000_123L);
    await("it is delivered", () -> meters.delivered() == 1);
    assertEquals(0, meters.failed());
    List<byte[]> messages = messages(REPORTS);
    assertEquals(1, messages.size());
    List<MeterData> data = MeterDataCollection.parseFrom(messages.get(0)).getMeterDataList();
    assertEquals(2, data.size());
    assertEquals("satellite::satellite-service", data.get(0).getService());
    assertEquals("satellite-0", data.get(0).getServiceInstance());
    assertEquals("", data.get(1).getService());
    assertEquals("", data.get(1).getServiceInstance());
    data.forEach(one -> assertEquals(1_700_000_000_123L, one.getTimestamp()));
    assertEquals("sw_stl_gatherer_receive_count", data.get(0).getSingleValue().getName());
    assertEquals(1234567.0, data.get(0).getSingleValue().getValue());
    Map<String, String> labels = new TreeMap<>();
    for (Label label : data.get(0).getSingleValue().getLabelsList()) {
      labels.put(label.getName(), label.getValue());
    }
    assertEquals(Map.of("pipe", "logpipe", "status", "all"), labels);
    assertEquals("sw_stl_grpc_server_connection_count", data.get(1).getSingleValue().getName());
    assertEquals(0, data.get(1).getSingleValue().getLabelsCount());
    assertEquals(11, data.get(1).getSingleValue().getValue());
  }

  @Test
  void allReportsGoToOneNode() {
    node();
    node();
    node();
    start(EVENT);
    await("the nodes are up", () -> router.up().size() == 3);
    OwnMeters meters = meters();
    for (int i = 0; i < 12; i++) {
      meters.report(i);
    }
    await("they are delivered", () -> meters.delivered() == 12);
    Set<Integer> counts =
        Set.copyOf(nodes.stream().map(node -> messages(node, REPORTS).size()).toList());
    assertEquals(Set.of(0, 12), counts);
  }

  @Test
  void aReportThatNobodyTakesIsCountedAndTheNextOneGoes() {
    deadNode();
    start(EVENT);
    await("the node is down", () -> router.up().isEmpty());
    OwnMeters meters = meters();
    meters.report(1);
    await("it failed", () -> meters.failed() == 1);
    nodes.get(0).start(nodes.get(0).port());
    await("the node is up", () -> router.up().size() == 1);
    meters.report(2);
    await("it is delivered", () -> meters.delivered() == 1);
    assertTrue(account().received() == 0, "own meters are nobody's telemetry");
  }
}
