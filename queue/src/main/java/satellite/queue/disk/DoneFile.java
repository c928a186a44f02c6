package satellite.queue.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * {@code <sequence>.done}: the offsets of those blocks of a segment that are settled, so that the
 * next start does not repeat them. It is never synced: what is lost of it is repeated. An entry
 * that is damaged counts for nothing. The disk thread.
 *
 * <pre>
 *   magic 4 | version 4 | id of the segment 8 | (offset 4 | check 4) of each block
 * </pre>
 */
final class DoneFile {

  private static final int MAGIC = 0x5A7D03E1;
  private static final int VERSION = 1;
  private static final int HEADER_BYTES = 16;
  private static final int ENTRY_BYTES = 8;

  private final Disk disk;
  private final Path path;
  private final long segmentId;
  private int[] unsaved = new int[8];
  private int count;

  /** Zero where there is none, or none of use. */
  private long length;

  DoneFile(Disk disk, Path path, long segmentId) {
    this.disk = disk;
    this.path = path;
    this.segmentId = segmentId;
  }

  void add(int offset) {
    if (count == unsaved.length) {
      unsaved = Arrays.copyOf(unsaved, 2 * count);
    }
    unsaved[count++] = offset;
  }

  boolean hasUnsaved() {
    return count > 0;
  }

  void save() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + ENTRY_BYTES * count);
    if (length == 0) {
      bytes.putInt(MAGIC).putInt(VERSION).putLong(segmentId);
    }
    for (int i = 0; i < count; i++) {
      bytes.putInt(unsaved[i]).putInt(check(unsaved[i]));
    }
    long added = bytes.flip().remaining();
    try (Disk.OpenFile file = disk.append(path)) {
      if (length == 0) {
        file.truncate(0);
      }
      file.write(bytes, length);
    }
    length += added;
    count = 0;
  }

  /** The offsets, sorted; none where there is no such file. */
  int[] load() throws IOException {
    if (!disk.list(path.getParent()).contains(path)) {
      return new int[0];
    }
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(disk.size(path)));
    try (Disk.OpenFile file = disk.open(path)) {
      file.read(bytes, 0);
    }
    bytes.flip();
    if (bytes.remaining() < HEADER_BYTES
        || bytes.getInt() != MAGIC
        || bytes.getInt() != VERSION
        || bytes.getLong() != segmentId) {
      return new int[0];
    }
    int entries = bytes.remaining() / ENTRY_BYTES;
    length = HEADER_BYTES + (long) ENTRY_BYTES * entries;
    int[] offsets = new int[entries];
    int good = 0;
    for (int i = 0; i < entries; i++) {
      int offset = bytes.getInt();
      if (bytes.getInt() == check(offset)) {
        offsets[good++] = offset;
      }
    }
    int[] sorted = Arrays.copyOf(offsets, good);
    Arrays.sort(sorted);
    return sorted;
  }

  private int check(int offset) {
    return (offset * 0x9E3779B1) ^ (int) segmentId ^ (int) (segmentId >>> 32);
  }

  void delete() throws IOException {
    disk.delete(path);
  }
}
