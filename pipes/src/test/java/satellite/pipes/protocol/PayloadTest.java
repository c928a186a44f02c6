package satellite.pipes.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import satellite.queue.Parts;

/** Bytes go through gRPC as they are, however it asks for them. */
class PayloadTest {

  private final Random random = new Random(13);

  private record Case(Payload payload, byte[] bytes) {}

  private Case random() {
    Payload payload = new Payload();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = random.nextInt(5); i > 0; i--) {
      byte[] piece = new byte[random.nextInt(4) * random.nextInt(50)];
      random.nextBytes(piece);
      all.writeBytes(piece);
      if (random.nextBoolean()) {
        payload.add(piece);
      } else {
        payload.add(Parts.of(piece, new byte[0]));
      }
    }
    return new Case(payload, all.toByteArray());
  }

  private static InputStream stream(Case c) {
    InputStream stream = Payload.MARSHALLER.stream(c.payload());
    assertInstanceOf(KnownLength.class, stream);
    return stream;
  }

  @Test
  void thePiecesAreOneMessage() {
    for (int i = 0; i < 200; i++) {
      Case c = random();
      assertArrayEquals(c.bytes(), c.payload().toByteArray());
      assertEquals(c.bytes().length, c.payload().length());
    }
  }

  @Test
  void theLengthIsKnownBeforeTheBytesAndNothingIsLeftBehindThem() throws IOException {
    for (int i = 0; i < 200; i++) {
      Case c = random();
      InputStream stream = stream(c);
      assertEquals(c.bytes().length, stream.available());
      ByteArrayOutputStream drained = new ByteArrayOutputStream();
      assertEquals(c.bytes().length, ((Drainable) stream).drainTo(drained));
      assertArrayEquals(c.bytes(), drained.toByteArray());
      assertEquals(0, stream.available());
      assertEquals(0, ((Drainable) stream).drainTo(drained));
      assertEquals(-1, stream.read());
    }
  }

  @Test
  void readingByteByByteGivesTheSame() throws IOException {
    for (int i = 0; i < 200; i++) {
      Case c = random();
      InputStream stream = stream(c);
      for (int at = 0; at < c.bytes().length; at++) {
        assertEquals(c.bytes().length - at, stream.available());
        assertEquals(c.bytes()[at] & 0xff, stream.read());
      }
      assertEquals(-1, stream.read());
      assertEquals(0, stream.available());
      assertArrayEquals(c.bytes(), c.payload().toByteArray(), "the payload may be sent again");
    }
  }

  @Test
  void readingInChunksAndDrainingTheRestGivesTheSame() throws IOException {
    for (int i = 0; i < 200; i++) {
      Case c = random();
      InputStream stream = stream(c);
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      byte[] chunk = new byte[1 + random.nextInt(10)];
      int read = Math.max(0, stream.read(chunk, 0, chunk.length));
      all.write(chunk, 0, read);
      assertEquals(c.bytes().length - read, stream.available());
      assertEquals(c.bytes().length - read, ((Drainable) stream).drainTo(all));
      assertArrayEquals(c.bytes(), all.toByteArray());
      assertEquals(0, stream.available());
    }
  }

  @Test
  void whatIsParsedIsWhatWasStreamed() {
    for (int i = 0; i < 200; i++) {
      Case c = random();
      assertArrayEquals(c.bytes(), Payload.MARSHALLER.parse(stream(c)).toByteArray());
      InputStream raw = RawBytes.MARSHALLER.stream(c.bytes());
      assertArrayEquals(c.bytes(), RawBytes.MARSHALLER.parse(raw));
      assertArrayEquals(c.bytes(), RawBytes.MARSHALLER.parse(stream(c)));
    }
  }

  @Test
  void rawBytesHaveAKnownLengthAndReadTheSame() throws IOException {
    byte[] bytes = new byte[1000];
    random.nextBytes(bytes);
    InputStream stream = RawBytes.MARSHALLER.stream(bytes);
    assertInstanceOf(KnownLength.class, stream);
    assertEquals(1000, stream.available());
    for (byte each : bytes) {
      assertEquals(each & 0xff, stream.read());
    }
    assertEquals(-1, stream.read());
  }

  @Test
  void aStreamOfUnknownLengthIsReadToItsEnd() {
    byte[] bytes = {1, 2, 3};
    InputStream hesitant =
        new FilterInputStream(new ByteArrayInputStream(bytes)) {
          @Override
          public int available() {
            return 0;
          }

          @Override
          public int read(byte[] target, int offset, int count) throws IOException {
            return super.read(target, offset, Math.min(1, count));
          }
        };
    assertArrayEquals(bytes, RawBytes.MARSHALLER.parse(hesitant));
  }

  private static final class Announced extends ByteArrayInputStream implements KnownLength {
    private final int announced;

    Announced(int announced, int there) {
      super(new byte[there]);
      this.announced = announced;
    }

    @Override
    public synchronized int available() {
      return announced;
    }
  }

  @Test
  void aMessageThatIsShorterThanAnnouncedIsAnError() {
    assertThrows(UncheckedIOException.class, () -> RawBytes.MARSHALLER.parse(new Announced(10, 9)));
    assertEquals(10, RawBytes.MARSHALLER.parse(new Announced(10, 10)).length);
  }

  @Test
  void aMethodIsNamedWithOrWithoutTheSlash() {
    for (String name : new String[] {"/a.B/c", "a.B/c"}) {
      MethodDescriptor<byte[], byte[]> method = RawBytes.method(name, MethodType.UNARY);
      assertEquals("a.B/c", method.getFullMethodName());
      assertEquals(MethodType.UNARY, method.getType());
    }
  }
}
