package satellite.standin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Message;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.skywalking.apm.network.language.agent.v3.GCPhase;
import org.apache.skywalking.apm.network.language.agent.v3.JVMMetric;
import org.apache.skywalking.apm.network.language.agent.v3.JVMMetricCollection;
import org.apache.skywalking.apm.network.language.agent.v3.MeterData;
import org.apache.skywalking.apm.network.language.agent.v3.MeterDataCollection;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.apache.skywalking.apm.network.language.agent.v3.SpanLayer;
import org.apache.skywalking.apm.network.language.agent.v3.SpanObject;
import org.apache.skywalking.apm.network.language.agent.v3.SpanType;
import org.apache.skywalking.apm.network.logging.v3.LogData;
import org.apache.skywalking.apm.network.management.v3.InstancePingPkg;
import org.junit.jupiter.api.Test;
import satellite.standin.TrafficMessages.Sender;

class TrafficMessagesTest {

  private static final long NOW = 1_767_225_600_123L;
  private static final Sender AGENT = new Sender("shop", "agent-1@10.0.0.1");
  private static final Sender ENVOY = new Sender("gateway", "envoy-1");

  @Test
  void aSegmentHasAnEntrySpanAndItsCalls() throws Exception {
    SegmentObject segment = SegmentObject.parseFrom(TrafficMessages.segment(AGENT, 2, NOW));
    assertNoUnknownFields(segment);
    assertEquals("shop", segment.getService());
    assertEquals("agent-1@10.0.0.1", segment.getServiceInstance());
    assertFalse(segment.getTraceId().isEmpty());
    assertEquals(4, segment.getSpansCount());

    SpanObject entry = segment.getSpans(0);
    assertEquals(SpanType.Entry, entry.getSpanType());
    assertEquals(SpanLayer.Http, entry.getSpanLayer());
    assertEquals("/products", entry.getOperationName());
    assertEquals("http.method", entry.getTags(0).getKey());
    assertEquals("200", entry.getTags(1).getValue());
    assertEquals(NOW, entry.getEndTime());

    SpanObject database = segment.getSpans(2);
    assertEquals(SpanType.Exit, database.getSpanType());
    assertEquals(SpanLayer.Database, database.getSpanLayer());
    assertEquals("mysql:3306", database.getPeer());
    assertEquals(33, database.getComponentId());
    for (int i = 0; i < segment.getSpansCount(); i++) {
      SpanObject span = segment.getSpans(i);
      assertEquals(i, span.getSpanId());
      assertEquals(i - 1, span.getParentSpanId());
      assertTrue(span.getStartTime() < span.getEndTime() && span.getEndTime() <= NOW);
    }
  }

  @Test
  void everyOtherSegmentHasThreeSpansAndEachIsItsOwnTrace() throws Exception {
    SegmentObject one = SegmentObject.parseFrom(TrafficMessages.segment(AGENT, 1, NOW));
    SegmentObject two = SegmentObject.parseFrom(TrafficMessages.segment(AGENT, 2, NOW));
    assertEquals(3, one.getSpansCount());
    assertEquals(4, two.getSpansCount());
    assertNotEquals(one.getTraceId(), two.getTraceId());
    assertNotEquals(one.getTraceSegmentId(), two.getTraceSegmentId());
  }

  @Test
  void onlyTheFirstMeterSaysWhoReportsAndWhen() throws Exception {
    MeterDataCollection meters =
        MeterDataCollection.parseFrom(TrafficMessages.meters(AGENT, 3, NOW));
    assertNoUnknownFields(meters);
    assertEquals(4, meters.getMeterDataCount());
    MeterData first = meters.getMeterData(0);
    assertEquals("shop", first.getService());
    assertEquals("agent-1@10.0.0.1", first.getServiceInstance());
    assertEquals(NOW, first.getTimestamp());
    assertEquals("process_cpu_percent", first.getSingleValue().getName());
    assertEquals(23, first.getSingleValue().getValue());
    assertEquals("pool", first.getSingleValue().getLabels(0).getName());
    for (MeterData other : meters.getMeterDataList().subList(1, 4)) {
      assertEquals("", other.getService());
      assertEquals("", other.getServiceInstance());
      assertEquals(0, other.getTimestamp());
      assertNotEquals(MeterData.MetricCase.METRIC_NOT_SET, other.getMetricCase());
    }
    var histogram = meters.getMeterData(3).getHistogram();
    assertEquals("request_duration", histogram.getName());
    assertEquals(3, histogram.getValuesCount());
    assertEquals(200, histogram.getValues(2).getBucket());
    assertEquals(3, histogram.getValues(2).getCount());
  }

  @Test
  void aLogNamesItsServiceAndTrace() throws Exception {
    LogData log = LogData.parseFrom(TrafficMessages.log(AGENT, 5, NOW));
    assertNoUnknownFields(log);
    assertEquals(NOW, log.getTimestamp());
    assertEquals("shop", log.getService());
    assertEquals("agent-1@10.0.0.1", log.getServiceInstance());
    assertEquals("/cart", log.getEndpoint());
    assertEquals("text", log.getBody().getType());
    assertEquals("order 5 accepted in 40 ms", log.getBody().getText().getText());
    SegmentObject segment = SegmentObject.parseFrom(TrafficMessages.segment(AGENT, 5, NOW));
    assertEquals(segment.getTraceId(), log.getTraceContext().getTraceId());
    assertEquals(segment.getTraceSegmentId(), log.getTraceContext().getTraceSegmentId());
    assertEquals("level", log.getTags().getData(0).getKey());
  }

