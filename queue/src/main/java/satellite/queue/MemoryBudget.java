package satellite.queue;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that all queues hold together, in bytes, and each queue's fair share of it. Lock-free;
 * any thread.
 *
 * <p>A queue may hold {@value #SHARE_OF_FREE} times what is still free ("Dynamic Queue Length
 * Thresholds for Shared-Memory Packet Switches", Choudhury and Hahne, 1998): one busy queue gets
 * four fifths of all, and there is always some left for a queue that only now has something to
 * hold.
 */
public final class MemoryBudget {

  static final int SHARE_OF_FREE = 4;

  private final long maxBytes;
  private final PayloadMemory memory;
  private final AtomicLong used = new AtomicLong();
  private final List<Share> shares = new CopyOnWriteArrayList<>();

  /** On the heap. */
  public MemoryBudget(long maxBytes) {
    this(maxBytes, PayloadMemory.HEAP);
  }

  /**
   * @param memory where the payload of what is held lies
   */
  public MemoryBudget(long maxBytes, PayloadMemory memory) {
    this.maxBytes = maxBytes;
    this.memory = memory;
  }

  public PayloadMemory memory() {
    return memory;
  }

  Share share() {
    Share share = new Share();
    shares.add(share);
    return share;
  }

  public long maxBytes() {
    return maxBytes;
  }

  public long usedBytes() {
    return used.get();
  }

  /** More is held than is free. */
  public boolean isHalfFull() {
    return used.get() > maxBytes / 2;
  }

  /** One queue's part. */
  final class Share {
    private final AtomicLong mine = new AtomicLong();
    private final AtomicLong spilling = new AtomicLong();
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

    boolean acquire(long bytes) {
      long all = used.addAndGet(bytes);
      long own = mine.addAndGet(bytes);
      if (own <= SHARE_OF_FREE * (maxBytes - all)) {
        return true;
      }
      mine.addAndGet(-bytes);
      used.addAndGet(-bytes);
      return false;
    }

    /** So many bytes of what is held wait to be written to disk; negative when they are. */
    void spilling(long bytes) {
      spilling.addAndGet(bytes);
    }

    /**
     * More is held than is free: what comes now may as well go to disk, if there is one. What waits
     * to be written counts as free.
     */
    boolean isUnderPressure() {
      long away = spilling.get();
      return mine.get() - away > maxBytes - (used.get() - away);
    }

    /**
     * Takes space for what comes back from disk, and leaves the rest to what arrives. What would
     * never find space is taken when nothing else of this queue is held.
     */
    boolean acquireForReadBack(long bytes) {
      long all = used.addAndGet(bytes);
      long own = mine.addAndGet(bytes);
      long away = spilling.get();
      if (all <= maxBytes && own - away <= maxBytes - (all - away)) {
        return true;
      }
      if (own - away == bytes && (own <= SHARE_OF_FREE * (maxBytes - all) || neverFits(bytes))) {
        return true;
      }
      mine.addAndGet(-bytes);
      used.addAndGet(-bytes);
      return false;
    }

    private boolean neverFits(long bytes) {
      return bytes > SHARE_OF_FREE * (maxBytes - bytes);
    }

    void release(long bytes) {
      mine.addAndGet(-bytes);
      used.addAndGet(-bytes);
    }

    long bytes() {
      return mine.get();
    }

    /** Of what it may hold while the others hold what they do; 1 is full. */
    double saturation() {
      long own = mine.get();
      double most = (maxBytes - used.get() + own) * SHARE_OF_FREE / (SHARE_OF_FREE + 1.0);
      return own <= 0 ? 0 : own < most ? own / most : 1;
    }

    void onSpace(Runnable retry) {
      waiting.add(retry);
    }

    void wakeNext() {
      wakeUpTo(1);
    }

    /** Lets {@code places} of this queue's waiters try again, and one of every other queue. */
    void wake(int places) {
      for (Share share : shares) {
        share.wakeUpTo(share == this ? places : 1);
      }
    }

    private void wakeUpTo(int places) {
      for (int i = 0; i < places; i++) {
        Runnable retry = waiting.poll();
        if (retry == null) {
          return;
        }
        retry.run();
      }
    }
  }
}
