package satellite.pipes.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import com.google.protobuf.StringValue;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogCommon;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.skywalking.apm.network.language.agent.v3.MeterDataCollection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import satellite.pipes.Samples;
import satellite.pipes.deadletters.DeadLetterJson;
import satellite.pipes.deadletters.StoredDeadLetter;
import satellite.pipes.json.MessagePrinter;
import satellite.pipes.json.MessageTypes;
import satellite.queue.Event;

/** A dead letter is shown as the JSON of what it says. */
class DecodingTest {

  static {
    Generated.hushWarnings();
  }

  private static final DeadLetterJson JSON = new DeadLetterJson();

  private static List<Protocol> queued() {
    return Protocols.TABLE.stream().filter(row -> row.forwarding() != null).toList();
  }

  private static JsonObject show(Event event) {
    StoredDeadLetter letter =
        new StoredDeadLetter(
            "20261122T233007Z-1.3",
            Instant.EPOCH,
            Instant.EPOCH,
            "pipe",
            "127.0.0.1:11800",
            "internal",
            "no",
            event.method(),
            event.key(),
            event.group(),
            event.messages(),
            event.context(),
            event.parts().toArrays());
    return JsonParser.parseString(JSON.show(letter)).getAsJsonObject();
  }

  private static Event event(String method, byte[]... parts) {
    return event(method, new byte[0], parts);
  }

  private static Event event(String method, byte[] context, byte[][] parts) {
    return new Event(method, null, null, context, parts, parts.length, 0);
  }

  private static JsonElement json(Message message) throws Exception {
    return JsonParser.parseString(JsonFormat.printer().print(message));
  }

  @ParameterizedTest
  @MethodSource("queued")
  void aMessageIsShownAsProtobufWritesIt(Protocol row) throws Exception {
    String target = row.forwarding().target();
    JsonObject empty = show(event(row.method(), new byte[0]));
    assertFalse(empty.get("type").isJsonNull(), () -> "no type for " + row.method());
    if (!Generated.METHODS.containsKey(target)) {
      assertTrue(empty.get("type").getAsString().startsWith("skywalking.v3.Browser"), "" + empty);
      return;
    }
    Message request = Generated.request(target);
    assertEquals(request.getDescriptorForType().getFullName(), empty.get("type").getAsString());
    int compared = 0;
    for (int seed = 0; compared < 10; seed++) {
      Message message = new RandomMessages(new Random(seed)).like(request);
      if (hasAny(message)) {
        // Of random types, which protobuf's own printing refuses.
        continue;
      }
      compared++;
      JsonObject shown = show(event(row.method(), message.toByteArray()));
      int number = seed;
      assertEquals(json(message), shown.getAsJsonArray("content").get(0), () -> "seed " + number);
      assertNull(shown.get("unknownFields"), () -> "seed " + number + ": " + shown);
      assertNull(shown.get("context"));
    }
  }

  private static boolean hasAny(Message message) {
    if (message instanceof Any) {
      return true;
    }
    for (Object value : message.getAllFields().values()) {
      List<?> values = value instanceof List<?> list ? list : List.of(value);
      for (Object one : values) {
        if (one instanceof Message nested && hasAny(nested)) {
          return true;
        }
      }
    }
    return false;
  }

  @Test
  void gatheredMessagesAreShownOneByOneWithWhatTheyShare() throws Exception {
    StreamAccessLogsMessage identifier =
        StreamAccessLogsMessage.newBuilder()
            .setIdentifier(StreamAccessLogsMessage.Identifier.newBuilder().setLogName("als"))
            .build();
    List<StreamAccessLogsMessage> messages = new ArrayList<>();
    for (String path : List.of("a", "b", "c")) {
      var entry = HTTPAccessLogEntry.newBuilder();
      entry.getRequestBuilder().setPath(path);
      messages.add(
          StreamAccessLogsMessage.newBuilder()
              .setHttpLogs(
                  StreamAccessLogsMessage.HTTPAccessLogEntries.newBuilder().addLogEntry(entry))
              .build());
    }
    byte[][] parts = messages.stream().map(Message::toByteArray).toArray(byte[][]::new);
    JsonObject shown = show(event(Samples.ALS, identifier.toByteArray(), parts));
    assertEquals(json(identifier), shown.get("context"));
    JsonArray content = shown.getAsJsonArray("content");
    assertEquals(3, content.size());
    for (int i = 0; i < 3; i++) {
      assertEquals(json(messages.get(i)), content.get(i));
    }
    assertEquals(3, shown.get("messages").getAsInt());
  }

  @Test
  void aReportOfManyPartsIsOneMessage() throws Exception {
    var one = Samples.meter("shop", "shop-1", 1);
    var two = Samples.meter(null, null, 2);
    byte[] first = one.toByteArray();
    byte[] second = two.toByteArray();
    JsonObject shown =
        show(
            event(
                Samples.METER,
                FieldCursor.header(1, first.length),
                first,
                FieldCursor.header(1, second.length),
                second));
    assertEquals(
        json(MeterDataCollection.newBuilder().addMeterData(one).addMeterData(two).build()),
        shown.getAsJsonArray("content").get(0));
    assertEquals(1, shown.getAsJsonArray("content").size());
  }

