package satellite.pipes.kafka;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static satellite.pipes.protocol.ReceiverPlugin.JVM;
import static satellite.pipes.protocol.ReceiverPlugin.LOG;
import static satellite.pipes.protocol.ReceiverPlugin.MANAGEMENT;
import static satellite.pipes.protocol.ReceiverPlugin.METER;
import static satellite.pipes.protocol.ReceiverPlugin.PROFILE;
import static satellite.pipes.protocol.ReceiverPlugin.TRACING;

import io.grpc.MethodDescriptor.MethodType;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.skywalking.apm.network.language.agent.v3.JVMMetricCollection;
import org.apache.skywalking.apm.network.language.agent.v3.MeterDataCollection;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentCollection;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.apache.skywalking.apm.network.language.profile.v3.ThreadSnapshot;
import org.apache.skywalking.apm.network.logging.v3.LogData;
import org.apache.skywalking.apm.network.management.v3.InstancePingPkg;
import org.apache.skywalking.apm.network.management.v3.InstanceProperties;
import org.junit.jupiter.api.Test;
import satellite.pipes.Caller;
import satellite.pipes.Samples;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.standin.StandInOap;

/** Topics, keys and values are those that OAP's Kafka fetcher reads. */
class KafkaRecordsTest extends KafkaFixture {

  @Test
  void theTopicsAreThoseOfOap() {
    Set<String> topics = new TreeSet<>();
    for (ReceiverPlugin receiver : ReceiverPlugin.values()) {
      topics.addAll(Protocols.topics(receiver));
    }
    assertEquals(
        Set.of(
            "skywalking-segments",
            "skywalking-metrics",
            "skywalking-logs",
            "skywalking-meters",
            "skywalking-managements",
            "skywalking-profilings"),
        topics);
  }

  @Test
  void everyMethodWithATopicIsTakenAndSent() {
    for (Protocol row : Protocols.TABLE) {
      if (row.kafka() != null) {
        assertEquals(Protocol.Mode.ASYNCHRONOUS, row.mode(), row.method());
      }
    }
    for (Protocol row : Protocols.TABLE) {
      if (!row.method().startsWith("/skywalking")) {
        Protocol modern = Protocols.of("/skywalking.v3." + row.method().substring(1));
        assertEquals(modern == null ? row.kafka() : modern.kafka(), row.kafka(), row.method());
      }
    }
  }

  @Test
  void aSegmentIsARecordByItsId() {
    start(TRACING);
    Caller.stream(client(), Samples.SEGMENTS)
        .send(Samples.segment("a"))
        .send(Samples.segment("b", 5_000))
        .finish();
    awaitForwarded(2);
    assertEquals(List.of("a", "b"), keys("skywalking-segments"));
    assertEquals(
        List.of("a", "b"),
        values("skywalking-segments", v -> Samples.parse(SegmentObject.parser(), v)).stream()
            .map(SegmentObject::getTraceSegmentId)
            .toList());
    assertEquals(
        List.of(Samples.segment("a").length, Samples.segment("b", 5_000).length),
        values("skywalking-segments", v -> v.length));
  }

  @Test
  void aCollectionOfSegmentsIsARecordEach() {
    start(TRACING);
    SegmentCollection.Builder all = SegmentCollection.newBuilder();
    for (String id : List.of("a", "b", "c")) {
      all.addSegments(Samples.parse(SegmentObject.parser(), Samples.segment(id)));
    }
    Caller.unary(client(), Samples.SEGMENTS_IN_SYNC, all.build().toByteArray()).assertAccepted();
    awaitForwarded(1);
    assertEquals(List.of("a", "b", "c"), keys("skywalking-segments"));
  }

  @Test
  void everyLogNamesItsService() {
    start(LOG);
    Caller.stream(client(), Samples.LOGS)
        .send(Samples.log("shop", "1"))
        .send(Samples.log("", "2"))
        .send(Samples.log("cart", "3"))
        .finish();
    awaitForwarded(3);
    assertEquals(List.of("shop", "shop", "cart"), keys("skywalking-logs"));
    assertEquals(
        List.of("shop 1", "shop 2", "cart 3"),
        values("skywalking-logs", v -> Samples.parse(LogData.parser(), v)).stream()
            .map(log -> log.getService() + " " + log.getBody().getText().getText())
            .toList());
  }

