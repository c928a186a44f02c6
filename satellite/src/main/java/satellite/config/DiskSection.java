package satellite.config;

import java.time.temporal.ChronoUnit;
import satellite.queue.DiskConfig;

/** Reads {@code sharing.disk}. */
final class DiskSection {

  /** Smaller ones would be files and little else. */
  private static final int MIN_SEGMENT_BYTES = 64 << 10;

  /** Room for some of those: they are deleted as a whole. */
  private static final int MIN_BYTES = 16 * MIN_SEGMENT_BYTES;

  private DiskSection() {}

  /**
   * Null where no folder is named. Whether it can be used is seen at start, and later again: a disk
   * that fails is no reason not to start.
   */
  static DiskConfig disk(Mapping disk) {
    Scalar folder = disk.scalar("data_dir");
    DiskConfig config =
        new DiskConfig(
            folder.path(),
            disk.scalar("max_bytes").number(MIN_BYTES, Long.MAX_VALUE),
            disk.scalar("segment_bytes").integer(MIN_SEGMENT_BYTES, Integer.MAX_VALUE / 2),
            disk.scalar("fsync_period").duration(ChronoUnit.SECONDS),
            disk.scalar("dead_letter_bytes").number(0, Long.MAX_VALUE),
            disk.scalar("dead_letter_age").duration(ChronoUnit.HOURS));
    return folder.text().isBlank() ? null : config;
  }
}