  @Test
  void whatATypeDoesNotDescribeIsShownByNumber() throws Exception {
    byte[] log = Samples.log("shop", "hello");
    byte[] newer = FieldCursor.concat(log, FieldCursor.string(99, "of tomorrow"));
    JsonObject shown = show(event(Samples.LOGS, newer));
    assertEquals(
        JsonParser.parseString("{\"content[0]\": {\"99\": \"of tomorrow\"}}"),
        shown.get("unknownFields"));
    byte[] segment = FieldCursor.concat(Samples.segment("a"), FieldCursor.string(98, "deep"));
    shown = show(event(Samples.SEGMENTS, FieldCursor.header(1, segment.length), segment));
    assertEquals(
        JsonParser.parseString("{\"content[0].segments[0]\": {\"98\": \"deep\"}}"),
        shown.get("unknownFields"));
  }

  @Test
  void anyOfAKnownTypeIsUnpackedAndOthersAreNotHidden() throws Exception {
    var common =
        AccessLogCommon.newBuilder()
            .putFilterStateObjects("known", Any.pack(StringValue.of("text")))
            .putFilterStateObjects(
                "unknown",
                Any.newBuilder()
                    .setTypeUrl("x/of.Y")
                    .setValue(ByteString.copyFromUtf8("z"))
                    .build())
            .putFilterStateObjects("garbage", Any.newBuilder().setTypeUrl("no url").build());
    var entries =
        StreamAccessLogsMessage.HTTPAccessLogEntries.newBuilder()
            .addLogEntry(HTTPAccessLogEntry.newBuilder().setCommonProperties(common));
    byte[] message =
        StreamAccessLogsMessage.newBuilder().setHttpLogs(entries).build().toByteArray();
    JsonObject objects =
        show(event(Samples.ALS, message))
            .getAsJsonArray("content")
            .get(0)
            .getAsJsonObject()
            .getAsJsonObject("httpLogs")
            .getAsJsonArray("logEntry")
            .get(0)
            .getAsJsonObject()
            .getAsJsonObject("commonProperties")
            .getAsJsonObject("filterStateObjects");
    assertEquals("text", objects.getAsJsonObject("known").get("value").getAsString());
    JsonObject unknown = objects.getAsJsonObject("unknown").getAsJsonObject("value");
    assertEquals("x/of.Y", unknown.get("typeUrl").getAsString());
    assertEquals("eg==", unknown.get("bytes").getAsString());
    assertTrue(objects.has("garbage"));
  }

  @Test
  void whatIsNoMessageIsShownAsBytes() {
    byte[] garbage = {0x0a, 50, 1};
    JsonObject shown = show(event(Samples.EVENTS, garbage));
    JsonObject content = shown.getAsJsonArray("content").get(0).getAsJsonObject();
    assertEquals("CjIB", content.get("bytes").getAsString());
    assertFalse(content.get("notAMessage").getAsString().isEmpty());
  }

  @Test
  void aMethodOfAnotherVersionIsShownByNumber() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.writeString(1, "größe");
    out.writeInt64(2, -7);
    out.writeByteArray(3, new byte[] {(byte) 0xff, 0});
    out.writeByteArray(4, FieldCursor.concat(FieldCursor.header(1, 1), new byte[] {0}));
    out.writeInt32(2, 8);
    out.flush();
    JsonObject shown = show(event("/of.Tomorrow/send", bytes.toByteArray()));
    assertTrue(shown.get("type").isJsonNull());
    assertEquals(
        JsonParser.parseString(
            """
            {"1": "größe", "2": [-7, 8], "3": {"bytes": "/wA="}, "4": {"1": {"bytes": "AA=="}}}
            """),
        shown.getAsJsonArray("content").get(0));
  }

  @Test
  void noBytesEndIt() throws Exception {
    Random random = new Random(3);
    RandomMessages messages = new RandomMessages(random);
    for (Protocol row : queued()) {
      for (int i = 0; i < 20; i++) {
        byte[] bytes = messages.bytes(random.nextInt(60));
        assertNotNull(show(event(row.method(), bytes)));
        assertNotNull(show(event("/of.Tomorrow/send", bytes)));
      }
    }
  }

  @Test
  void typesAreFoundByNameAndByMethod() throws Exception {
    assertNull(MessageTypes.named("skywalking.v3.Nothing"));
    assertNull(MessageTypes.named("Nothing"));
    assertNull(MessageTypes.takenBy("/skywalking.v3.LogReportService/none"));
    assertNull(MessageTypes.takenBy("/Nothing/none"));
    var log = MessageTypes.takenBy("/skywalking.v3.LogReportService/collect");
    assertEquals("skywalking.v3.LogData", log.getFullName());
    assertTrue(
        new MessagePrinter(log, Samples.log("shop", "hi")).json().toString().contains("\"hi\""));
    assertEquals(
        "{\"1\":\"hi\"}",
        MessagePrinter.byNumber(
                FieldCursor.concat(FieldCursor.header(1, 2), "hi".getBytes(StandardCharsets.UTF_8)))
            .toString());
  }
}
