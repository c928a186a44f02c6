package satellite.queue.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code damaged/}: bytes of segments that are no events, for a person to look at and to delete. It
 * is bounded in bytes and in files; what does not fit is only said in the log, and after a hundred
 * lines only counted. The disk thread.
 */
final class Quarantine {

  private static final System.Logger LOG = System.getLogger("disk");
  private static final int PIECE = 64 << 10;
  private static final int FILES = 1000;
  private static final int LINES = 100;

  private final Disk disk;
  private final Path folder;
  private final long maxBytes;
  private final AtomicLong found = new AtomicLong();

  /** Of the files in the folder; null when nobody has looked yet. */
  private Set<String> names;

  private long used;
  private int lines;

  Quarantine(Disk disk, Path folder, long maxBytes) {
    this.disk = disk;
    this.folder = folder;
    this.maxBytes = maxBytes;
  }

  /** Found by this process. */
  long bytes() {
    return found.get();
  }

  /**
   * Copies bytes of a segment, unless that was done before, and says so in the log.
   *
   * @param name of the segment, unique in the data folder
   * @param what it is, and what becomes of it
   */
  void setAside(Path segment, String name, Disk.OpenFile file, long from, long to, String what) {
    String copy = name + "-" + from + ".bytes";
    String outcome;
    try {
      if (!names().add(copy)) {
        return;
      }
      outcome = copy(file, from, to, folder.resolve(copy)) ? "set aside as " + copy : "not kept";
    } catch (IOException e) {
      outcome = "could not be set aside, " + e;
    }
    found.addAndGet(to - from);
    if (lines++ < LINES) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0}: {1} bytes at offset {2} are damaged ({3}); {4}{5}",
          segment,
          Long.toString(to - from),
          Long.toString(from),
          what,
          outcome,
          lines == LINES ? "; there is more, of which there is no line" : "");
    }
  }

  private Set<String> names() throws IOException {
    if (names == null) {
      names = new HashSet<>();
      for (Path file : disk.list(folder)) {
        names.add(file.getFileName().toString());
        used += disk.size(file);
      }
    }
    return names;
  }

  /** Moves a whole segment, whatever its size: it would be lost otherwise. */
  void setAside(Path segment, String name, long bytes) throws IOException {
    disk.createFolders(folder);
    Path target = folder.resolve(name);
    disk.move(segment, target);
    found.addAndGet(bytes);
    LOG.log(
        System.Logger.Level.WARNING,
        "{0}: {1} bytes cannot be read; the file was moved to {2}",
        segment,
        Long.toString(bytes),
        target);
  }

  private boolean copy(Disk.OpenFile file, long from, long to, Path copy) throws IOException {
    disk.createFolders(folder);
    if (names.size() > FILES || used + to - from > maxBytes) {
      return false;
    }
    used += to - from;
    ByteBuffer piece = ByteBuffer.allocate((int) Math.min(PIECE, to - from));
    try (Disk.OpenFile target = disk.create(copy)) {
      for (long at = from; at < to; at += piece.limit()) {
        piece.clear().limit((int) Math.min(PIECE, to - at));
        file.read(piece, at);
        if (!piece.flip().hasRemaining()) {
          break;
        }
        target.write(piece, at - from);
      }
    }
    return true;
  }
}
