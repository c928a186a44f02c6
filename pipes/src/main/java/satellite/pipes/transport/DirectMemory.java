package satellite.pipes.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.LongAdder;
import satellite.queue.PayloadMemory;

/** The payload of queued events in Netty's pool, which connections are read into as well. */
public final class DirectMemory implements PayloadMemory {

  private final ByteBufAllocator pool;
  private final LongAdder held = new LongAdder();

  public DirectMemory(ByteBufAllocator pool) {
    this.pool = pool;
  }

  @Override
  public Block allocate(int bytes) {
    Block block = new PooledBlock(pool.directBuffer(bytes, bytes));
    held.add(bytes);
    return block;
  }

  /** Allocated and not released. */
  public long heldBytes() {
    return held.sum();
  }

  private final class PooledBlock implements Block {
    private final ByteBuf buffer;

    PooledBlock(ByteBuf buffer) {
      this.buffer = buffer;
    }

    @Override
    public int length() {
      return buffer.capacity();
    }

    @Override
    public void put(int at, ByteBuffer source) {
      buffer.setBytes(at, source);
    }

    @Override
    public void get(int at, ByteBuffer target) {
      buffer.getBytes(at, target);
    }

    @Override
    public void copyTo(Block target, int bytes) {
      buffer.getBytes(0, ((PooledBlock) target).buffer, 0, bytes);
    }

    @Override
    public void release() {
      held.add(-buffer.capacity());
      buffer.release();
    }
  }
}
