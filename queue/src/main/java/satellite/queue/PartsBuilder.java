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
    if (block == null) {
      // As long as what comes first: most stay alone.
      block = memory.allocate(parts.length());
    }
    if (count + parts.count() > ends.length) {
      ends = Arrays.copyOf(ends, Math.max(2 * ends.length, count + parts.count()));
    }
    for (int i = 0; i < parts.count(); i++) {
      block.append(ByteBuffer.wrap(parts.get(i)));
      length += parts.length(i);
      ends[count++] = length;
    }
  }

  public int length() {
    return length;
  }

  /** What was added; the builder is as new. */
  public Parts build() {
    PayloadMemory.Block built = block == null ? memory.allocate(0) : block;
    Parts parts = Parts.in(built, Arrays.copyOf(ends, count));
    forget();
    return parts;
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
