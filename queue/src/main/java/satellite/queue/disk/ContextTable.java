package satellite.queue.disk;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import satellite.queue.Event;

/**
 * Where the contexts lie that have a block in the segment that is written. Whoever reads the
 * segment holds all of them, so they are bounded here; those beyond that are written with their
 * events. The disk thread.
 */
final class ContextTable {

  static final int MAX_BYTES = 1 << 20;

  /** Its hash is a checksum, which takes a thirtieth of the time of {@link ByteBuffer}'s. */
  private record Content(byte[] bytes) {
    @Override
    public int hashCode() {
      return BlockHeader.crc(ByteBuffer.wrap(bytes), 0, bytes.length);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Content content && Arrays.equals(bytes, content.bytes);
    }
  }

  private final Map<Content, Integer> offsets = new HashMap<>();
  private long bytes;

  /** Of one with the same content; null if there is none. */
  Integer offset(byte[] context) {
    return offsets.get(new Content(context));
  }

  /** None that is empty: it is no shorter elsewhere. */
  boolean hasRoom(byte[] context) {
    return context.length > 0 && bytes + charge(context) <= MAX_BYTES;
  }

  void add(byte[] context, int offset) {
    offsets.put(new Content(context), offset);
    bytes += charge(context);
  }

  /** With the objects that hold it: small ones are bounded too. */
  private static long charge(byte[] context) {
    return (long) context.length + Event.OVERHEAD_BYTES;
  }
}
