package satellite.queue;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code memory-queue}: the events of one pipe, in partitions that are bounded in events, and in
 * bytes by the pipe's share of the {@link MemoryBudget}. An event takes its place when it is
 * accepted and gives it back when its {@link Batch} is done, not when it is taken: what waits for
 * an answer is held too.
 *
 * <p>Lock-free. Any thread offers; each partition is polled by one thread at a time, except that
 * {@link Partition#dropOldest} may run beside it.
 *
 * <p>With a {@link Spool}, a partition under memory pressure hands over what comes to it, long
 * before it is full: the rest of the memory is the buffer of the disk. While anything is unread
 * there, all that comes goes there too, so that nothing overtakes.
 */
public final class MemoryQueue {

  private final Partition[] partitions;
  private final PayloadMemory memory;
  private final MemoryBudget.Share share;
  private final QueueConfig config;
  private final boolean durable;
  private final int pressureEvents;

  /** In memory only. */
  public MemoryQueue(QueueConfig config, MemoryBudget budget) {
    this(config, budget, null, null, null);
  }

  /**
   * @param spools null where nothing goes to disk; then the next two are not used
   */
  public MemoryQueue(
      QueueConfig config, MemoryBudget budget, SpoolFactory spools, String pipe, Account account) {
    this.config = config;
    this.memory = budget.memory();
    this.share = budget.share();
    this.durable = spools != null && config.acknowledgement() == Acknowledgement.DURABLE;
    this.pressureEvents = Math.max(1, config.maxEvents() / 2);
    this.partitions = new Partition[config.partitions()];
    for (int i = 0; i < partitions.length; i++) {
      partitions[i] = new Partition(i, spools, pipe, account);
    }
  }

  public QueueConfig config() {
    return config;
  }

  public List<Partition> partitions() {
    return List.of(partitions);
  }

  /** The partition of a source: the same one for the same number. */
  public Partition partition(int source) {
    return partitions[Math.floorMod(source, partitions.length)];
  }

  /**
   * The event, which waits for space, where it will be when it is taken; the old one is no more. It
   * is offered, or {@link Event#unloaded}.
   */
  public Event stored(Event event) {
    return event.stored(memory);
  }

  /** Events accepted and not settled. */
  public int events() {
    int sum = 0;
    for (Partition partition : partitions) {
      sum += partition.events();
    }
    return sum;
  }

  /** Bytes accepted and not settled, gathered ones included. */
  public long bytes() {
    return share.bytes();
  }

  /** How long the oldest event that waits has done so; 0 where none does. */
  public double oldestSeconds() {
    // Events are stamped with the system's clock.
    long now = System.nanoTime();
    long age = 0;
    for (Partition partition : partitions) {
      age = Math.max(age, now - partition.oldestNanos(now));
    }
    return age / 1e9;
  }

  /**
   * How near it is to a bound, 0..1: its fullest partition's in events, or its own in bytes. At 1
   * somebody finds no space.
   */
  public double saturation() {
    double fullest = share.saturation();
    for (Partition partition : partitions) {
      fullest = Math.max(fullest, (double) partition.events() / config.maxEvents());
    }
    return Math.min(1, fullest);
  }

  /**
   * Runs {@code retry} once, when space may have become free, on the thread that freed it. Whoever
   * registers must try again right after: space may have come in between. Whoever was told and does
   * not register again, {@link #wakeNext}s.
   */
  public void onSpace(Runnable retry) {
    share.onSpace(retry);
  }

  /**
   * Tells the next in line: he who was told found space, and there may be more, or he needs none
   * any more. Without it the others would wait although there is space.
   */
  public void wakeNext() {
    share.wakeNext();
  }

  /** One lane of the queue, first in first out. */
  public final class Partition {
    private final int index;
    private final Queue<Event> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger held = new AtomicInteger();
    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicLong waitingBytes = new AtomicLong();
    private volatile Runnable onFirst = () -> {};
    private volatile Runnable onBatch = () -> {};
    private volatile int batchEvents = Integer.MAX_VALUE;
    private volatile long batchBytes = Long.MAX_VALUE;

    /** Null where nothing goes to disk. */
    private final Spool spool;

    private Partition(int index, SpoolFactory spools, String pipe, Account account) {
      this.index = index;
      this.spool =
          spools == null ? null : spools.open(pipe, index, config, account, new SpoolMemory(this));
    }

    public int index() {
      return index;
    }

    /**
     * Who is told that there is work: {@code onFirst} when an event meets an empty partition,
     * {@code onBatch} when {@code events} or {@code bytes} are reached. Called on the offering
     * thread, so they must not block.
     */
    public void listen(Runnable onFirst, Runnable onBatch, int events, long bytes) {
      this.onFirst = onFirst;
      this.onBatch = onBatch;
      this.batchEvents = events;
      this.batchBytes = bytes;
    }

    /**
     * False when there is no space; then nothing was taken. Those who offer at the same time may
     * pass the bound in events, by one each; the bound in bytes is never passed.
     */
    public boolean offer(Event event) {
      if (!acquire(event.bytes())) {
        return false;
      }
      put(event);
      return true;
    }

    /** Reserves space for what will be {@link #put} later. */
    public boolean acquire(long bytes) {
      return held.get() < config.maxEvents() && !diskRefuses() && share.acquire(bytes);
    }

    /**
     * Whether nothing can be promised now: the pipe is durable, and its disk is full or broken.
     * Then there is no space, however much memory is free.
     */
    public boolean diskRefuses() {
      return durable && !spool.accepts();
    }

    /** Gives back what was {@link #acquire}d and will not be put. */
    public void release(long bytes) {
      share.release(bytes);
      share.wake(1);
    }

    /**
     * Adds an event whose bytes were acquired before; from now on it is the queue's. Where its
     * payload finds no memory, it is not, and its bytes are given back.
     */
    public void put(Event event) {
      Event stored = stored(event);
      if (spool != null && goesToDisk()) {
        share.spilling(stored.bytes());
        spool.add(stored);
      } else {
        enqueue(stored);
      }
    }

    private Event stored(Event event) {
      try {
        return event.stored(memory);
      } catch (OutOfMemoryError e) {
        release(event.bytes());
        throw e;
      }
    }

    /** For what will be {@link #put} later, in the memory that it will be in. */
    public PartsBuilder newParts() {
      return new PartsBuilder(memory);
    }

    private boolean goesToDisk() {
      return durable || spool.unread() > 0 || (isUnderPressure() && spool.accepts());
    }

    private boolean isUnderPressure() {
      return held.get() >= pressureEvents || share.isUnderPressure();
    }

    private void enqueue(Event event) {
      held.incrementAndGet();
      queue.add(event);
      // Counted after it is visible: whoever sees the count can take the event.
      int events = waiting.incrementAndGet();
      long bytes = waitingBytes.addAndGet(event.bytes());
      if (events == batchEvents || (bytes >= batchBytes && bytes - event.bytes() < batchBytes)) {
        onBatch.run();
      } else if (events == 1) {
        onFirst.run();
      }
    }

    /**
     * Takes the oldest events, at most so many and so many bytes, but at least one if there is one.
     * Whoever was told of work looks again after each poll: what comes while events are being taken
     * is told to nobody.
     */
    public List<Event> poll(int maxEvents, long maxBytes) {
      List<Event> taken = new ArrayList<>(Math.max(1, Math.min(maxEvents, waiting.get())));
      long bytes = 0;
      Event next;
      while (taken.size() < maxEvents && (next = queue.peek()) != null) {
        if (!taken.isEmpty() && bytes + next.bytes() > maxBytes) {
          break;
        }
        // Not the one seen if dropOldest took it in between; the byte limit may then be passed by
        // one.
        next = queue.poll();
        if (next == null) {
          break;
        }
        bytes += next.bytes();
        taken.add(next);
      }
      waiting.addAndGet(-taken.size());
      waitingBytes.addAndGet(-bytes);
      return taken;
    }

    /**
     * Takes waiting events, oldest first, until {@code bytes} (and one place) are free. None where
     * that would not help.
     */
    public List<Event> dropOldest(long bytes) {
      if (diskRefuses()) {
        return List.of();
      }
      List<Event> dropped = new ArrayList<>();
      long freed = 0;
      while (freed < bytes) {
        Event oldest = queue.poll();
        if (oldest == null) {
          break;
        }
        freed += oldest.bytes();
        dropped.add(oldest);
        oldest.settled();
      }
      waitingBytes.addAndGet(-freed);
      if (waiting.addAndGet(-dropped.size()) > 0) {
        // An event that came meanwhile was not counted as the first one, though it may be.
        onFirst.run();
      }
      settle(dropped.size(), freed);
      return dropped;
    }

    void settle(int events, long bytes) {
      held.addAndGet(-events);
      share.release(bytes);
      share.wake(events);
      if (spool != null) {
        spool.memoryFreed();
      }
    }

    /** One event became {@code more + 1}; its bytes stay what they were. */
    void held(int more) {
      held.addAndGet(more);
    }

    /**
     * {@link System#nanoTime} of the oldest waiting event; empty partitions answer {@code none}.
     */
    public long oldestNanos(long none) {
      Event oldest = queue.peek();
      return oldest == null ? none : oldest.receivedNanos();
    }

    /**
     * Takes events that were acquired and will not be sent by this process: to disk, for the next
     * one, in the order of the calls. False where there is no disk, or none that works; then
     * nothing was taken. From the first call on nothing comes back from disk.
     */
    public boolean persist(List<Event> events) {
      if (spool == null || !spool.persist(events)) {
        return false;
      }
      for (Event event : events) {
        share.spilling(event.bytes());
      }
      held.addAndGet(-events.size());
      return true;
    }

    /** Events waiting and in flight. */
    public int events() {
      return held.get();
    }

    /** Events not yet taken. */
    public int waiting() {
      return Math.max(0, waiting.get());
    }

    public long waitingBytes() {
      return Math.max(0, waitingBytes.get());
    }
  }

  /** A partition, as its spool sees it. */
  private final class SpoolMemory implements Spool.Memory {
    private final Partition partition;

    SpoolMemory(Partition partition) {
      this.partition = partition;
    }

    @Override
    public boolean tryReserve(long bytes) {
      return partition.held.get() < pressureEvents && share.acquireForReadBack(bytes);
    }

    @Override
    public void enqueueReadBack(Event event) {
      partition.enqueue(event.stored(memory));
    }

    @Override
    public void release(long bytes) {
      share.release(bytes);
      share.wake(1);
    }

    @Override
    public void enqueueDirectly(Event event) {
      partition.enqueue(event);
      share.spilling(-event.bytes());
    }

    @Override
    public void written(int events, long bytes) {
      share.spilling(-bytes);
      share.release(bytes);
      share.wake(events);
    }

    @Override
    public void acceptsAgain() {
      share.wakeNext();
    }
  }
}
