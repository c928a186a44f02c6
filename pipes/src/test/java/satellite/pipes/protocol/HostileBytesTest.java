package satellite.pipes.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.pipes.protocol.Protocol.Mode;
import satellite.pipes.protocol.Protocol.Shape;
import satellite.queue.Event;

/**
 * Whatever bytes a client sends: a reader throws {@link MalformedMessageException} or nothing, and
 * what it lets through leaves the messages that it is joined with as they are.
 */
class HostileBytesTest {

  private static final int CASES = 20 * Rounds.COUNT;

  /** What a reader told of one message. */
  static final class Collected implements StreamReader.Sink {
    record Piece(String key, String group, byte[] context, byte[][] parts) {}

    final List<Piece> pieces = new ArrayList<>();
    int discarded;

    @Override
    public void event(String key, String group, byte[] context, byte[]... parts) {
      pieces.add(new Piece(key, group, context, parts));
    }

    @Override
    public void discarded(String reason) {
      discarded++;
    }
  }

  static Stream<Protocol> queued() {
    return Protocols.TABLE.stream().filter(row -> row.mode() == Mode.ASYNCHRONOUS);
  }

  @ParameterizedTest
  @MethodSource("queued")
  void randomBytesHarmNobody(Protocol row) {
    Random random = new Random(1);
    for (int i = 0; i < CASES; i++) {
      byte[] bytes = new byte[random.nextInt(60)];
      random.nextBytes(bytes);
      harmsNobody(row, bytes);
    }
  }

  /** Tags and lengths as they are, with chance for the rest: gets deeper than random bytes. */
  @ParameterizedTest
  @MethodSource("queued")
  void randomFieldsHarmNobody(Protocol row) {
    Random random = new Random(2);
    for (int i = 0; i < CASES; i++) {
      harmsNobody(row, fields(random, 0));
    }
  }

