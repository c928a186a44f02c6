package satellite.queue.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import satellite.queue.Event;
import satellite.queue.Parts;

/**
 * Writes events as one block, and contexts as blocks of their own. A string, or a context array,
 * that was in the block before is written as its number. One thread; its buffer is used for all
 * blocks, and larger ones go through it piece by piece.
 *
 * <pre>
 *   event:  received, nanoTime 8 | received, wall clock ms 8 | method | key | group | context
 *           | messages | number of parts | (length | bytes) of each part
 *   method, key, group, context:  0 null, 1 new: length | bytes, n + 2: the n-th new one again
 *   context:  -n: that of the block at offset n of the segment
 *   lengths and numbers: seven bits a byte, the lowest first
 * </pre>
 */
final class BlockWriter {

  static final int NULL = 0;
  static final int NEW = 1;
  static final int KNOWN = 2;

  private final Clock clock;
  private final int bufferBytes;

  /** Not there before it is needed: many a Satellite never writes. */
  private ByteBuffer buffer;

  private final CRC32C crc = new CRC32C();
  private final Map<String, Integer> strings = new HashMap<>();
  private final Map<byte[], Integer> contexts = new IdentityHashMap<>();
  private Disk.OpenFile file;
  private long start;

  /** Of the payload, that were written already. */
  private long flushed;

  BlockWriter(Clock clock, int bufferBytes) {
    this.clock = clock;
    this.bufferBytes = bufferBytes;
  }

  /** A block of it alone; else as below. */
  long writeContext(Disk.OpenFile to, long position, byte[] context) throws IOException {
    begin(to, position);
    put(context);
    return end(0, 0, 0);
  }

  /**
   * How many bytes it wrote. If it throws, what lies there from {@code position} on is no block.
   *
   * @param offsets of contexts that have blocks of their own; of others null
   */
  long write(Disk.OpenFile to, long position, List<Event> events, Map<byte[], Integer> offsets)
      throws IOException {
    begin(to, position);
    int messages = 0;
    long memoryBytes = 0;
    for (Event event : events) {
      write(event, offsets.get(event.context()));
      messages += event.messages();
      memoryBytes += event.bytes();
    }
    return end(events.size(), messages, memoryBytes);
  }

  private void begin(Disk.OpenFile to, long position) {
    if (buffer == null) {
      buffer = ByteBuffer.allocateDirect(bufferBytes);
    }
    file = to;
    start = position;
    flushed = 0;
    crc.reset();
    strings.clear();
    contexts.clear();
    buffer.clear().position(BlockHeader.BYTES);
  }

  private void write(Event event, Integer contextOffset) throws IOException {
    need(2 * Long.BYTES);
    buffer.putLong(event.receivedNanos());
    buffer.putLong(clock.wallOf(event.receivedNanos()));
    write(event.method());
    write(event.key());
    write(event.group());
    if (contextOffset != null) {
      number(-contextOffset);
    } else if (isNew(event.context(), contexts)) {
      write(event.context());
    }
    number(event.messages());
    write(event.parts());
  }

  private void write(Parts parts) throws IOException {
    number(parts.count());
    for (int i = 0; i < parts.count(); i++) {
      int length = parts.length(i);
      number(length);
      int from = 0;
      while (from < length) {
        need(1);
        int before = buffer.position();
        parts.copyTo(i, from, buffer);
        from += buffer.position() - before;
      }
    }
  }

  private void write(String string) throws IOException {
    if (isNew(string, strings)) {
      write(string.getBytes(StandardCharsets.UTF_8));
    }
  }

  private <T> boolean isNew(T value, Map<T, Integer> before) throws IOException {
    if (value == null) {
      number(NULL);
      return false;
    }
    Integer known = before.putIfAbsent(value, before.size());
    number(known == null ? NEW : KNOWN + known);
    return known == null;
  }

  private void write(byte[] bytes) throws IOException {
    number(bytes.length);
    put(bytes);
  }

  private void put(byte[] bytes) throws IOException {
    int from = 0;
    while (from < bytes.length) {
      need(1);
      int length = Math.min(bytes.length - from, buffer.remaining());
      buffer.put(bytes, from, length);
      from += length;
    }
  }

  private void number(int value) throws IOException {
    need(5);
    int rest = value;
    while ((rest & ~0x7F) != 0) {
      buffer.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    buffer.put((byte) rest);
  }

  private void need(int bytes) throws IOException {
    if (buffer.remaining() < bytes) {
      flush();
    }
  }

  /** Leaves the place of the header empty: until it is written there is no block. */
  private void flush() throws IOException {
    int from = flushed == 0 ? BlockHeader.BYTES : 0;
    buffer.flip().position(from);
    crc.update(buffer);
    buffer.position(from);
    long length = buffer.remaining();
    file.write(buffer, start + BlockHeader.BYTES + flushed);
    flushed += length;
    buffer.clear();
  }

  private long end(int events, int messages, long memoryBytes) throws IOException {
    if (flushed == 0) {
      int length = buffer.position();
      crc.update(buffer.flip().position(BlockHeader.BYTES));
      buffer.position(0);
      header(length - BlockHeader.BYTES, events, messages, memoryBytes);
      file.write(buffer.limit(length).position(0), start);
      return length;
    }
    flush();
    header(Math.toIntExact(flushed), events, messages, memoryBytes);
    file.write(buffer.flip(), start);
    return BlockHeader.BYTES + flushed;
  }

  private void header(int payloadBytes, int events, int messages, long memoryBytes) {
    new BlockHeader(payloadBytes, events, messages, memoryBytes, (int) crc.getValue())
        .write(buffer);
  }
}
