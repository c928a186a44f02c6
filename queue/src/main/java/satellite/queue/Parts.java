package satellite.queue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * The encoded payload of an event, in parts whose concatenation is one upstream message. As a
 * receiver makes it, it consists of arrays; {@link #stored}, it is one block of the {@link
 * PayloadMemory}, which has to be {@link #release}d. Immutable; any thread.
 */
public final class Parts {

  private static final int SCRATCH_BYTES = 8 << 10;

  /** What leaves a block on its way to a stream goes through it. */
  private static final ThreadLocal<byte[]> SCRATCH =
      ThreadLocal.withInitial(() -> new byte[SCRATCH_BYTES]);

  /** Null when they are stored. */
  private final byte[][] arrays;

  /** Null while they are not. */
  private final PayloadMemory.Block block;

  /** Where in the block each part ends, those of its other slices included. */
  private final int[] ends;

  private final int from;
  private final int to;
  private final int length;

  private Parts(byte[][] arrays, PayloadMemory.Block block, int[] ends, int from, int to) {
    this.arrays = arrays;
    this.block = block;
    this.ends = ends;
    this.from = from;
    this.to = to;
    int sum = 0;
    for (int i = from; i < to; i++) {
      sum += arrays == null ? ends[i] - start(i) : arrays[i].length;
    }
    this.length = sum;
  }

  public static Parts of(byte[]... parts) {
    return new Parts(parts, null, null, 0, parts.length);
  }

  /**
   * @param block with the parts one behind the other, from its first byte on; now theirs
   * @param ends where each ends
   */
  static Parts in(PayloadMemory.Block block, int[] ends) {
    return new Parts(null, block, ends, 0, ends.length);
  }

  private int start(int part) {
    return part == 0 ? 0 : ends[part - 1];
  }

  /** How many there are. */
  public int count() {
    return to - from;
  }

  /** Bytes of all of them. */
  public int length() {
    return length;
  }

  public int length(int part) {
    int i = from + part;
    return block == null ? arrays[i].length : ends[i] - start(i);
  }

  /** One of them; not to be written to. */
  public byte[] get(int part) {
    if (block == null) {
      return arrays[from + part];
    }
    byte[] copy = new byte[length(part)];
    block.get(start(from + part), ByteBuffer.wrap(copy));
    return copy;
  }

  /** All of them; not to be written to. */
  public byte[][] toArrays() {
    byte[][] all = new byte[count()][];
    for (int i = 0; i < all.length; i++) {
      all[i] = get(i);
    }
    return all;
  }

  /** As many bytes of a part as fit into {@code target}, from {@code offset} on. */
  public void copyTo(int part, int offset, ByteBuffer target) {
    int i = from + part;
    int bytes = Math.min(length(part) - offset, target.remaining());
    if (block == null) {
      target.put(arrays[i], offset, bytes);
    } else {
      int limit = target.limit();
      block.get(start(i) + offset, target.limit(target.position() + bytes));
      target.limit(limit);
    }
  }

  /** All of them, one behind the other. */
  public void writeTo(OutputStream target) throws IOException {
    if (block == null) {
      for (int i = from; i < to; i++) {
        target.write(arrays[i]);
      }
      return;
    }
    byte[] scratch = SCRATCH.get();
    int end = start(from) + length;
    for (int at = start(from); at < end; at += scratch.length) {
      int bytes = Math.min(end - at, scratch.length);
      block.get(at, ByteBuffer.wrap(scratch, 0, bytes));
      target.write(scratch, 0, bytes);
    }
  }

  /** Some of them; they share the memory, which is given back once. */
  Parts slice(int first, int end) {
    return new Parts(arrays, block, ends, from + first, from + end);
  }

  /** The same in the memory of events; these if they are there already. */
  Parts stored(PayloadMemory memory) {
    if (block != null) {
      return this;
    }
    PartsBuilder builder = new PartsBuilder(memory);
    builder.addAll(this);
    return builder.build();
  }

  /** Gives the memory back. Once; nobody may read them any more, nor others of the same memory. */
  void release() {
    if (block != null) {
      block.release();
    }
  }
}
