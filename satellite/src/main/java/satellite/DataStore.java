package satellite;

import static java.lang.System.Logger.Level.INFO;

import java.time.Clock;
import java.util.function.BiPredicate;
import satellite.admin.StatusCollector;
import satellite.metrics.Metrics;
import satellite.pipes.deadletters.DeadLetterStore;
import satellite.pipes.pipe.Storage;
import satellite.queue.DiskConfig;
import satellite.queue.Event;
import satellite.queue.MemoryBudget;
import satellite.queue.PayloadMemory;
import satellite.queue.disk.DataFolder;

/**
 * Where events are kept: the memory that all pipes share and, where there is a data folder, the
 * disk with its spools and dead letters.
 */
final class DataStore implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger("satellite");

  private final MemoryBudget memory;

  /** All four null where nothing is kept on disk. */
  private final DiskConfig disk;

  private final Scheduler diskThread;
  private final DataFolder folder;
  private final DeadLetterStore deadLetters;

  /**
   * Touches nothing: {@link #open} does.
   *
   * @param payload where the payload of events lies
   * @param disk null for memory only
   */
  DataStore(long queueBytes, PayloadMemory payload, DiskConfig disk) {
    this.memory = new MemoryBudget(queueBytes, payload);
    this.disk = disk;
    this.diskThread = disk == null ? null : new Scheduler(1, "disk");
    this.folder =
        disk == null
            ? null
            : new DataFolder(disk, diskThread, System::nanoTime, System::currentTimeMillis);
    this.deadLetters =
        disk == null
            ? null
            : new DeadLetterStore(disk, diskThread, Clock.systemUTC(), System::nanoTime);
  }

  MemoryBudget memory() {
    return memory;
  }

  /** What pipes need of it. */
  Storage storage() {
    return disk == null ? Storage.inMemory(memory) : new Storage(memory, folder, deadLetters);
  }

  /** What the status page shows of it. */
  StatusCollector.Storage status() {
    return new StatusCollector.Storage(memory, folder, deadLetters);
  }

  void bind(Metrics metrics) {
    metrics.bind(memory);
    if (disk != null) {
      metrics.bind(folder, deadLetters);
    }
  }

  /**
   * Takes the data folder.
   *
   * @throws satellite.queue.disk.FolderInUseException when another process has it
   */
  void open() {
    if (disk == null) {
      LOG.log(
          INFO,
          "no data folder (SATELLITE_DATA_DIR): what is queued lives in memory only, and is lost"
              + " when the process is killed");
      return;
    }
    folder.open();
    if (folder.isUp()) {
      LOG.log(
          INFO,
          "data folder {0}, at most {1} MiB of telemetry",
          disk.folder(),
          String.valueOf(folder.maxBytes() >> 20));
    }
  }

  /**
   * Lets the pipes have what an earlier process left.
   *
   * @param pipes takes a dead letter that is to be sent again, see {@link DeadLetterStore#start}
   */
  void recover(BiPredicate<String, Event> pipes) {
    if (disk != null) {
      folder.recover();
      deadLetters.start(pipes);
    }
  }

  /** After the last call has ended, whose events may still come here. */
  @Override
  public void close() {
    if (disk != null) {
      deadLetters.close();
      folder.close();
      diskThread.shutdown();
    }
  }
}
