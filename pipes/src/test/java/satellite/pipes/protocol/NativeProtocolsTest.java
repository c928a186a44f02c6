package satellite.pipes.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.skywalking.apm.network.ebpf.profiling.process.v3.EBPFProcessPingPkgList;
import org.apache.skywalking.apm.network.language.agent.v3.JVMMetric;
import org.apache.skywalking.apm.network.language.agent.v3.JVMMetricCollection;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentCollection;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.apache.skywalking.apm.network.management.v3.InstancePingPkg;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Traces, runtimes, management, browsers and mesh: what may share an upstream message. */
class NativeProtocolsTest {

  private static final String V3 = "/skywalking.v3.";
  private static final String SEGMENT = V3 + "TraceSegmentReportService/collect";
  private static final String SEGMENTS = V3 + "TraceSegmentReportService/collectInSync";
  private static final String JVM = V3 + "JVMMetricReportService/collect";
  private static final String CLR = V3 + "CLRMetricReportService/collect";
  private static final String KEEP_ALIVE = V3 + "ManagementService/keepAlive";
  private static final String PROPERTIES = V3 + "ManagementService/reportInstanceProperties";
  private static final String PROCESSES = V3 + "EBPFProcessService/keepAlive";
  private static final String MESH = V3 + "ServiceMeshMetricService/collect";

  private final RandomMessages messages = new RandomMessages(new Random(7));

  @Test
  void segmentsOfAllStreamsAreOneCollectionInTheirOrder() throws Exception {
    Relay relay = new Relay(Relay.pipe());
    List<SegmentObject> sent = new ArrayList<>();
    List<Relay.Stream> streams = List.of(relay.open(SEGMENT), relay.open(SEGMENT));
    for (int i = 0; i < 10; i++) {
      SegmentObject segment = messages.like(SegmentObject.getDefaultInstance());
      sent.add(segment);
      streams.get(i % 2).send(segment);
    }
    List<byte[]> upstream = relay.messages();
    assertEquals(1, upstream.size());
    assertEquals(sent, SegmentCollection.parseFrom(upstream.get(0)).getSegmentsList());
  }

  @Test
  void segmentsAndCollectionsOfOldAndNewAgentsShareACall() throws Exception {
    Relay relay = new Relay(Relay.pipe());
    SegmentObject segment = SegmentObject.newBuilder().setTraceId("t").build();
    SegmentCollection two =
        SegmentCollection.newBuilder().addSegments(segment).addSegments(segment).build();
    relay.open(SEGMENT).send(segment);
    relay.open("/TraceSegmentReportService/collect").send(segment);
    relay.open(SEGMENTS).send(two);
    relay.open("/TraceSegmentReportService/collectInSync").send(two);
    List<Relay.Call> calls = relay.finish();
    assertEquals(1, calls.size());
    assertEquals(SEGMENTS, calls.get(0).target());
    byte[] message = calls.get(0).messages().get(0);
    assertEquals(6, SegmentCollection.parseFrom(message).getSegmentsCount());
  }

  @Test
  void anEmptySegmentIsAnElementToo() throws Exception {
    Relay relay = new Relay(Relay.pipe());
    relay.open(SEGMENT).send(new byte[0]).send(new byte[0]);
    assertEquals(2, SegmentCollection.parseFrom(relay.messages().get(0)).getSegmentsCount());
  }

  @ParameterizedTest
  @ValueSource(strings = {JVM, CLR, "/JVMMetricReportService/collect"})
  void runtimeMetricsOfOneInstanceAreJoinedAndOfTwoNever(String method) {
    Rounds.each(
        method, round -> round.calls().forEach(call -> saysOneThing(call.messages().get(0), 2, 3)));
  }

  @Test
  void pingsOfOneRoverAreJoinedAndOfTwoNever() {
    Rounds.each(
        PROCESSES, round -> round.calls().forEach(call -> saysOneThing(call.messages().get(0), 2)));
  }

  private static void saysOneThing(byte[] message, int... numbers) {
    for (int number : numbers) {
      Set<ByteString> said = new HashSet<>(fields(message, number));
      assertTrue(said.size() <= 1, () -> "field " + number + " says " + said);
    }
  }

