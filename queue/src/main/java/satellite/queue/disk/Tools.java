package satellite.queue.disk;

import java.nio.file.Path;

/** What all spools of a data folder work with, one after the other, on the disk thread. */
record Tools(
    Disk disk,
    Clock clock,
    BlockWriter writer,
    BlockReader reader,
    Window window,
    Damaged damaged,
    Health health) {

  /** Larger blocks, of one large event, take memory for as long as they are read. */
  static final int BUFFER_BYTES = 256 << 10;

  static Tools of(Disk disk, Clock clock, Path folder, long maxDamagedBytes, int bufferBytes) {
    return new Tools(
        disk,
        clock,
        new BlockWriter(clock, bufferBytes),
        new BlockReader(clock),
        new Window(bufferBytes),
        new Damaged(disk, folder.resolve("damaged"), maxDamagedBytes),
        new Health(clock));
  }
}
