package satellite.queue;

import java.nio.ByteBuffer;

/**
 * Where the payload of events lies while they wait: outside of the heap in the program, so that the
 * garbage collector has nothing to do with it. What is taken is given back by hand. Any thread.
 */
public interface PayloadMemory {

  /** On the heap, where giving back means nothing. */
  PayloadMemory HEAP = ArrayBlock::new;

  /** The caller has so many bytes until {@link Block#release}. */
  Block allocate(int bytes);

  /** So many bytes. Whoever writes does so before others see it; all may read. */
  interface Block {

    int length();

    /** Fills it from {@code at} on with all that is left in {@code source}. */
    void put(int at, ByteBuffer source);

    /** Fills what is left of {@code target} with what stands from {@code at} on. */
    void get(int at, ByteBuffer target);

    /** As many bytes of this one, from its first on, become the first of the other one. */
    void copyTo(Block target, int bytes);

    /** Gives them back. Once, and then nobody touches them any more. */
    void release();
  }

  /** One on the heap. */
  final class ArrayBlock implements Block {
    private final byte[] bytes;

    public ArrayBlock(int length) {
      this.bytes = new byte[length];
    }

    @Override
    public int length() {
      return bytes.length;
    }

    @Override
    public void put(int at, ByteBuffer source) {
      source.get(bytes, at, source.remaining());
    }

    @Override
    public void get(int at, ByteBuffer target) {
      target.put(bytes, at, target.remaining());
    }

    @Override
    public void copyTo(Block target, int length) {
      target.put(0, ByteBuffer.wrap(bytes, 0, length));
    }

    @Override
    public void release() {
      // The collector's work.
    }
  }
}
