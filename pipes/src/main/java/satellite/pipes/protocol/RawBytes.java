package satellite.pipes.protocol;

import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Messages as they stand on the wire: nothing is decoded. */
public final class RawBytes {

  private RawBytes() {}

  public static final MethodDescriptor.Marshaller<byte[]> MARSHALLER =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new KnownLengthStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            if (!(stream instanceof KnownLength)) {
              return stream.readAllBytes();
            }
            byte[] bytes = new byte[stream.available()];
            int read = stream.readNBytes(bytes, 0, bytes.length);
            if (read != bytes.length) {
              throw new IOException(read + " bytes came where " + bytes.length + " were announced");
            }
            return bytes;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  /**
   * @param fullMethod with or without the slash in front
   */
  public static MethodDescriptor<byte[], byte[]> method(String fullMethod, MethodType type) {
    return MethodDescriptor.newBuilder(MARSHALLER, MARSHALLER)
        .setFullMethodName(fullMethod.startsWith("/") ? fullMethod.substring(1) : fullMethod)
        .setType(type)
        .build();
  }

  private static final class KnownLengthStream extends ByteArrayInputStream implements KnownLength {
    KnownLengthStream(byte[] bytes) {
      super(bytes);
    }
  }
}
