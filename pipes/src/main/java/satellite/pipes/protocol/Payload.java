package satellite.pipes.protocol;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import satellite.queue.Parts;

/**
 * One upstream message, as the pieces that it is joined of: they are copied once, into the
 * transport's buffer. Good until the events are settled that the pieces are of.
 */
public final class Payload {

  private final List<Parts> pieces = new ArrayList<>();
  private int length;

  public void add(byte[] piece) {
    add(Parts.of(piece));
  }

  public void add(Parts piece) {
    if (piece.length() > 0) {
      pieces.add(piece);
      length += piece.length();
    }
  }

  public int length() {
    return length;
  }

  public byte[] toByteArray() {
    ByteArrayOutputStream all = new ByteArrayOutputStream(length);
    try {
      writeTo(all);
    } catch (IOException e) {
      throw new AssertionError("an array cannot be written to", e);
    }
    return all.toByteArray();
  }

  private void writeTo(OutputStream target) throws IOException {
    for (Parts piece : pieces) {
      piece.writeTo(target);
    }
  }

  /** Hands pieces to gRPC; answers are handed on as bytes. */
  public static final MethodDescriptor.Marshaller<Payload> MARSHALLER =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(Payload payload) {
          return new PieceStream(payload);
        }

        @Override
        public Payload parse(InputStream stream) {
          Payload payload = new Payload();
          payload.add(RawBytes.MARSHALLER.parse(stream));
          return payload;
        }
      };

  /**
   * gRPC asks for the length and then for the bytes, all at once; reading one by one also works.
   */
  private static final class PieceStream extends InputStream implements KnownLength, Drainable {
    private Payload payload;
    private InputStream rest;

    PieceStream(Payload payload) {
      this.payload = payload;
    }

    @Override
    public int available() throws IOException {
      return rest != null ? rest.available() : payload.length;
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      if (rest != null) {
        return (int) rest.transferTo(target);
      }
      payload.writeTo(target);
      int drained = payload.length;
      payload = new Payload();
      return drained;
    }

    @Override
    public int read() {
      return unread().read();
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException {
      return unread().read(target, offset, count);
    }

    private ByteArrayInputStream unread() {
      if (rest == null) {
        rest = new ByteArrayInputStream(payload.toByteArray());
      }
      return (ByteArrayInputStream) rest;
    }
  }
}
