package satellite.pipes.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.skywalking.apm.network.language.agent.v3.MeterData;
import org.apache.skywalking.apm.network.language.agent.v3.MeterDataCollection;
import org.apache.skywalking.apm.network.language.agent.v3.MeterSingleValue;
import org.apache.skywalking.apm.network.logging.v3.LogData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logs have their service, meter reports say who reports, and neither is mixed with another's. */
class LogAndMeterTest {

  private static final String LOG = "/skywalking.v3.LogReportService/collect";
  private static final String METER = "/skywalking.v3.MeterReportService/collect";
  private static final String METERS = "/skywalking.v3.MeterReportService/collectBatch";

  private final Random random = new Random(11);
  private final RandomMessages messages = new RandomMessages(random);
  private final ClientTraffic traffic = new ClientTraffic(random);

  @Test
  void everyLogUpstreamHasItsServiceAndEveryStreamOne() {
    Rounds.each(
        LOG,
        round -> {
          for (Relay.Call call : round.calls()) {
            List<String> services = call.messages().stream().map(m -> log(m).getService()).toList();
            assertEquals(1, services.stream().distinct().count(), "one service per stream");
            assertFalse(services.contains(""), "no log without a service");
          }
        });
  }

  private static LogData log(byte[] message) {
    try {
      return LogData.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static LogData log(String service, String endpoint) {
    return LogData.newBuilder().setService(service).setEndpoint(endpoint).build();
  }

  @Test
  void aLogWithoutServiceGetsTheFirstOfItsStreamAndOneBeforeItIsUseless() {
    Relay relay = new Relay(Relay.pipe());
    relay
        .open(LOG)
        .send(log("", "before"))
        .send(log("a", "1"))
        .send(log("b", "2"))
        .send(log("", "3"));
    assertEquals(
        List.of(log("a", "1"), log("a", "3"), log("b", "2")),
        relay.messages().stream().map(LogAndMeterTest::log).toList());
    assertEquals(List.of("no_service"), relay.discarded());
  }

  @Test
  void ofAServiceThatIsSaidTwiceTheLastCountsEvenIfEmpty() {
    Relay relay = new Relay(Relay.pipe());
    byte[] takenBack = FieldCursor.concat(FieldCursor.string(2, "x"), FieldCursor.string(2, ""));
    relay.open(LOG).send(log("a", "1")).send(takenBack);
    List<Relay.Call> calls = relay.finish();
    assertEquals(1, calls.size());
    assertEquals("a", log(calls.get(0).messages().get(1)).getService());
  }

  @Test
  void theElementsOfAStreamAreOneCollectionWhoseFirstSaysWhoReports() {
    Rounds.each(
        METER,
        round -> {
          for (Relay.Call call : round.calls()) {
            assertEquals("/skywalking.v3.MeterReportService/collectBatch", call.target());
            call.messages().forEach(message -> saysWhoReports(collection(message).get(0)));
          }
          int reports = round.calls().stream().mapToInt(call -> call.messages().size()).sum();
          assertEquals(round.streams().size(), reports, "one collection per stream");
        });
  }

  private static void saysWhoReports(MeterData element) {
    assertFalse(element.getService().isEmpty());
    assertFalse(element.getServiceInstance().isEmpty());
    assertTrue(element.getTimestamp() != 0);
  }

  private static List<MeterData> collection(byte[] message) {
    try {
      return MeterDataCollection.parseFrom(message).getMeterDataList();
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  /** The limit is hit at every possible place between and inside elements. */
  @Test
  void everyPartOfAnOverlongReportSaysWhoReports() {
    for (int round = 0; round < 5 * Rounds.COUNT; round++) {
      int maxBytes = 20 + random.nextInt(1500);
      Relay relay = new Relay(random, Relay.pipe(1, maxBytes, false));
      List<MeterData> report = report(2 + random.nextInt(15));
      Relay.Stream stream = relay.open(METER);
      report.forEach(stream::send);
      stream.end();
      List<Relay.Call> calls = relay.finish();
      List<MeterData> values = new ArrayList<>();
      for (byte[] part : partsInOrder(calls)) {
        MeterData first = collection(part).get(0);
        assertEquals("s", first.getService(), "maxBytes " + maxBytes);
        assertEquals("i", first.getServiceInstance());
        assertEquals(42, first.getTimestamp());
        assertTrue(part.length <= maxBytes || collection(part).size() == 1, "within the limit");
        collection(part).forEach(element -> values.add(value(element)));
      }
      assertEquals(sorted(report.stream().map(LogAndMeterTest::value).toList()), sorted(values));
      assertEquals(List.of(), relay.discarded());
      assertEquals(1, calls.stream().map(Relay.Call::node).distinct().count(), "one node");
    }
  }

  private static List<byte[]> partsInOrder(List<Relay.Call> calls) {
    return calls.stream().flatMap(call -> call.messages().stream()).toList();
  }

  private static List<String> sorted(List<MeterData> values) {
    return values.stream().map(v -> v.toByteString().toString(ISO_8859_1)).sorted().toList();
  }

  private static MeterData value(MeterData element) {
    return element.toBuilder().clearService().clearServiceInstance().clearTimestamp().build();
  }

  private List<MeterData> report(int elements) {
    List<MeterData> report = new ArrayList<>();
    for (int i = 0; i < elements; i++) {
      MeterData element = messages.like(MeterData.getDefaultInstance());
      element = traffic.element(element, "s", "i", i == 0);
      report.add(i == 0 ? element.toBuilder().setTimestamp(42).build() : element);
    }
    return report;
  }

  /** Where it does not say it in time, nothing without a node to go to may reach the queue. */
  @Test
  void anOverlongReportOfNobodyIsUselessAsAWhole() {
    for (int late = 1; late < 20; late++) {
      Relay relay = new Relay(random, Relay.pipe(1, 100, false));
      Relay.Stream stream = relay.open(METER);
      for (int i = 0; i < 20; i++) {
        MeterData element =
            MeterData.newBuilder()
                .setSingleValue(MeterSingleValue.newBuilder().setName("0123456789"))
                .build();
        boolean says = i == late;
        stream.send(traffic.element(element, "s", "i", says));
      }
      stream.end();
      int values =
          partsInOrder(relay.finish()).stream().mapToInt(part -> collection(part).size()).sum();
      assertEquals(20, values + relay.discarded().size(), "identity in element " + late);
      assertTrue(values == 20 || values == 0);
    }
  }

  @Test
  void aShortReportMayAlsoSayItLast() {
    Relay relay = new Relay(Relay.pipe());
    Relay.Stream stream = relay.open(METER);
    stream.send(MeterData.getDefaultInstance());
    stream.send(traffic.element(MeterData.getDefaultInstance(), "s", "i", true));
    stream.end();
    List<Relay.Call> calls = relay.finish();
    assertEquals(2, collection(calls.get(0).messages().get(0)).size());
    assertEquals(1, OapView.facts(METERS, calls.get(0).messages()).size());
  }

  @ParameterizedTest
  @ValueSource(strings = {METER, "/MeterReportService/collect"})
  void aReportOfNobodyIsNotQueued(String method) {
    Relay relay = new Relay(Relay.pipe());
    Relay.Stream stream = relay.open(method);
    stream.send(MeterData.newBuilder().setService("s").build());
    stream.send(MeterData.getDefaultInstance());
    stream.end();
    assertEquals(List.of(), relay.finish());
    assertEquals(List.of("no_identity", "no_identity"), relay.discarded());
  }

  @Test
  void collectionsArriveByteForByteOnTheNodeOfTheirInstance() {
    Rounds.each(
        METERS,
        round -> {
          List<byte[]> sent = new ArrayList<>();
          round.streams().forEach(sent::addAll);
          List<byte[]> upstream = partsInOrder(round.calls());
          sent.sort(Arrays::compare);
          upstream = new ArrayList<>(upstream);
          upstream.sort(Arrays::compare);
          assertArrayEquals(sent.toArray(), upstream.toArray());
          for (Relay.Call call : round.calls()) {
            for (byte[] message : call.messages()) {
              MeterData first = collection(message).get(0);
              String key = first.getService() + "\0" + first.getServiceInstance();
              assertEquals(Relay.nodeOf(key), call.node());
            }
          }
        });
  }

  @Test
  void anInstanceHasOneNodeWhicheverMethodItUses() {
    MeterData element = traffic.element(MeterData.getDefaultInstance(), "s", "i", true);
    for (String method : List.of(METER, "/MeterReportService/collect")) {
      Relay relay = new Relay(Relay.pipe());
      relay.open(METERS).send(MeterDataCollection.newBuilder().addMeterData(element).build());
      Relay.Stream stream = relay.open(method);
      stream.send(element);
      stream.end();
      List<Relay.Call> calls = relay.finish();
      assertEquals(1, calls.stream().map(Relay.Call::node).distinct().count());
    }
  }

  @Test
  void aCollectionWithoutServiceOrInstanceIsUseless() {
    Relay relay = new Relay(Relay.pipe());
    relay
        .open(METERS)
        .send(MeterDataCollection.getDefaultInstance())
        .send(
            MeterDataCollection.newBuilder()
                .addMeterData(MeterData.newBuilder().setService("s"))
                .build());
    assertEquals(List.of(), relay.finish());
    assertEquals(List.of("no_identity", "no_identity"), relay.discarded());
  }
}
