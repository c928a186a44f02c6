package satellite.pipes.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.Extension;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogCommon;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.TCPAccessLogEntry;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.metrics.v3.StreamMetricsMessage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each entry and each scrape is attributed to its own Envoy. */
class EnvoyTest {

  private static final String ALS_V2 =
      "/envoy.service.accesslog.v2.AccessLogService/StreamAccessLogs";
  private static final String ALS_V3 =
      "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";
  private static final String ALS_SATELLITE =
      "/satellite.envoy.accesslog.v3.SatelliteAccessLogService/StreamAccessLogs";
  private static final String METRICS_V2 = "/envoy.service.metrics.v2.MetricsService/StreamMetrics";
  private static final String METRICS_V3 = "/envoy.service.metrics.v3.MetricsService/StreamMetrics";

  @ParameterizedTest
  @ValueSource(strings = {ALS_V2, ALS_V3, ALS_SATELLITE})
  void everyAccessLogMessageBeginsWithOneIdentifierAndHoldsOneCase(String method) {
    Rounds.each(
        method,
        round -> {
          for (Relay.Call call : round.calls()) {
            assertEquals(ALS_SATELLITE, call.target());
            for (byte[] message : call.messages()) {
              var fields = NativeProtocolsTest.unknown(message);
              assertEquals(1, fields.getField(1).getLengthDelimitedList().size());
              assertEquals(0x0A, message[0], "the identifier stands in front");
              assertTrue(!fields.hasField(2) || !fields.hasField(3), "HTTP and TCP in one");
            }
          }
        });
  }

  private static StreamAccessLogsMessage.Identifier envoy(String id) {
    return StreamAccessLogsMessage.Identifier.newBuilder()
        .setNode(Node.newBuilder().setId(id))
        .setLogName("log")
        .build();
  }

  private static StreamAccessLogsMessage http(String... streamIds) {
    var entries = StreamAccessLogsMessage.HTTPAccessLogEntries.newBuilder();
    for (String id : streamIds) {
      entries.addLogEntry(
          HTTPAccessLogEntry.newBuilder()
              .setCommonProperties(AccessLogCommon.newBuilder().setUpstreamCluster(id)));
    }
    return StreamAccessLogsMessage.newBuilder().setHttpLogs(entries).build();
  }

  private static StreamAccessLogsMessage tcp(String... streamIds) {
    var entries = StreamAccessLogsMessage.TCPAccessLogEntries.newBuilder();
    for (String id : streamIds) {
      entries.addLogEntry(
          TCPAccessLogEntry.newBuilder()
              .setCommonProperties(AccessLogCommon.newBuilder().setUpstreamCluster(id)));
    }
    return StreamAccessLogsMessage.newBuilder().setTcpLogs(entries).build();
  }

  private static StreamAccessLogsMessage of(String envoy, StreamAccessLogsMessage logs) {
    return logs.toBuilder().setIdentifier(envoy(envoy)).build();
  }

  @Test
  void twoEnvoysShareAnUpstreamStreamButNoMessage() throws Exception {
    Relay relay = new Relay(Relay.pipe());
    Relay.Stream a = relay.open(ALS_V3);
    Relay.Stream b = relay.open(ALS_V2);
    a.send(of("a", http("1", "2")));
    b.send(of("b", http("3")));
    a.send(http("4"));
    b.send(http("5"));
    a.end();
    b.end();
    List<Relay.Call> calls = relay.finish();
    assertEquals(1, calls.size());
    assertEquals(2, calls.get(0).messages().size());
    assertArrayEquals(
        of("a", http("1", "2", "4")).toByteArray(), canonical(calls.get(0).messages().get(0)));
    assertArrayEquals(
        of("b", http("3", "5")).toByteArray(), canonical(calls.get(0).messages().get(1)));
  }

  private static byte[] canonical(byte[] message) throws Exception {
    return StreamAccessLogsMessage.parseFrom(message).toByteArray();
  }

  @Test
  void theEntriesOfOneStreamAreJoinedPerCaseAcrossBatches() throws Exception {
    Relay relay = new Relay(Relay.pipe());
    Relay.Stream stream = relay.open(ALS_V3);
    stream.send(of("a", http("1")));
    stream.send(tcp("2"));
    stream.send(http("3"));
    stream.send(tcp("4"));
    stream.end();
    List<byte[]> upstream = relay.messages();
    assertEquals(2, upstream.size());
    assertArrayEquals(of("a", http("1", "3")).toByteArray(), canonical(upstream.get(0)));
    assertArrayEquals(of("a", tcp("2", "4")).toByteArray(), canonical(upstream.get(1)));
  }

