package satellite.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Knows what was not given back, and lets nobody touch what was. Any thread. */
public final class CountedMemory implements PayloadMemory {

  private final AtomicInteger blocks = new AtomicInteger();

  /** Nobody gets any. */
  public volatile boolean exhausted;

  @Override
  public Block allocate(int length) {
    if (exhausted) {
      throw new OutOfMemoryError("Cannot reserve " + length + " bytes of direct buffer memory");
    }
    blocks.incrementAndGet();
    return new Counted(new ArrayBlock(length));
  }

  private final class Counted implements Block {
    private final Block block;
    private final AtomicBoolean released = new AtomicBoolean();

    Counted(Block block) {
      this.block = block;
    }

    private Block there() {
      if (released.get()) {
        throw new IllegalStateException("the payload of an event that is settled");
      }
      return block;
    }

    @Override
    public void append(ByteBuffer source) {
      there().append(source);
    }

    @Override
    public void get(int at, ByteBuffer target) {
      there().get(at, target);
    }

    @Override
    public void release() {
      there().release();
      if (!released.compareAndSet(false, true)) {
        throw new IllegalStateException("given back twice");
      }
      blocks.decrementAndGet();
    }
  }

  public void assertAllIsGivenBack() {
    assertEquals(0, blocks.get(), "blocks of memory that nobody gave back");
  }
}
