package satellite.pipes.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.MessageLite;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.metrics.v3.StreamMetricsMessage;
import io.grpc.Status;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.apache.skywalking.apm.network.ebpf.accesslog.v3.EBPFAccessLogMessage;
import org.apache.skywalking.apm.network.language.agent.v3.MeterData;
import org.apache.skywalking.apm.network.language.agent.v3.MeterDataCollection;
import org.apache.skywalking.apm.network.logging.v3.LogData;
import org.apache.skywalking.apm.network.management.v3.InstancePingPkg;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.pipes.pipe.Batching;
import satellite.pipes.pipe.Gatherer;
import satellite.pipes.pipe.Outcome;
import satellite.queue.Batch;
import satellite.queue.Event;
import satellite.queue.MemoryBudget;
import satellite.queue.MemoryQueue;
import satellite.queue.QueueConfig;

/**
 * What OAP does that one would not expect, and what Satellite does about it, in the order of the
 * list in the protocol notes. Left out is what has nothing to do with reading or merging: 10 (own
 * counters) and the half of 11 that is authentication. Where a wrong merge would be silent, the
 * test first shows that it would be wrong.
 */
class SurprisesTest {

  private static final String V3 = "/skywalking.v3.";
  private static final String LOG = V3 + "LogReportService/collect";
  private static final String METER = V3 + "MeterReportService/collect";
  private static final String METERS = V3 + "MeterReportService/collectBatch";
  private static final String ALS = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";
  private static final String ENVOY_METRICS =
      "/envoy.service.metrics.v3.MetricsService/StreamMetrics";
  private static final String OTLP_LOGS =
      "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
  private static final String EBPF = V3 + "EBPFAccessLogService/collect";
  private static final String KEEP_ALIVE = V3 + "ManagementService/keepAlive";

  private static byte[] concat(MessageLite... messages) {
    byte[] all = {};
    for (MessageLite message : messages) {
      all = FieldCursor.concat(all, message.toByteArray());
    }
    return all;
  }

  @Test
  void s01LogsOfTwoServicesNeverShareAStreamSinceOapWritesTheFirstServiceOnAll() {
    LogData a = LogData.newBuilder().setService("a").setEndpoint("1").build();
    LogData b = LogData.newBuilder().setService("b").setEndpoint("2").build();
    List<byte[]> mixed = List.of(a.toByteArray(), b.toByteArray());
    assertNotEquals(List.of(a, b), OapView.facts(LOG, mixed), "mixed, OAP takes b for a's");

    Relay relay = new Relay(Relay.pipe());
    relay.open(LOG).send(a).send(b);
    relay.open(LOG).send(b).send(a);
    List<Object> facts = new ArrayList<>();
    relay.finish().forEach(call -> facts.addAll(OapView.facts(LOG, call.messages())));
    assertEquals(List.of(a, a, b, b), facts);
  }

  @Test
  void s02TwoReportsAreNeverOneCollectionSinceOapEvaluatesACollectionOnce() throws Exception {
    MeterDataCollection one = report("1");
    MeterDataCollection other = report("2");
    assertEquals(
        1, OapView.facts(METERS, List.of(concat(one, other))).size(), "joined, one is lost");

    Relay relay = new Relay(Relay.pipe());
    relay.open(METERS).send(one).send(other).send(one);
    relay.open(METERS).send(one);
    for (String instance : List.of("1", "1", "2")) {
      Relay.Stream stream = relay.open(METER);
      report(instance).getMeterDataList().forEach(stream::send);
      stream.end();
    }
    List<byte[]> upstream = relay.messages();
    assertEquals(7, upstream.size());
    for (byte[] message : upstream) {
      assertEquals(1, MeterDataCollection.parseFrom(message).getMeterDataCount());
    }
  }

  private static MeterDataCollection report(String instance) {
    MeterData element =
        MeterData.newBuilder().setService("s").setServiceInstance(instance).setTimestamp(1).build();
    return MeterDataCollection.newBuilder().addMeterData(element).build();
  }