  @Test
  void anEnvoysLaterIdentifierIsIgnoredAndASatellitesCounts() throws Exception {
    for (String method : List.of(ALS_V3, ALS_SATELLITE)) {
      Relay relay = new Relay(Relay.pipe());
      Relay.Stream stream = relay.open(method);
      stream.send(of("a", http("1"))).send(of("b", http("2"))).send(http("3"));
      stream.end();
      List<String> ids = new ArrayList<>();
      for (byte[] message : relay.messages()) {
        ids.add(StreamAccessLogsMessage.parseFrom(message).getIdentifier().getNode().getId());
      }
      assertEquals(method.equals(ALS_V3) ? List.of("a") : List.of("a", "b"), ids);
    }
  }

  @Test
  void entriesOfNobodyDoNotFallToTheEnvoyBeforeThem() {
    Relay relay = new Relay(Relay.pipe());
    Relay.Stream known = relay.open(ALS_V3);
    Relay.Stream unknown = relay.open(ALS_V3);
    known.send(of("a", http("1")));
    known.end();
    unknown.send(http("2"));
    unknown.end();
    List<Object> facts = OapView.facts(ALS_SATELLITE, relay.messages());
    assertEquals(2, facts.size());
    assertEquals(
        StreamAccessLogsMessage.Identifier.getDefaultInstance(), ((List<?>) facts.get(1)).get(0));
  }

  @Test
  void anIdentifierThatComesAloneIsKeptForWhatFollows() throws Exception {
    Relay relay = new Relay(Relay.pipe());
    Relay.Stream stream = relay.open(ALS_V3);
    stream.send(StreamAccessLogsMessage.newBuilder().setIdentifier(envoy("a")).build());
    stream.send(tcp("1"));
    stream.end();
    List<byte[]> upstream = relay.messages();
    assertEquals(1, upstream.size());
    assertArrayEquals(of("a", tcp("1")).toByteArray(), canonical(upstream.get(0)));
  }

  @Test
  void anIdentifierBehindTheEntriesIsMovedToTheFront() throws Exception {
    Relay relay = new Relay(Relay.pipe());
    byte[] identifier =
        StreamAccessLogsMessage.newBuilder().setIdentifier(envoy("a")).build().toByteArray();
    Relay.Stream stream = relay.open(ALS_V3);
    stream.send(FieldCursor.concat(http("1").toByteArray(), identifier));
    stream.end();
    byte[] upstream = relay.messages().get(0);
    assertArrayEquals(of("a", http("1")).toByteArray(), upstream);
  }

  @Test
  void aMessageOfBothCasesStaysAlone() {
    Relay relay = new Relay(Relay.pipe());
    Relay.Stream stream = relay.open(ALS_V3);
    byte[] both = FieldCursor.concat(http("2").toByteArray(), tcp("3").toByteArray());
    stream.send(of("a", tcp("1"))).send(both).send(both).send(tcp("4"));
    stream.end();
    assertEquals(3, relay.messages().size());
  }

  @Test
  void twoIdentifiersInOneMessageAreRefused() {
    StreamReader reader = Protocols.of(ALS_V3).reading().open(Relay.pipe().readerOptions());
    byte[] one =
        StreamAccessLogsMessage.newBuilder().setIdentifier(envoy("a")).build().toByteArray();
    assertThrows(
        MalformedMessageException.class,
        () -> reader.read(FieldCursor.concat(one, one), new HostileBytesTest.Collected()));
  }

  @ParameterizedTest
  @ValueSource(strings = {METRICS_V2, METRICS_V3})
  void everyMetricsStreamBeginsWithItsEnvoyAndScrapesStayAsTheyAre(String method) {
    Rounds.each(
        method,
        round -> {
          for (Relay.Call call : round.calls()) {
            assertEquals(method, call.target());
            List<ByteString> first = NativeProtocolsTest.fields(call.messages().get(0), 1);
            assertEquals(1, first.size(), "the identifier of the first message");
            assertEquals(0x0A, call.messages().get(0)[0], "stands in front");
            for (byte[] message : call.messages()) {
              for (ByteString again : NativeProtocolsTest.fields(message, 1)) {
                assertEquals(first.get(0), again, "one Envoy per stream");
              }
            }
          }
        });
  }

  private static StreamMetricsMessage scrape(String id, String name, String metric) {
    Node node =
        Node.newBuilder()
            .setId(id)
            .setMetadata(
                Struct.newBuilder()
                    .putFields("NAME", Value.newBuilder().setStringValue(name).build()))
            .build();
    var identifier = StreamMetricsMessage.Identifier.newBuilder().setNode(node);
    StreamMetricsMessage.Builder scrape = StreamMetricsMessage.newBuilder();
    scrape.addEnvoyMetricsBuilder().setName(metric);
    return name.isEmpty() ? scrape.build() : scrape.setIdentifier(identifier).build();
  }

