package satellite.queue.disk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import satellite.queue.Event;

/**
 * The segments of one partition, the oldest first: found, made, written to, synced, and deleted
 * when they are settled. They are charged to the pipe's share of the disk. The disk thread.
 */
final class Segments {

  private static final System.Logger LOG = System.getLogger("disk");

  /** In the middle, so that there are numbers before all others. */
  private static final long FIRST_SEQUENCE = 1L << 32;

  private static final long RESERVED_SEQUENCES = 1 << 12;

  /** No Satellite gets there; names behind or before these would be no names of segments. */
  private static final long LEAST_SEQUENCE = 1L << 31;

  private static final long LAST_SEQUENCE = 1L << 48;
  private static final Pattern NAME = Pattern.compile("(\\d{16})\\.(segment|done)");
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final DiskResources resources;
  private final DiskBudget.Share budget;
  private final Path pipeFolder;
  private final int partition;
  private final int segmentBytes;
  private final Runnable onSync;

  /** The last one may be open for writing. */
  private final Deque<Segment> all = new ArrayDeque<>();

  private final List<Segment> undeleted = new ArrayList<>();
  private long nextSequence = FIRST_SEQUENCE;
  private long firstSequence = FIRST_SEQUENCE;
  private long nextPersisted;
  private long writtenNanos;
  private boolean namesSynced;

  /**
   * @param onSync told of each sync
   */
  Segments(
      DiskResources resources,
      DiskBudget.Share budget,
      Path pipeFolder,
      int partition,
      int segmentBytes,
      Runnable onSync) {
    this.resources = resources;
    this.budget = budget;
    this.pipeFolder = pipeFolder;
    this.partition = partition;
    this.segmentBytes = segmentBytes;
    this.onSync = onSync;
  }

  Path pipeFolder() {
    return pipeFolder;
  }

  // ---- found

  /** Those that an earlier process left: its own, and those of partitions that are no longer. */
  List<Segment> find(int partitions) throws IOException {
    List<Segment> found = new ArrayList<>();
    for (Path child : resources.disk().list(pipeFolder)) {
      String name = child.getFileName().toString();
      if (name.matches("\\d{1,9}")
          && Math.floorMod(Integer.parseInt(name), partitions) == partition) {
        find(child, found);
      }
    }
    found.sort(Comparator.comparingLong(Segment::sequence));
    if (!found.isEmpty()) {
      firstSequence = Math.min(firstSequence, found.get(0).sequence());
    }
    return found;
  }

