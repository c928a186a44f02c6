package satellite.queue.disk;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * What stands before the events of a block, with a checksum of its own: so a block whose payload is
 * damaged is passed over, and its messages are counted. A block of no events has a context.
 *
 * <pre>
 *   magic 4 | payload bytes 4 | events 4 | messages 4 | memory bytes 8 | payload CRC 4 | header CRC 4
 * </pre>
 *
 * @param payloadBytes that follow it
 * @param memoryBytes that its events are charged with in memory
 */
record BlockHeader(int payloadBytes, int events, int messages, long memoryBytes, int payloadCrc) {

  static final int BYTES = 32;
  static final int MAGIC = 0x5A7B10C5;

  void write(ByteBuffer to) {
    int start = to.position();
    to.putInt(MAGIC);
    to.putInt(payloadBytes);
    to.putInt(events);
    to.putInt(messages);
    to.putLong(memoryBytes);
    to.putInt(payloadCrc);
    to.putInt(crc(to, start, BYTES - 4));
  }

  /** The one that begins there; null when there is none. */
  static BlockHeader read(ByteBuffer from, int start) {
    if (from.getInt(start) != MAGIC || from.getInt(start + 28) != crc(from, start, BYTES - 4)) {
      return null;
    }
    BlockHeader header =
        new BlockHeader(
            from.getInt(start + 4),
            from.getInt(start + 8),
            from.getInt(start + 12),
            from.getLong(start + 16),
            from.getInt(start + 24));
    boolean plausible =
        header.payloadBytes >= 0
            && header.events >= 0
            && header.messages >= 0
            && header.memoryBytes >= 0;
    return plausible ? header : null;
  }

  boolean isContext() {
    return events == 0;
  }

  /** Of the block. */
  long bytes() {
    return BYTES + (long) payloadBytes;
  }

  /** Whether the payload is as it was written. */
  boolean matches(ByteBuffer payload) {
    return crc(payload, 0, payloadBytes) == payloadCrc;
  }

  static int crc(ByteBuffer bytes, int start, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes.duplicate().limit(start + length).position(start));
    return (int) crc.getValue();
  }
}