  @Test
  void s02TwoScrapesOfAnEnvoyAreNeverOneMessage() throws Exception {
    StreamMetricsMessage.Builder first = StreamMetricsMessage.newBuilder();
    first.getIdentifierBuilder().getNodeBuilder().setId("e");
    first.addEnvoyMetricsBuilder().setName("m");
    StreamMetricsMessage later = first.clone().clearIdentifier().build();

    Relay relay = new Relay(Relay.pipe());
    relay.open(ENVOY_METRICS).send(first.build()).send(later).send(later);
    List<byte[]> upstream = relay.messages();
    assertEquals(3, upstream.size());
    for (byte[] message : upstream) {
      assertEquals(1, StreamMetricsMessage.parseFrom(message).getEnvoyMetricsCount());
    }
  }

  @Test
  void s03MetersLeaveByCollectBatchWhenTheirStreamEndsAndNotBefore() {
    for (String method : List.of(METER, "/MeterReportService/collect")) {
      Relay relay = new Relay(Relay.pipe());
      Relay.Stream stream = relay.open(method);
      report("1").getMeterDataList().forEach(stream::send);
      stream.send(MeterData.getDefaultInstance());
      stream.tick();
      assertEquals(List.of(), relaySoFar(relay));
      stream.end();
      List<Relay.Call> calls = relay.finish();
      assertEquals(METERS, calls.get(0).target());
      assertEquals(1, calls.get(0).messages().size());
    }
  }

  private static List<Relay.Call> relaySoFar(Relay relay) {
    relay.drain();
    return relay.calls();
  }

  @Test
  void s04AnOtlpLogRequestHasOneResourceAndAServiceNameSinceOldOapsLoseTheOthers() {
    ExportLogsServiceRequest.Builder request = ExportLogsServiceRequest.newBuilder();
    for (String key : List.of("service.name", "other", "service.name", "service.name")) {
      request
          .addResourceLogsBuilder()
          .getResourceBuilder()
          .addAttributesBuilder()
          .setKey(key)
          .getValueBuilder()
          .setStringValue("x");
    }
    Relay relay = new Relay(Relay.pipe());
    relay.open(OTLP_LOGS).send(request.build()).send(ExportLogsServiceRequest.getDefaultInstance());
    List<Relay.Call> calls = relay.finish();
    assertEquals(3, calls.size());
    for (Relay.Call call : calls) {
      assertEquals(1, NativeProtocolsTest.fields(call.messages().get(0), 1).size());
      assertEquals(1, OapView.facts(OTLP_LOGS, call.messages()).size());
    }
  }

  @Test
  void s05HttpAndTcpAccessLogsNeverShareAMessageSinceTheLastCaseWins() {
    StreamAccessLogsMessage.Builder http = StreamAccessLogsMessage.newBuilder();
    http.getHttpLogsBuilder().addLogEntryBuilder();
    StreamAccessLogsMessage.Builder tcp = StreamAccessLogsMessage.newBuilder();
    tcp.getTcpLogsBuilder().addLogEntryBuilder();
    byte[] joined = concat(http.build(), tcp.build(), http.build());
    assertEquals(1, OapView.facts(ALS, List.of(joined)).size(), "joined, two of three are lost");

    Relay relay = new Relay(Relay.pipe());
    Relay.Stream stream = relay.open(ALS);
    stream.send(http.build()).send(tcp.build()).send(http.build());
    stream.end();
    List<Relay.Call> calls = relay.finish();
    assertEquals(3, OapView.facts(calls.get(0).target(), calls.get(0).messages()).size());
  }