  @Test
  void aStreamOfMetersIsOneCollection() {
    start(METER);
    Caller caller = Caller.stream(client(), Samples.METER);
    caller.send(Samples.meter("shop", "shop-1", 1).toByteArray());
    caller.send(Samples.meter(null, null, 2).toByteArray());
    caller.finish();
    awaitForwarded(2);
    assertEquals(List.of("shop-1"), keys("skywalking-meters"));
    MeterDataCollection report =
        values("skywalking-meters", v -> Samples.parse(MeterDataCollection.parser(), v)).get(0);
    assertEquals(2, report.getMeterDataCount());
    assertEquals("shop", report.getMeterData(0).getService());
  }

  @Test
  void aBatchOfMetersIsARecordAsItIs() {
    start(METER);
    byte[] report = Samples.meters("shop-2", 7);
    Caller.stream(client(), Samples.METERS).send(report).finish();
    awaitForwarded(1);
    assertEquals(List.of("shop-2"), keys("skywalking-meters"));
    assertEquals(
        Samples.parse(MeterDataCollection.parser(), report),
        values("skywalking-meters", v -> Samples.parse(MeterDataCollection.parser(), v)).get(0));
  }

  @Test
  void jvmMetricsGoByTheirInstance() {
    start(JVM);
    Caller.unary(client(), Samples.JVM, Samples.jvm("a", 1)).assertAccepted();
    Caller.unary(client(), Samples.JVM.replace("skywalking.v3.", ""), Samples.jvm("a", 2))
        .assertAccepted();
    awaitForwarded(2);
    assertEquals(List.of("a", "a"), keys("skywalking-metrics"));
    assertEquals(
        List.of(1, 1),
        values(
            "skywalking-metrics",
            v -> Samples.parse(JVMMetricCollection.parser(), v).getMetricsCount()));
  }

  @Test
  void theKeyTellsPropertiesFromKeepAlives() {
    start(MANAGEMENT);
    byte[] properties =
        InstanceProperties.newBuilder()
            .setService("shop")
            .setServiceInstance("shop-1")
            .build()
            .toByteArray();
    String report = "/skywalking.v3.ManagementService/reportInstanceProperties";
    Caller.unary(client(), report, properties).assertAccepted();
    Caller.unary(client(), Samples.KEEP_ALIVE, Samples.keepAlive("shop-1")).assertAccepted();
    awaitForwarded(2);
    assertEquals(Set.of("register-shop-1", "shop-1"), Set.copyOf(keys("skywalking-managements")));
    for (ProducerRecord<String, byte[]> record : sent("skywalking-managements")) {
      String instance =
          record.key().startsWith("register-")
              ? Samples.parse(InstanceProperties.parser(), record.value()).getServiceInstance()
              : Samples.parse(InstancePingPkg.parser(), record.value()).getServiceInstance();
      assertEquals("shop-1", instance);
    }
  }

  @Test
  void aSnapshotGoesByItsTaskAndNumber() {
    start(PROFILE);
    ThreadSnapshot snapshot =
        ThreadSnapshot.newBuilder().setTaskId("task").setTime(9).setSequence(12).build();
    Caller.stream(client(), "/skywalking.v3.ProfileTask/collectSnapshot")
        .send(snapshot.toByteArray())
        .finish();
    awaitForwarded(1);
    assertEquals(List.of("task12"), keys("skywalking-profilings"));
    assertEquals(
        List.of(snapshot),
        values("skywalking-profilings", v -> Samples.parse(ThreadSnapshot.parser(), v)));
  }

  @Test
  void theNamespaceStandsBeforeEveryTopic() {
    namespace = "test";
    topic = "mine";
    start(LOG);
    Caller.stream(client(), Samples.LOGS).send(Samples.log("shop", "1")).finish();
    awaitForwarded(1);
    assertEquals(List.of("shop"), keys("test-mine"));
  }

  @Test
  void whatOapDoesNotReadFromKafkaIsPassedThrough() {
    StandInOap oap = node();
    start(TRACING);
    String method = "/skywalking.v3.SpanAttachedEventReportService/collect";
    awaitUp(1);
    Caller.open(client(), MethodType.CLIENT_STREAMING, method).send(new byte[0]).finish();
    assertEquals(1, messages(oap, method).size());
    assertEquals(0, account().received());
  }

  private List<String> keys(String name) {
    return sent(name).stream().map(ProducerRecord::key).toList();
  }

  private <T> List<T> values(String name, Function<byte[], T> read) {
    return sent(name).stream().map(ProducerRecord::value).map(read).toList();
  }
}