  @Test
  void joinedListsAreTheConcatenatedList() throws Exception {
    Relay relay = new Relay(Relay.pipe());
    List<JVMMetric> sent = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      JVMMetricCollection one =
          messages.like(JVMMetricCollection.getDefaultInstance()).toBuilder()
              .setService("s")
              .setServiceInstance("i")
              .build();
      sent.addAll(one.getMetricsList());
      relay.open(JVM).send(one);
    }
    JVMMetricCollection joined = JVMMetricCollection.parseFrom(relay.messages().get(0));
    assertEquals(sent, joined.getMetricsList());
    assertEquals("s", joined.getService());
    assertEquals("i", joined.getServiceInstance());
  }

  @Test
  void namesThatOnlyTogetherReadAlikeAreDifferentInstances() {
    Relay relay = new Relay(Relay.pipe());
    relay.open(JVM).send(jvm("ab", "c"));
    relay.open(JVM).send(jvm("a", "bc"));
    relay.open(JVM).send(jvm("abc", ""));
    relay.open(JVM).send(jvm("", "abc"));
    assertEquals(4, relay.finish().size());
  }

  private static Message jvm(String service, String instance) {
    return JVMMetricCollection.newBuilder()
        .setService(service)
        .setServiceInstance(instance)
        .addMetrics(JVMMetric.newBuilder().setTime(1))
        .build();
  }

  @Test
  void pingsWithoutAnAgentAreJoinedAmongThemselves() throws Exception {
    Relay relay = new Relay(Relay.pipe());
    var ping = messages.like(EBPFProcessPingPkgList.getDefaultInstance());
    relay.open(PROCESSES).send(ping.toBuilder().clearEbpfAgentID().build());
    relay.open(PROCESSES).send(ping.toBuilder().setEbpfAgentID("").build());
    relay.open(PROCESSES).send(ping.toBuilder().setEbpfAgentID("r").build());
    List<byte[]> upstream = relay.messages();
    assertEquals(2, upstream.size());
    assertEquals("", EBPFProcessPingPkgList.parseFrom(upstream.get(0)).getEbpfAgentID());
    assertEquals("r", EBPFProcessPingPkgList.parseFrom(upstream.get(1)).getEbpfAgentID());
  }

  @Test
  void aKeepAliveIsDeduplicatedByServiceInstanceAndLayer() {
    Relay relay = new Relay(Relay.pipe());
    for (int i = 0; i < 3; i++) {
      for (String layer : List.of("", "GENERAL")) {
        for (String instance : List.of("1", "2")) {
          relay.open(KEEP_ALIVE).send(ping("s", instance, layer));
        }
      }
    }
    Set<ByteString> upstream = new HashSet<>();
    List<byte[]> sent = relay.messages();
    sent.forEach(message -> upstream.add(ByteString.copyFrom(message)));
    assertEquals(4, sent.size());
    assertEquals(
        Set.of(
            ping("s", "1", "").toByteString(),
            ping("s", "2", "").toByteString(),
            ping("s", "1", "GENERAL").toByteString(),
            ping("s", "2", "GENERAL").toByteString()),
        upstream);
  }

  private static Message ping(String service, String instance, String layer) {
    return InstancePingPkg.newBuilder()
        .setService(service)
        .setServiceInstance(instance)
        .setLayer(layer)
        .build();
  }

  @Test
  void propertiesAreNeverJoined() {
    Rounds.each(
        PROPERTIES,
        round ->
            assertEquals(
                round.streams().stream().mapToInt(List::size).sum(), round.calls().size()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        V3 + "SpanAttachedEventReportService/collect",
        V3 + "EventService/collect",
        V3 + "ProfileTask/collectSnapshot",
        V3 + "BrowserPerfService/collectErrorLogs",
        V3 + "BrowserPerfService/collectPerfData",
        V3 + "BrowserPerfService/collectWebVitalsPerfData",
        PROPERTIES
      })
  void messagesThatStandAloneArriveByteForByte(String method) {
    Relay relay = new Relay(Relay.pipe());
    List<byte[]> sent = new ArrayList<>();
    Relay.Stream stream = relay.open(method);
    for (int i = 0; i < 20; i++) {
      // Not even valid ones: nobody looks.
      sent.add(messages.bytes(i));
      stream.send(sent.get(i));
    }
    assertArrayEquals(sent.toArray(), relay.messages().toArray());
  }

  @Test
  void meshMetricsOfHttpAndTcpNeverShareAMessage() {
    Rounds.each(
        MESH,
        round ->
            round
                .calls()
                .forEach(
                    call ->
                        call.messages()
                            .forEach(
                                message ->
                                    assertTrue(
                                        unknown(message).asMap().size() <= 1, "two cases"))));
  }

  @Test
  void meshMetricsOfAllStreamsShareAMessagePerCase() {
    Relay relay = new Relay(Relay.pipe());
    var http = FieldCursor.header(1, 0);
    var tcp = FieldCursor.header(2, 0);
    for (int i = 0; i < 3; i++) {
      relay.open(MESH).send(http).send(tcp).send(http);
    }
    List<Relay.Call> calls = relay.finish();
    assertEquals(1, calls.size());
    assertEquals(2, calls.get(0).messages().size());
    assertEquals(6, fields(calls.get(0).messages().get(0), 1).size());
    assertEquals(3, fields(calls.get(0).messages().get(1), 2).size());
  }

  @Test
  void aMeshMessageOfBothCasesStaysAlone() {
    Relay relay = new Relay(Relay.pipe());
    byte[] http = FieldCursor.header(1, 0);
    byte[] both = FieldCursor.concat(FieldCursor.header(1, 0), FieldCursor.header(2, 0));
    relay.open(MESH).send(http).send(both).send(both).send(http);
    List<byte[]> upstream = relay.messages();
    assertEquals(3, upstream.size());
    assertArrayEquals(both, upstream.get(1));
    assertArrayEquals(both, upstream.get(2));
    assertEquals(2, fields(upstream.get(0), 1).size());
  }

  static UnknownFieldSet unknown(byte[] message) {
    try {
      return UnknownFieldSet.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  /** The length-delimited top-level fields of this number. */
  static List<ByteString> fields(byte[] message, int number) {
    return unknown(message).getField(number).getLengthDelimitedList();
  }
}