  private static byte[] fields(Random random, int depth) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = random.nextInt(4); i >= 0; i--) {
      int wireType = random.nextInt(random.nextInt(4) == 0 ? 8 : 3);
      out.write((random.nextInt(6) << 3) | wireType);
      byte[] value = new byte[random.nextInt(6)];
      random.nextBytes(value);
      if (wireType == 2) {
        value = depth < 5 && random.nextBoolean() ? fields(random, depth + 1) : value;
        out.write(value.length + (random.nextInt(10) == 0 ? 1 : 0));
      }
      out.writeBytes(value);
    }
    return out.toByteArray();
  }

  @ParameterizedTest
  @MethodSource("queued")
  void messagesCutAnywhereHarmNobody(Protocol row) {
    Random random = new Random(3);
    for (byte[] message : valid(row, random, 4)) {
      int step = 1 + message.length / 400;
      for (int length = 0; length < message.length; length += step) {
        harmsNobody(row, Arrays.copyOf(message, length));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("queued")
  void flippedBitsHarmNobody(Protocol row) {
    Random random = new Random(4);
    for (byte[] message : valid(row, random, 10)) {
      for (int i = 0; i < CASES / 10 && message.length > 0; i++) {
        byte[] flipped = message.clone();
        for (int flips = random.nextInt(3); flips >= 0; flips--) {
          flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
        }
        harmsNobody(row, flipped);
      }
    }
  }

  private static List<byte[]> valid(Protocol row, Random random, int count) {
    ClientTraffic traffic = new ClientTraffic(random);
    List<byte[]> messages = new ArrayList<>();
    while (messages.size() < count) {
      traffic.stream(row.method()).stream().map(Message::toByteArray).forEach(messages::add);
    }
    return messages;
  }

  @ParameterizedTest
  @MethodSource("queued")
  void craftedBytesHarmNobody(Protocol row) {
    for (int number = 1; number <= 6; number++) {
      for (byte[] crafted : crafted(number)) {
        harmsNobody(row, crafted);
        // The same one level down, where identities stand.
        harmsNobody(row, FieldCursor.concat(FieldCursor.header(1, crafted.length), crafted));
      }
    }
  }

  private static List<byte[]> crafted(int number) {
    byte bytes = (byte) (number << 3 | 2);
    byte varint = (byte) (number << 3);
    byte group = (byte) (number << 3 | 3);
    byte groupEnd = (byte) (number << 3 | 4);
    List<byte[]> crafted = new ArrayList<>();
    // Lengths: 2^31 - 1, 2^31 (negative as an int), 2^32 - 1, 2^63, one too many, and overlong
    // zero.
    crafted.add(with(bytes, hex("ffffffff07")));
    crafted.add(with(bytes, hex("8080808008")));
    crafted.add(with(bytes, hex("ffffffff0f")));
    crafted.add(with(bytes, hex("80808080808080808001")));
    crafted.add(with(bytes, hex("024161").clone(), hex("0a")));
    crafted.add(with(bytes, hex("80808080808080808000")));
    crafted.add(with(bytes, hex("8180808080808080800061")));
    // Varints of 10, 11 and unfinished bytes.
    crafted.add(with(varint, hex("ffffffffffffffffff01")));
    crafted.add(with(varint, hex("ffffffffffffffffffff01")));
    crafted.add(with(varint, hex("ffff")));
    // Tags of 10 bytes, in front of a string; of number 0; of unknown types; cut.
    crafted.add(with((byte) (bytes | 0x80), hex("808080808080808000"), hex("0161")));
    crafted.add(with((byte) (bytes | 0x80), hex("ffffffffffffffff01"), hex("0161")));
    crafted.add(with((byte) 2, hex("0161")));
    crafted.add(with((byte) (number << 3 | 6), hex("0161")));
    crafted.add(with((byte) (number << 3 | 7), hex("0161")));
    crafted.add(with((byte) (bytes | 0x80)));
    // Groups: unfinished, ended without begin, ended by another, empty, and with a string in it.
    crafted.add(with(group));
    crafted.add(with(groupEnd));
    crafted.add(with(group, new byte[] {(byte) (groupEnd + 8)}));
    crafted.add(with(group, new byte[] {groupEnd}));
    crafted.add(with(group, hex("120161"), new byte[] {groupEnd}));
    // Deep: endless beginnings, and as many ends.
    for (int depth : new int[] {50, 99, 100, 101, 1000, 100_000}) {
      byte[] opened = new byte[depth];
      Arrays.fill(opened, group);
      byte[] ended = new byte[depth];
      Arrays.fill(ended, groupEnd);
      crafted.add(opened);
      crafted.add(FieldCursor.concat(opened, ended));
      crafted.add(FieldCursor.concat(opened, Arrays.copyOf(ended, depth - 1)));
    }
    return crafted;
  }

  private static byte[] hex(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  private static byte[] with(byte first, byte[]... rest) {
    byte[] all = {first};
    for (byte[] next : rest) {
      all = FieldCursor.concat(all, next);
    }
    return all;
  }

  private static void harmsNobody(Protocol row, byte[] message) {
    Collected found = new Collected();
    try {
      row.reading().open(Relay.pipe().readerOptions()).read(message.clone(), found);
    } catch (MalformedMessageException e) {
      assertEquals(0, found.pieces.size() + found.discarded, "what is refused is refused whole");
      return;
    } catch (Throwable e) {
      fail(row.method() + " of " + start(message) + " threw " + e, e);
    }
    for (Collected.Piece piece : found.pieces) {
      assertTrue(!row.forwarding().sticky() || piece.key() != null || gathers(row), "has a node");
      leavesNeighboursIntact(row, piece, message);
    }
  }

  /** Who reports may come later in a gathered stream; without it, nothing of it is queued. */
  private static boolean gathers(Protocol row) {
    return row.forwarding().gather() == Protocol.Gather.WHOLE_STREAM;
  }

  private static String start(byte[] message) {
    return HexFormat.of().formatHex(message, 0, Math.min(message.length, 80));
  }

  private static void leavesNeighboursIntact(Protocol row, Collected.Piece piece, byte[] message) {
    Shape shape = row.forwarding().shape();
    if (shape == Shape.UNARY_EACH || (shape == Shape.STREAM_EACH && isNothing(piece, row))) {
      return;
    }
    byte[] neighbour = with((byte) 0x0A, hex("03"), hex("0a0161"));
    Event before = event(row, piece, neighbour);
    Event hostile = event(row, piece, piece.parts());
    Event after = event(row, piece, neighbour);
    List<Payload> merged =
        shape == Shape.STREAM_EACH
            ? Merging.messages(shape, List.of(hostile))
            : Merging.messages(shape, List.of(before, hostile, after));
    assertEquals(1, merged.size());
    try {
      UnknownFieldSet.Builder expected = UnknownFieldSet.newBuilder();
      expected.mergeFrom(UnknownFieldSet.parseFrom(piece.context()));
      if (shape != Shape.STREAM_EACH) {
        expected.mergeFrom(UnknownFieldSet.parseFrom(neighbour));
      }
      expected.mergeFrom(UnknownFieldSet.parseFrom(joined(piece.parts())));
      if (shape != Shape.STREAM_EACH) {
        expected.mergeFrom(UnknownFieldSet.parseFrom(neighbour));
      }
      assertEquals(expected.build(), UnknownFieldSet.parseFrom(merged.get(0).toByteArray()));
    } catch (InvalidProtocolBufferException e) {
      fail(row.method() + " let " + start(message) + " through: " + e.getMessage(), e);
    }
  }

  /** Neither put together nor put behind a context. */
  private static boolean isNothing(Collected.Piece piece, Protocol row) {
    return piece.context().length == 0 && piece.parts().length == 1 && !gathers(row);
  }

  private static Event event(Protocol row, Collected.Piece piece, byte[]... parts) {
    return new Event(row.method(), piece.key(), piece.group(), piece.context(), parts, 1, 0);
  }

  private static byte[] joined(byte[]... parts) {
    byte[] all = {};
    for (byte[] part : parts) {
      all = FieldCursor.concat(all, part);
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0a05",
        "0a0561",
        "0b",
        "0a80",
        "08",
        "09616161",
        "0a8080808008",
        "0c",
        "0b14",
        "00",
        "0a0161ff"
      })
  void whatWouldSwallowItsNeighbourIsRefusedWhereMessagesAreJoined(String hex) {
    queued()
        .filter(row -> row.forwarding().shape() != Shape.UNARY_EACH)
        .filter(row -> row.forwarding().shape() != Shape.STREAM_EACH)
        .filter(row -> !row.method().endsWith("TraceSegmentReportService/collect"))
        .forEach(
            row ->
                assertThrows(
                    MalformedMessageException.class,
                    () ->
                        row.reading()
                            .open(Relay.pipe().readerOptions())
                            .read(hex(hex), new Collected()),
                    row.method()));
  }

  /** Segments are wrapped: one that is cut is one bad element, as OAP itself would see it. */
  @Test
  void aCutSegmentIsOneElementOfItsCollection() throws Exception {
    Relay relay = new Relay(Relay.pipe());
    byte[] good = FieldCursor.string(1, "trace");
    relay
        .open("/skywalking.v3.TraceSegmentReportService/collect")
        .send(good)
        .send(new byte[] {0x0A, 0x7F})
        .send(good);
    var elements = NativeProtocolsTest.fields(relay.messages().get(0), 1);
    assertEquals(3, elements.size());
    assertEquals(elements.get(0), elements.get(2));
  }
}
