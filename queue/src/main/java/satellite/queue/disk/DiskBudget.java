package satellite.queue.disk;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The bytes that all spools have on disk together, and each pipe's fair share of them: as in {@link
 * satellite.queue.MemoryBudget}, a pipe may have {@value #SHARE_OF_FREE} times what is still free.
 * Any thread asks; the disk thread counts.
 */
final class DiskBudget {

  private static final int SHARE_OF_FREE = 4;

  private final long maxBytes;
  private final AtomicLong used = new AtomicLong();

  DiskBudget(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  long usedBytes() {
    return used.get();
  }

  /** One pipe's part. */
  final class Share {
    private final AtomicLong mine = new AtomicLong();

    boolean hasRoom(long bytes) {
      return mine.get() + bytes <= SHARE_OF_FREE * (maxBytes - used.get() - bytes);
    }

    void add(long bytes) {
      mine.addAndGet(bytes);
      used.addAndGet(bytes);
    }
  }
}
