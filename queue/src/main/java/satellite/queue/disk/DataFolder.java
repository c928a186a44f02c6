package satellite.queue.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import satellite.queue.Account;
import satellite.queue.DiskConfig;
import satellite.queue.QueueConfig;
import satellite.queue.Spool;
import satellite.queue.SpoolFactory;

/**
 * {@code SATELLITE_DATA_DIR}: everything that this Satellite has on disk. It belongs to one process
 * at a time, which holds its lock. One thread does all reading and writing, for all pipes; the
 * methods here may be called by any thread. docs/disk.md shows what lies where.
 */
public final class DataFolder implements SpoolFactory, AutoCloseable {

  private static final System.Logger LOG = System.getLogger("disk");
  private static final long TICK_MILLIS = 200;

  /** Spilled events wait so long for others, to be written together. */
  private static final long SOON_MILLIS = 10;

  private static final long CLOSE_SECONDS = 10;
  private static final int SMALLEST_SEGMENT = 64 << 10;
  private static final int PROBE_BYTES = 64 << 10;

  private final DiskConfig config;
  private final ScheduledExecutorService thread;
  private final DiskResources resources;
  private final DiskBudget budget;
  private final Map<String, DiskBudget.Share> shares = new ConcurrentHashMap<>();
  private final List<DiskSpool> spools = new CopyOnWriteArrayList<>();
  private final Queue<DiskSpool> due = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean isNow = new AtomicBoolean();
  private final AtomicBoolean isSoon = new AtomicBoolean();
  private final AtomicBoolean bugSaid = new AtomicBoolean();
  private final AtomicLong syncs = new AtomicLong();
  private FolderLock lock;
  private boolean recovers;
  private boolean closed;
  private long syncedNanos;

  /**
   * Touches nothing: {@link #open} does.
   *
   * @param thread runs one task at a time; who made it ends it, after {@link #close}
   */
  public DataFolder(
      DiskConfig config,
      ScheduledExecutorService thread,
      LongSupplier nanoTime,
      LongSupplier wallMillis) {
    this(config, Disk.REAL, thread, new Clock(nanoTime, wallMillis), DiskResources.BUFFER_BYTES);
  }

  DataFolder(
      DiskConfig config, Disk disk, ScheduledExecutorService thread, Clock clock, int bufferBytes) {
    this.config = config;
    this.thread = thread;
    this.budget = new DiskBudget(config.maxBytes());
    this.resources =
        DiskResources.of(disk, clock, config.folder(), config.maxBytes() / 16, bufferBytes);
    this.syncedNanos = clock.nanos();
  }

