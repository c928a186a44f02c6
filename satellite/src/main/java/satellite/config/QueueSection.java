package satellite.config;

import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import satellite.queue.Acknowledgement;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;

/** Reads the {@code queue} of a pipe. */
final class QueueSection {

  static final String MEMORY = "memory-queue";
  static final String NONE = "none-queue";

  /** The Go Satellite's queue on disk. Here a queue is on disk as far as it has to be. */
  private static final String MMAP = "mmap-queue";

  static final Set<String> PLUGINS = Set.of(MEMORY, MMAP, NONE);

  private static final List<String> KEYS_OF_MMAP =
      List.of(
          "segment_size",
          "max_in_mem_segments",
          "queue_capacity_segments",
          "flush_period",
          "flush_ceiling_num",
          "queue_dir",
          "max_event_size");

  /** More lanes than this only cost memory. */
  private static final int MAX_PARTITIONS = 1024;

  private QueueSection() {}

  /** Null for {@code none-queue}. */
  static QueueConfig queue(Mapping queue, boolean onDisk, List<String> notices) {
    String plugin = queue.scalar("plugin_name").oneOf(PLUGINS);
    Acknowledgement acknowledgement = acknowledgement(queue.scalar("acknowledgement"));
    if (plugin.equals(NONE)) {
      noteUnasked(queue.scalar("acknowledgement"), notices);
      return null;
    }
    noteMmap(queue, plugin.equals(MMAP), onDisk, notices);
    if (acknowledgement == Acknowledgement.DURABLE && !onDisk) {
      throw queue
          .scalar("acknowledgement")
          .invalid(
              "needs a folder on disk: set sharing.disk.data_dir (SATELLITE_DATA_DIR), or choose"
                  + " queued or delivered");
    }
    String whenFull = queue.scalar("when_full").oneOf(Set.of("refuse", "drop_oldest"));
    return new QueueConfig(
        queue.scalar("partition").integer(1, MAX_PARTITIONS),
        queue.scalar("event_buffer_size").integer(1, Integer.MAX_VALUE),
        queue.scalar("full_timeout").durationOrZero(ChronoUnit.SECONDS),
        whenFull.equals("refuse") ? WhenFull.REFUSE : WhenFull.DROP_OLDEST,
        acknowledgement,
        queue.scalar("time_to_live").duration(ChronoUnit.SECONDS));
  }

  private static Acknowledgement acknowledgement(Scalar name) {
    return switch (name.oneOf(Set.of("queued", "durable", "delivered"))) {
      case "durable" -> Acknowledgement.DURABLE;
      case "delivered" -> Acknowledgement.DELIVERED;
      default -> Acknowledgement.QUEUED;
    };
  }

  /**
   * The variable is for all pipes; whoever writes it into a pipe without a queue means that one.
   */
  private static void noteUnasked(Scalar acknowledgement, List<String> notices) {
    if (!acknowledgement.isDefault() && acknowledgement.location().variable() == null) {
      notices.add(
          acknowledgement.location()
              + ": accepted without effect, with none-queue the answer is OAP's own");
    }
  }

  private static void noteMmap(
      Mapping queue, boolean isMmap, boolean onDisk, List<String> notices) {
    if (isMmap && !onDisk) {
      notices.add(
          MMAP
              + " has nothing on disk: sharing.disk.data_dir (SATELLITE_DATA_DIR) names no folder");
    }
    List<String> set = KEYS_OF_MMAP.stream().filter(queue::has).toList();
    if (!set.isEmpty()) {
      notices.add(
          queue.location()
              + ": accepted without effect, sharing.disk is for all pipes: "
              + String.join(", ", set));
    }
  }
}