  private void find(Path folder, List<Segment> found) throws IOException {
    List<Path> done = new ArrayList<>();
    List<Path> foreign = new ArrayList<>();
    Set<String> numbers = new HashSet<>();
    for (Path file : resources.disk().list(folder)) {
      Matcher name = NAME.matcher(file.getFileName().toString());
      long sequence = name.matches() ? Long.parseLong(name.group(1)) : 0;
      if (sequence < LEAST_SEQUENCE || sequence > LAST_SEQUENCE) {
        foreign.add(file);
        continue;
      }
      nextSequence = Math.max(nextSequence, sequence + 1);
      if (name.group(2).equals("done")) {
        done.add(file);
      } else {
        long bytes = resources.disk().size(file);
        numbers.add(name.group(1));
        budget.add(bytes);
        found.add(Segment.existing(resources, file, sequence, bytes));
      }
    }
    if (!foreign.isEmpty()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0}: {1} of the files here are not Satellite''s and are left alone, among them {2}",
          folder,
          foreign.size(),
          foreign.get(0).getFileName());
    }
    for (Path file : done) {
      if (!numbers.contains(file.getFileName().toString().substring(0, 16))) {
        resources.disk().delete(file);
      }
    }
  }

  /** Those that were found are the oldest. */
  void prepend(Deque<Segment> scanned) {
    scanned.descendingIterator().forEachRemaining(all::addFirst);
    deleteSettled();
  }

  // ---- written

  /** The one to write to, which may be a new one. */
  Segment activeSegment() throws IOException {
    Segment last = all.peekLast();
    if (last == null || last.isSealed()) {
      last = create(nextSequence++);
      all.addLast(last);
    }
    return last;
  }

  private Segment create(long sequence) throws IOException {
    Path own = pipeFolder.resolve(Integer.toString(partition));
    Segment segment = Segment.create(resources, own, sequence);
    try {
      syncNames();
    } catch (IOException e) {
      segment.delete();
      throw e;
    }
    budget.add(segment.length());
    return segment;
  }

  /** The folders may be new too. */
  private void syncNames() throws IOException {
    if (!namesSynced) {
      resources.disk().syncFolder(pipeFolder);
      resources.disk().syncFolder(pipeFolder.getParent());
      resources.disk().syncFolder(pipeFolder.getParent().getParent());
      namesSynced = true;
    }
  }

  /** The offset of the new block. */
  long append(Segment segment, List<Event> block) throws IOException {
    long before = segment.length();
    try {
      long offset = segment.append(block);
      budget.add(segment.length() - before);
      writtenNanos = resources.clock().nanos();
      return offset;
    } catch (IOException e) {
      segment.truncate(before);
      throw e;
    }
  }

  /** A segment that the next start reads before all others; synced, or not there if it throws. */
  void persist(List<List<Event>> blocks) throws IOException {
    if (nextPersisted == 0) {
      nextPersisted = firstSequence - RESERVED_SEQUENCES;
    }
    Segment segment = create(nextPersisted++);
    try {
      for (List<Event> block : blocks) {
        append(segment, block);
      }
      segment.sync();
      onSync.run();
    } catch (IOException e) {
      budget.add(-segment.length());
      segment.delete();
      throw e;
    }
    segment.seal();
  }

  /** False when it is full but could not be synced as its blocks need it. */
  boolean sealIfFull(Segment segment) {
    return segment.length() < segmentBytes || seal(segment);
  }

  private boolean seal(Segment segment) {
    sync(segment);
    if (segment.isAwaitingSync() && !segment.isSynced(segment.length())) {
      return false;
    }
    segment.seal();
    return true;
  }

  void sync(Segment segment) {
    if (segment.isSealed() || segment.isSynced(segment.length())) {
      return;
    }
    try {
      segment.sync();
      onSync.run();
    } catch (IOException e) {
      // What the system could not write it may have forgotten: more must not follow it.
      if (!segment.isAwaitingSync()) {
        segment.seal();
      }
      resources.health().failed("cannot sync " + segment.path(), e);
    }
  }

  /** Gives up the blocks from {@code offset} on. */
  void truncate(Segment segment, long offset) {
    budget.add(offset - segment.length());
    segment.truncate(offset);
  }

  /** For a block of so many bytes. Any thread. */
  boolean hasRoom(long bytes) {
    return budget.hasRoom(bytes + BlockHeader.BYTES + Segment.HEADER_BYTES);
  }

  // ---- read

  /** The oldest of which something is unread; null if nothing is. */
  Segment firstUnread() {
    for (Segment segment : all) {
      if (segment.unreadEvents() > 0) {
        return segment;
      }
    }
    return null;
  }

  // ---- deleted

  /**
   * Deletes the oldest of which nothing is in memory, so that its space is free at once.
   *
   * @param onDrop told before, while it still has its numbers
   * @return false if there is none
   */
  boolean dropOldest(Consumer<Segment> onDrop) {
    for (Segment segment : all) {
      if (segment.unreadEvents() > 0 && segment.isIdle()) {
        onDrop.accept(segment);
        all.remove(segment);
        delete(segment);
        return true;
      }
    }
    return false;
  }

  void deleteSettled() {
    for (Segment segment : List.copyOf(all)) {
      if (segment.isSealed() && segment.isSettled()) {
        all.remove(segment);
        delete(segment);
      }
    }
  }

  private void delete(Segment segment) {
    try {
      segment.removeFile();
      budget.add(-segment.length());
    } catch (IOException e) {
      resources.health().warn("cannot delete " + segment.path(), e);
      undeleted.add(segment);
    }
  }

  // ---- from time to time

  void tick(boolean syncs) {
    List<Segment> again = List.copyOf(undeleted);
    undeleted.clear();
    again.forEach(this::delete);
    Segment last = all.peekLast();
    if (last != null && !last.isSealed()) {
      if (syncs) {
        sync(last);
      }
      if (last.isSettled() && resources.clock().nanos() - writtenNanos > IDLE_NANOS) {
        last.seal();
        deleteSettled();
      }
    }
    if (syncs) {
      all.forEach(Segment::saveDone);
    }
  }

  void close() {
    all.forEach(this::seal);
    deleteSettled();
    all.forEach(Segment::saveDone);
    all.forEach(Segment::close);
  }
}
