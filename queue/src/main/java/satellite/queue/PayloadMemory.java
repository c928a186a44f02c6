package satellite.queue;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Where the payload of events lies while they wait: outside of the heap in the program, so that the
 * garbage collector has nothing to do with it. What is taken is given back by hand. Any thread.
 */
public interface PayloadMemory {

  /** On the heap, where giving back means nothing. */
  PayloadMemory HEAP = ArrayBlock::new;

  /**
   * An empty block, which the caller has until {@link Block#release}.
   *
   * @param bytes it has room for these; then it grows
   */
  Block allocate(int bytes);

  /** Bytes in a row. Whoever appends does so before others see it; all may read. */
  interface Block {

    /** Puts all that is left in {@code source} behind what is there. */
    void append(ByteBuffer source);

    /** Fills what is left of {@code target} with what stands from {@code at} on. */
    void get(int at, ByteBuffer target);

    /** Gives it back. Once, and then nobody touches it any more. */
    void release();
  }

  /** One on the heap. */
  final class ArrayBlock implements Block {
    private byte[] bytes;
    private int length;

    public ArrayBlock(int capacity) {
      this.bytes = new byte[capacity];
    }

    @Override
    public void append(ByteBuffer source) {
      int more = source.remaining();
      if (length + more > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
      }
      source.get(bytes, length, more);
      length += more;
    }

    @Override
    public void get(int at, ByteBuffer target) {
      target.put(bytes, at, target.remaining());
    }

    @Override
    public void release() {
      // The collector's work.
    }
  }
}