  @Test
  void s05TwoIdentifiersNeverShareAMessageSinceTheyWouldMerge() throws Exception {
    StreamAccessLogsMessage a = accessLog("a", "1");
    StreamAccessLogsMessage b = accessLog("b", "2");
    StreamAccessLogsMessage joined = StreamAccessLogsMessage.parseFrom(concat(a, b));
    assertEquals("b", joined.getIdentifier().getNode().getId(), "joined, a's entries are b's");

    Relay relay = new Relay(Relay.pipe());
    for (StreamAccessLogsMessage one : List.of(a, b, a)) {
      Relay.Stream stream = relay.open(ALS);
      stream.send(one);
      stream.end();
    }
    List<byte[]> upstream = relay.messages();
    assertEquals(2, upstream.size(), "both streams of a are one message");
    StreamAccessLogsMessage first = StreamAccessLogsMessage.parseFrom(upstream.get(0));
    assertEquals("a", first.getIdentifier().getNode().getId());
    assertEquals(2, first.getHttpLogs().getLogEntryCount());
  }

  private static StreamAccessLogsMessage accessLog(String envoy, String entry) {
    StreamAccessLogsMessage.Builder message = StreamAccessLogsMessage.newBuilder();
    message.getIdentifierBuilder().getNodeBuilder().setId(envoy);
    message
        .getHttpLogsBuilder()
        .addLogEntryBuilder()
        .getCommonPropertiesBuilder()
        .setUpstreamCluster(entry);
    return message.build();
  }

  @Test
  void s06EbpfEntriesKeepNodeAndConnectionWhenTheirStreamIsSplit() {
    EBPFAccessLogMessage.Builder first = EBPFAccessLogMessage.newBuilder();
    first.getNodeBuilder().setName("n");
    first.getConnectionBuilder().getLocalBuilder().getIpBuilder().setPort(1);
    first.addKernelLogsBuilder();
    EBPFAccessLogMessage later =
        EBPFAccessLogMessage.newBuilder().addKernelLogs(first.getKernelLogs(0)).build();
    List<byte[]> stream = List.of(first.build().toByteArray(), later.toByteArray());
    Object attributed = OapView.facts(EBPF, stream).get(1);
    assertNotEquals(
        attributed, OapView.facts(EBPF, stream.subList(1, 2)).get(0), "split, they lose it");

    Relay relay = new Relay(Relay.pipe());
    Relay.Stream client = relay.open(EBPF).send(stream.get(0));
    relay.drain();
    client.send(stream.get(1));
    List<Relay.Call> calls = relay.finish();
    assertEquals(2, calls.size());
    assertEquals(attributed, OapView.facts(EBPF, calls.get(1).messages()).get(0));
    assertEquals(calls.get(0).node(), calls.get(1).node());
  }

