package satellite.queue.disk;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads ahead: what was read of a file last, so that small neighbours cost one read. One thread;
 * its buffer is used for all files. What was written once at a place never changes.
 */
final class ReadAheadBuffer {

  private final int capacity;

  /** Not there before it is needed. */
  private ByteBuffer buffer;

  private Disk.OpenFile file;
  private long start;

  ReadAheadBuffer(int bufferBytes) {
    capacity = bufferBytes;
  }

  int capacity() {
    return capacity;
  }

  /**
   * The bytes of {@code from} that begin at {@code position}; {@code end} is where it ends. Good
   * until the next call.
   */
  ByteBuffer read(Disk.OpenFile from, long position, int length, long end) throws IOException {
    if (buffer == null) {
      buffer = ByteBuffer.allocateDirect(capacity).limit(0);
    }
    if (length > capacity) {
      return large(from, position, length);
    }
    if (from != file || position < start || position + length > start + buffer.limit()) {
      file = null;
      buffer.clear().limit((int) Math.min(buffer.capacity(), end - position));
      from.read(buffer, position);
      buffer.flip();
      file = from;
      start = position;
    }
    int offset = (int) (position - start);
    if (offset + length > buffer.limit()) {
      throw new IOException("the file is shorter than it was");
    }
    return buffer.slice(offset, length);
  }

  /** By pieces: the JDK would copy all of it to memory outside of the heap, and keep that. */
  private ByteBuffer large(Disk.OpenFile from, long position, int length) throws IOException {
    file = null;
    ByteBuffer whole = ByteBuffer.allocate(length);
    while (whole.hasRemaining()) {
      int done = whole.position();
      buffer.clear().limit(Math.min(buffer.capacity(), length - done));
      from.read(buffer, position + done);
      if (!buffer.flip().hasRemaining()) {
        throw new IOException("the file is shorter than it was");
      }
      whole.put(buffer);
    }
    buffer.limit(0);
    return whole.flip();
  }

  void invalidate(Disk.OpenFile closed) {
    if (closed == file) {
      file = null;
    }
  }
}