  @Test
  void jvmMetricsCarryMemoryCollectorsAndThreads() throws Exception {
    JVMMetricCollection collection =
        JVMMetricCollection.parseFrom(TrafficMessages.jvm(AGENT, 4, NOW));
    assertNoUnknownFields(collection);
    assertEquals("shop", collection.getService());
    assertEquals("agent-1@10.0.0.1", collection.getServiceInstance());
    JVMMetric jvm = collection.getMetrics(0);
    assertEquals(NOW, jvm.getTime());
    assertEquals(24, jvm.getCpu().getUsagePercent());
    assertTrue(jvm.getMemory(0).getIsHeap());
    assertEquals(512L << 20, jvm.getMemory(0).getMax());
    assertEquals(104L << 20, jvm.getMemory(0).getUsed());
    assertFalse(jvm.getMemory(1).getIsHeap());
    assertEquals(GCPhase.NEW, jvm.getGc(0).getPhase());
    assertEquals(4, jvm.getGc(0).getTime());
    assertEquals(GCPhase.OLD, jvm.getGc(1).getPhase());
    assertEquals(40, jvm.getThread().getLiveCount());
  }

  @Test
  void aKeepAliveNamesAnInstanceOfTheGeneralLayer() throws Exception {
    InstancePingPkg ping = InstancePingPkg.parseFrom(TrafficMessages.keepAlive(AGENT));
    assertNoUnknownFields(ping);
    assertEquals("shop", ping.getService());
    assertEquals("agent-1@10.0.0.1", ping.getServiceInstance());
    assertEquals("GENERAL", ping.getLayer());
  }

  @Test
  void onlyTheFirstAccessLogMessageSaysWhichEnvoyItIs() throws Exception {
    var first = StreamAccessLogsMessage.parseFrom(TrafficMessages.accessLogs(ENVOY, 0, NOW, true));
    assertNoUnknownFields(first);
    assertEquals("http_envoy_accesslog", first.getIdentifier().getLogName());
    var node = first.getIdentifier().getNode();
    assertEquals("router~10.0.0.9~envoy-1.demo~demo.svc", node.getId());
    assertEquals("gateway.demo", node.getCluster());
    var metadata = node.getMetadata().getFieldsMap();
    assertEquals("envoy-1", metadata.get("NAME").getStringValue());
    assertEquals("demo", metadata.get("NAMESPACE").getStringValue());
    var labels = metadata.get("LABELS").getStructValue().getFieldsMap();
    assertEquals("gateway", labels.get("app").getStringValue());

    var second =
        StreamAccessLogsMessage.parseFrom(TrafficMessages.accessLogs(ENVOY, 1, NOW, false));
    assertFalse(second.hasIdentifier());
    assertEquals(5, second.getHttpLogs().getLogEntryCount());
  }

  @Test
  void accessLogEntriesAreWholeRequests() throws Exception {
    var message =
        StreamAccessLogsMessage.parseFrom(TrafficMessages.accessLogs(ENVOY, 49, NOW, false));
    List<HTTPAccessLogEntry> entries = message.getHttpLogs().getLogEntryList();
    assertEquals(5, entries.size());
    Set<String> ids = new HashSet<>();
    for (HTTPAccessLogEntry entry : entries) {
      var common = entry.getCommonProperties();
      assertEquals("10.0.0.7", common.getDownstreamRemoteAddress().getSocketAddress().getAddress());
      assertEquals(9080, common.getUpstreamRemoteAddress().getSocketAddress().getPortValue());
      assertEquals(NOW / 1000, common.getStartTime().getSeconds());
      assertEquals(123_000_000, common.getStartTime().getNanos());
      assertEquals(9_300_000, common.getTimeToLastDownstreamTxByte().getNanos());
      assertTrue(common.containsFilterStateObjects("demo.peer"));
      assertEquals(HTTPAccessLogEntry.HTTPVersion.HTTP11, entry.getProtocolVersion());
      assertEquals("GET", entry.getRequest().getRequestMethod().name());
      assertTrue(entry.getRequest().getPath().startsWith("/"));
      ids.add(entry.getRequest().getRequestId());
    }
    assertEquals(5, ids.size());
    assertEquals(200, entries.get(0).getResponse().getResponseCode().getValue());
    assertEquals(503, entries.get(1).getResponse().getResponseCode().getValue());
  }

  /** A wrong field number or wire type ends up among the unknown fields. */
  private static void assertNoUnknownFields(Message message) {
    assertEquals(0, message.getUnknownFields().getSerializedSize(), message::toString);
    for (Object value : message.getAllFields().values()) {
      for (Object part : value instanceof List<?> list ? list : List.of(value)) {
        if (part instanceof Message nested) {
          assertNoUnknownFields(nested);
        }
      }
    }
  }
}
