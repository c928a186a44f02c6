package satellite.queue;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What may be put on disk, and where.
 *
 * @param folder everything lies below it
 * @param maxBytes of all pipes' spilled and durable events together; less than some MiB is of no
 *     use, since a pipe that has nothing on disk must find room for a block of 128 KiB
 * @param segmentBytes a file is closed when it is that long, or a sixteenth of {@code maxBytes}
 * @param syncPeriod how often spilled data is synced; what is acknowledged as durable is synced
 *     before, whatever this says
 * @param deadLetterBytes of all dead letters; the oldest give way
 * @param deadLetterAge older ones are deleted
 */
public record DiskConfig(
    Path folder,
    long maxBytes,
    int segmentBytes,
    Duration syncPeriod,
    long deadLetterBytes,
    Duration deadLetterAge) {}
