package satellite.queue.disk;

import java.nio.file.Path;

/** What all spools of a data folder work with, one after the other, on the disk thread. */
record DiskResources(
    Disk disk,
    Clock clock,
    BlockWriter writer,
    BlockReader reader,
    ReadAheadBuffer readAhead,
    ReadAheadBuffer contextReadAhead,
    Quarantine quarantine,
    DiskHealth health) {

  /** Larger blocks, of one large event, take memory for as long as they are read. */
  static final int BUFFER_BYTES = 256 << 10;

  /** Contexts are read while their events are still in the other buffer. */
  private static final int CONTEXT_BUFFER_BYTES = 8 << 10;

  static DiskResources of(
      Disk disk, Clock clock, Path folder, long maxDamagedBytes, int bufferBytes) {
    return new DiskResources(
        disk,
        clock,
        new BlockWriter(clock, bufferBytes),
        new BlockReader(clock),
        new ReadAheadBuffer(bufferBytes),
        new ReadAheadBuffer(CONTEXT_BUFFER_BYTES),
        new Quarantine(disk, folder.resolve("damaged"), maxDamagedBytes),
        new DiskHealth(clock));
  }
}