  @Test
  void s07AMessageOverTheLimitIsRefusedByBothOapsAndOverloadIsNot() {
    Status size =
        Status.RESOURCE_EXHAUSTED.withDescription("gRPC message exceeds maximum size 4: 5");
    assertInstanceOf(Outcome.Refused.class, Outcome.of(size, 5 << 20));
    assertInstanceOf(Outcome.Refused.class, Outcome.of(Status.CANCELLED, 5 << 20));
    Status overload = Status.RESOURCE_EXHAUSTED.withDescription("Watermark exceeded");
    assertInstanceOf(Outcome.Unreached.class, Outcome.of(overload, 5 << 20));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        V3 + "TraceSegmentReportService/collect",
        V3 + "TraceSegmentReportService/collectInSync",
        V3 + "EventService/collect",
        V3 + "ServiceMeshMetricService/collect",
        V3 + "JVMMetricReportService/collect",
        ALS,
        ENVOY_METRICS,
        EBPF
      })
  void s08OneBadMessageCostsNoOther(String method) {
    int count = 13;
    for (int bad = 0; bad < count; bad++) {
      MemoryQueue queue =
          new MemoryQueue(
              new QueueConfig(1, 1000, Duration.ZERO, QueueConfig.WhenFull.REFUSE),
              new MemoryBudget(1 << 30));
      List<Event> events = events(queue, method, count, bad);
      Deque<Batch> batches = new ArrayDeque<>();
      Batching.calls(events, Merging::call, event -> null)
          .values()
          .forEach(call -> batches.add(new Batch(queue.partitions().get(0), call)));
      List<String> delivered = new ArrayList<>();
      int dropped = 0;
      while (!batches.isEmpty()) {
        Batch batch = batches.removeFirst();
        String text = text(Relay.merged(Protocols.of(method).forwarding().shape(), batch));
        if (!text.contains("poison")) {
          delivered.add(text);
          continue;
        }
        List<Batch> halves = Relay.halves(batch);
        dropped += halves.isEmpty() ? batch.messages() : 0;
        halves.forEach(batches::addLast);
      }
      String all = String.join(" ", delivered);
      assertEquals(1, dropped, "only the bad one");
      for (int i = 0; i < count; i++) {
        assertEquals(i == bad ? 0 : 1, all.split("<" + i + ">", -1).length - 1, "message " + i);
      }
    }
  }

  /**
   * FieldCursor 1 to 3 of every message are taken by identities and cases somewhere: text is in 9.
   */
  private static List<Event> events(MemoryQueue queue, String method, int count, int bad) {
    MemoryQueue.Partition partition = queue.partitions().get(0);
    boolean gathers = Protocols.of(method).forwarding().gather() != Protocol.Gather.NO;
    Gatherer gatherer = new Gatherer(partition, 5, 1 << 20, () -> {}, () -> null);
    StreamReader reader = Protocols.of(method).reading().open(Relay.pipe().readerOptions());
    for (int i = 0; i < count; i++) {
      byte[] text = FieldCursor.string(9, i == bad ? "poison" : "<" + i + ">");
      byte[] message = i == 0 ? FieldCursor.concat(FieldCursor.header(1, 0), text) : text;
      HostileBytesTest.Collected found = new HostileBytesTest.Collected();
      try {
        reader.read(message, found);
      } catch (MalformedMessageException e) {
        throw new AssertionError(e);
      }
      for (HostileBytesTest.Collected.Piece p : found.pieces) {
        Event event = new Event(method, p.key(), p.group(), p.context(), p.parts(), 1, 0);
        assertTrue(gathers ? gatherer.offer(event) : partition.offer(event));
      }
    }
    gatherer.flush();
    return partition.poll(Integer.MAX_VALUE, Long.MAX_VALUE);
  }

  private static String text(List<byte[]> messages) {
    StringBuilder text = new StringBuilder();
    messages.forEach(m -> text.append(new String(m, StandardCharsets.ISO_8859_1)));
    return text.toString();
  }

  @Test
  void s08ARefusedEventIsNoReasonToGiveUpItsBatch() {
    var refused = (Outcome.Refused) Outcome.of(Status.INVALID_ARGUMENT, 100);
    assertFalse(refused.whole());
  }

  /** Its time would be that of its arrival: saying it twice at once says nothing more. */
  @Test
  void s09KeepAlivesThatWaitedTogetherLeaveAsOne() {
    Relay relay = new Relay(Relay.pipe());
    InstancePingPkg ping =
        InstancePingPkg.newBuilder().setService("s").setServiceInstance("i").build();
    Collections.nCopies(50, ping).forEach(relay.open(KEEP_ALIVE)::send);
    assertEquals(1, relay.messages().size());
  }

  @Test
  void s11WhatOapNodesSayToEachOtherHasNoRow() {
    for (String method : List.of("/RemoteService/call", "/RemoteService/syncStatus")) {
      assertNull(Protocols.of(method));
      assertTrue(method.startsWith(Protocols.OAP_INTERNAL));
    }
    assertTrue(
        Protocols.TABLE.stream().noneMatch(row -> row.method().startsWith(Protocols.OAP_INTERNAL)));
  }

  @ParameterizedTest
  @ValueSource(strings = {LOG, EBPF})
  void s12AMessageLeavesWhileItsStreamIsOpen(String method) {
    Relay relay = new Relay(Relay.pipe());
    Relay.Stream stream = relay.open(method);
    stream.send(LogData.newBuilder().setService("a").build());
    assertEquals(1, relaySoFar(relay).size());
    stream.send(LogData.newBuilder().setService("a").build());
    assertEquals(2, relaySoFar(relay).size());
  }
}
