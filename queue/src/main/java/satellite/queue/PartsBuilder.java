package satellite.queue;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Puts parts behind one another into a block of the {@link PayloadMemory}. One thread. */
public final class PartsBuilder {

  private final PayloadMemory memory;
  private PayloadMemory.Block block;
  private int[] ends = new int[1];
  private int count;
  private int length;

  public PartsBuilder(PayloadMemory memory) {
    this.memory = memory;
  }

  /** Copies them behind those that are there. */
  public void addAll(Parts parts) {
    reserve(parts.length());
    if (count + parts.count() > ends.length) {
      ends = Arrays.copyOf(ends, Math.max(2 * ends.length, count + parts.count()));
    }
    for (int i = 0; i < parts.count(); i++) {
      add(parts, i);
    }
  }

  private void add(Parts parts, int part) {
    block.put(length, ByteBuffer.wrap(parts.get(part)));
    length += parts.length(part);
    ends[count++] = length;
  }

  /** The first block is as long as what comes first: most stay alone. */
  private void reserve(int more) {
    int needed = length + more;
    if (block == null) {
      block = memory.allocate(needed);
    } else if (needed > block.length()) {
      moveTo(memory.allocate(Math.max(needed, 2 * block.length())));
    }
  }

  private void moveTo(PayloadMemory.Block other) {
    block.copyTo(other, length);
    block.release();
    block = other;
  }

  public int length() {
    return length;
  }

  /** What was added, in a block of about its length; the builder is as new. */
  public Parts build() {
    reserve(0);
    if (block.length() - length > length / 4) {
      moveTo(memory.allocate(length));
    }
    Parts built = Parts.in(block, Arrays.copyOf(ends, count));
    forget();
    return built;
  }

  /** Gives up what was added. */
  public void discard() {
    if (block != null) {
      block.release();
    }
    forget();
  }

  private void forget() {
    block = null;
    count = 0;
    length = 0;
  }
}
