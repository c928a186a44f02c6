package satellite.queue.disk;

import java.util.concurrent.ScheduledExecutorService;
import satellite.queue.Account;
import satellite.queue.DiskConfig;
import satellite.queue.QueueConfig;
import satellite.queue.Spool;
import satellite.queue.Spools;

/**
 * {@code SATELLITE_DATA_DIR}: everything that this Satellite has on disk. It belongs to one process
 * at a time, which holds its lock.
 */
public final class DataFolder implements Spools, AutoCloseable {

  private final DiskConfig config;

  /** Touches nothing: {@link #open} does. */
  public DataFolder(DiskConfig config) {
    this.config = config;
  }

  /**
   * Takes the lock. A folder that cannot be used is said in the log and tried again later; it is no
   * reason not to start.
   *
   * @throws FolderInUseException another process has it
   */
  public void open() {}

  @Override
  public Spool open(
      String pipe, int partition, QueueConfig queue, Account account, Spool.Memory memory) {
    throw new UnsupportedOperationException();
  }

  /** From now on what an earlier Satellite left comes back. After all spools are opened. */
  public void recover() {}

  /** Whether the last thing that was tried on it worked. */
  public boolean isUp() {
    return true;
  }

  public long usedBytes() {
    return 0;
  }

  public DiskConfig config() {
    return config;
  }

  /** The thread that does all reading and writing. */
  public ScheduledExecutorService thread() {
    throw new UnsupportedOperationException();
  }

  /** Writes and syncs what is on its way to disk, and lets go of the lock. */
  @Override
  public void close() {}
}