  /**
   * Takes the lock. A folder that cannot be used is said in the log and tried again later; it is no
   * reason not to start.
   *
   * @throws FolderInUseException another process has it
   */
  public synchronized void open() {
    if (takeLock()) {
      spools.forEach(DiskSpool::findSegments);
    }
    thread.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  private boolean takeLock() {
    try {
      resources.disk().createFolders(config.folder());
      lock = FolderLock.take(config.folder());
      return true;
    } catch (IOException e) {
      resources.health().failed("cannot use the data folder " + config.folder(), e);
      return false;
    }
  }

  @Override
  public synchronized Spool open(
      String pipe, int partition, QueueConfig queue, Account account, Spool.Memory memory) {
    DiskBudget.Share share = shares.computeIfAbsent(pipe, any -> budget.new Share());
    Path pipeFolder = pipes().resolve(folderName(pipe));
    Segments segments =
        new Segments(resources, share, pipeFolder, partition, segmentBytes(), this::synced);
    DiskSpool spool = new DiskSpool(this, resources, segments, queue, account, memory);
    if (lock != null) {
      spool.findSegments();
    }
    spools.add(spool);
    return spool;
  }

  private Path pipes() {
    return config.folder().resolve("pipes");
  }

  /** Segments are deleted as a whole: the bound should be a good number of them. */
  private int segmentBytes() {
    long most = Math.max(SMALLEST_SEGMENT, config.maxBytes() / 16);
    return (int) Math.min(config.segmentBytes(), most);
  }

  /** Whatever a pipe is called, this is the name of a folder, and another one for another pipe. */
  private static String folderName(String pipe) {
    StringBuilder name = new StringBuilder();
    for (byte b : pipe.getBytes(StandardCharsets.UTF_8)) {
      boolean plain = b > 0 && Character.isLetterOrDigit(b) || b == '-' || b == '_';
      name.append(plain ? String.valueOf((char) b) : String.format("%%%02X", b));
    }
    return name.toString();
  }

  /** From now on what an earlier Satellite left comes back. After all spools are opened. */
  public void recover() {
    execute(
        () -> {
          recovers = true;
          sayWhatNobodyReads();
          scan();
        });
  }

  private void sayWhatNobodyReads() {
    try {
      for (Path pipe : resources.disk().list(pipes())) {
        if (shares.keySet().stream().noneMatch(name -> pipe.endsWith(folderName(name)))) {
          LOG.log(
              System.Logger.Level.WARNING,
              "{0} belongs to no pipe that goes to disk: it stays as it is",
              pipe);
        }
      }
    } catch (IOException e) {
      resources.health().warn("cannot list " + pipes(), e);
    }
  }

  /** A segment of each spool; in between there is time for what arrives. */
  private void scan() {
    boolean more = false;
    for (DiskSpool spool : spools) {
      more |= spool.scanNext();
    }
    if (more) {
      execute(this::scan);
    }
  }

  /** Whether the last thing that was tried on it worked. */
  public boolean isUp() {
    return resources.health().isUp();
  }

  /** What failed last, in words; null if nothing did. */
  public String lastError() {
    return resources.health().lastError();
  }

  /** Of all pipes' segments. */
  public long usedBytes() {
    return budget.usedBytes();
  }

  public long maxBytes() {
    return config.maxBytes();
  }

  /** Found damaged by this process. */
  public long damagedBytes() {
    return resources.quarantine().bytes();
  }

  /** How often a file was synced. */
  public long syncs() {
    return syncs.get();
  }

  public DiskConfig config() {
    return config;
  }

  // ---- what spools ask for, any thread

  /** It has something to do in the next round. */
  void due(DiskSpool spool) {
    due.add(spool);
  }

  void runNow() {
    if (isNow.compareAndSet(false, true)) {
      execute(this::round);
    }
  }

  void runSoon() {
    if (isSoon.compareAndSet(false, true)) {
      try {
        thread.schedule(() -> guard(this::round), SOON_MILLIS, TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException e) {
        // Closed.
      }
    }
  }

  private void execute(Runnable task) {
    try {
      thread.execute(() -> guard(task));
    } catch (RejectedExecutionException e) {
      // Closed.
    }
  }

  // ---- the disk thread

  /** An Error gets through, and ends the thread: what it hit may be half read or written. */
  private void guard(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      if (bugSaid.compareAndSet(false, true)) {
        // A bug: whatever it hit must not end the thread.
        LOG.log(System.Logger.Level.ERROR, "the disk thread goes on after " + e, e);
      } else {
        resources.health().warn("the disk thread", e);
      }
    }
  }

  private void synced() {
    syncs.incrementAndGet();
  }

  /** All that is due: written, then synced, then promised; then some comes back. */
  private synchronized void round() {
    isNow.set(false);
    isSoon.set(false);
    if (closed) {
      return;
    }
    List<DiskSpool> round = new ArrayList<>();
    DiskSpool next;
    for (int i = spools.size(); i > 0 && (next = due.poll()) != null; i--) {
      round.add(next);
    }
    round.forEach(spool -> guard(spool::write));
    round.forEach(spool -> guard(spool::commit));
    round.forEach(spool -> guard(spool::readBack));
    if (!due.isEmpty()) {
      runNow();
    }
  }

  private synchronized void tick() {
    if (closed) {
      return;
    }
    guard(this::retry);
    long now = resources.clock().nanos();
    boolean syncs = now - syncedNanos >= config.syncPeriod().toNanos();
    if (syncs) {
      syncedNanos = now;
    }
    spools.forEach(spool -> guard(() -> spool.tick(syncs)));
  }

  private void retry() {
    if (!resources.health().isRetryDue()) {
      return;
    }
    if (lock != null) {
      probe();
      return;
    }
    try {
      if (takeLock()) {
        spools.forEach(DiskSpool::findSegments);
        probe();
        if (recovers) {
          execute(this::scan);
        }
      }
    } catch (FolderInUseException e) {
      resources.health().failed("cannot use the data folder", e);
    }
  }

  /** Writes as much as a block has, and so finds out whether it is worth trying. */
  private void probe() {
    Path file = config.folder().resolve("probe");
    try {
      resources.disk().delete(file);
      try (Disk.OpenFile probe = resources.disk().create(file)) {
        probe.write(ByteBuffer.allocate(PROBE_BYTES), 0);
        probe.sync();
      }
      resources.disk().delete(file);
      resources.health().recovered();
    } catch (IOException e) {
      resources.health().failed("cannot write to the data folder " + config.folder(), e);
    }
  }

  /**
   * Writes and syncs what is on its way to disk, and lets go of the lock. What cannot be written
   * within {@value #CLOSE_SECONDS} seconds is lost.
   */
  @Override
  public void close() {
    try {
      thread.submit(this::closeSpools).get(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (RejectedExecutionException e) {
      // Closed before.
    } catch (TimeoutException e) {
      LOG.log(System.Logger.Level.WARNING, "the disk takes too long: not all of it is written");
    } catch (ExecutionException e) {
      LOG.log(System.Logger.Level.ERROR, "the data folder was not closed in order", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void closeSpools() {
    if (closed) {
      return;
    }
    if (lock != null && !isUp()) {
      probe();
    }
    spools.forEach(spool -> guard(spool::close));
    releaseLock();
  }

  /** Of the lock, and all else is left as it is: like a process that is killed. */
  synchronized void releaseLock() {
    closed = true;
    if (lock != null) {
      try {
        lock.close();
      } catch (IOException e) {
        resources.health().warn("cannot let go of the lock", e);
      }
    }
  }
}