  /** All replicas of one bootstrap file have one id: OAP tells them apart by their metadata. */
  @ParameterizedTest
  @ValueSource(strings = {"", "id-of-the-bootstrap-file"})
  void envoysThatDifferInMetadataOnlyHaveStreamsOfTheirOwn(String id) {
    Relay relay = new Relay(Relay.pipe());
    relay.open(METRICS_V3).send(scrape(id, "pod-1", "m1")).send(scrape("", "", "m3"));
    relay.open(METRICS_V3).send(scrape(id, "pod-2", "m2"));
    List<Relay.Call> calls = relay.finish();
    assertEquals(2, calls.size());
    assertEquals(2, calls.get(0).messages().size());
    assertNotEquals(
        NativeProtocolsTest.fields(calls.get(0).messages().get(0), 1),
        NativeProtocolsTest.fields(calls.get(1).messages().get(0), 1));
  }

  @Test
  void twoStreamsOfOneEnvoyShareAnUpstreamStream() {
    Relay relay = new Relay(Relay.pipe());
    relay.open(METRICS_V3).send(scrape("e", "pod-1", "m1"));
    relay.open(METRICS_V3).send(scrape("e", "pod-1", "m2"));
    List<Relay.Call> calls = relay.finish();
    assertEquals(1, calls.size());
    assertEquals(2, calls.get(0).messages().size());
  }

  /** As Envoy 1.40 sends it: 61 kB of extensions, features and builds, in every first message. */
  private static Node talkative(String id) {
    Node.Builder node =
        Node.newBuilder()
            .setId(id)
            .setCluster("shop")
            .setMetadata(
                Struct.newBuilder()
                    .putFields("NAME", Value.newBuilder().setStringValue("pod-1").build()))
            .setLocality(Locality.newBuilder().setZone("eu-1"))
            .setUserAgentName("envoy")
            .addClientFeatures("envoy.lb.does_not_support_overprovisioning");
    for (int i = 0; i < 500; i++) {
      node.addExtensions(
          Extension.newBuilder()
              .setName("envoy.filters.http.some_filter_" + i)
              .setCategory("envoy.filters.http.some_category_of_extensions_" + i)
              .setTypeDescriptor("envoy.extensions.filters.http.some_filter_" + i + ".v3.Config"));
    }
    return node.build();
  }

  private static Node reduced(String id) {
    return talkative(id).toBuilder()
        .clearUserAgentName()
        .clearClientFeatures()
        .clearExtensions()
        .build();
  }

  @Test
  void ofAnIdentifierGoesUpstreamWhatOapReadsOfIt() throws Exception {
    var identifier = envoy("a").toBuilder();
    var logs = http("1").toBuilder().setIdentifier(identifier.setNode(talkative("a"))).build();
    assertTrue(logs.getSerializedSize() > 50_000);
    Relay relay = new Relay(Relay.pipe());
    relay.open(ALS_V3).send(logs).send(http("2")).end();
    byte[] sent = relay.messages().get(0);
    assertEquals(
        http("1", "2").toBuilder().setIdentifier(identifier.setNode(reduced("a"))).build(),
        StreamAccessLogsMessage.parseFrom(sent));
    assertTrue(sent.length < 300, sent.length + " bytes");

    var scrape =
        scrape("a", "", "m1").toBuilder()
            .setIdentifier(
                StreamMetricsMessage.Identifier.newBuilder().setNode(talkative("a")).build());
    relay = new Relay(Relay.pipe());
    relay.open(METRICS_V3).send(scrape.build());
    assertEquals(
        scrape
            .setIdentifier(StreamMetricsMessage.Identifier.newBuilder().setNode(reduced("a")))
            .build(),
        StreamMetricsMessage.parseFrom(relay.messages().get(0)));
  }

  /** A stream for each worker of an Envoy: 61 kB for each of them was all of the heap. */
  @Test
  void streamsOfOneEnvoyShareItsIdentifier() throws Exception {
    var logs =
        http("1").toBuilder()
            .setIdentifier(envoy("a").toBuilder().setNode(talkative("shared")))
            .build()
            .toByteArray();
    List<byte[]> contexts = new ArrayList<>();
    for (int worker = 0; worker < 2; worker++) {
      StreamReader reader = Protocols.of(ALS_V3).reading().open(Relay.pipe().readerOptions());
      var collected = new HostileBytesTest.Collected();
      reader.read(logs, collected);
      contexts.add(collected.pieces.get(0).context());
    }
    assertSame(contexts.get(0), contexts.get(1));
    assertTrue(contexts.get(0).length < 200, contexts.get(0).length + " bytes");
  }

  @Test
  void metricsOfNobodyAreUseless() {
    Relay relay = new Relay(Relay.pipe());
    relay.open(METRICS_V3).send(scrape("", "", "m1"));
    assertEquals(List.of(), relay.finish());
    assertEquals(List.of("no_identity"), relay.discarded());
  }
}
