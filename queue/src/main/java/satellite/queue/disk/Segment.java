package satellite.queue.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import satellite.queue.Event;

/**
 * {@code <sequence>.segment}: blocks of events, written at its end, read from its beginning, and
 * deleted when the last of them is settled. It has what lies in the file and is not read yet in
 * numbers only. The disk thread.
 *
 * <pre>
 *   magic 4 | version 4 | id 8 | 0 4 | CRC 4 | context block | block | block | context block | ...
 * </pre>
 *
 * A context is written once, in a block of its own before the first block with an event that needs
 * it, which refers to its offset. A version 1 segment has no such blocks.
 */
final class Segment {

  static final String SUFFIX = ".segment";
  static final String DONE_SUFFIX = ".done";
  static final int HEADER_BYTES = 24;
  private static final int MAGIC = 0x5A7E5E60;
  private static final int VERSION = 2;

  private final DiskResources resources;
  private final Path path;
  private final long sequence;

  /** Written by this process. */
  private final boolean own;

  private DoneFile done;

  /** Open while it is written to. */
  private Disk.OpenFile written;

  /** Null when nothing more is written. */
  private ContextTable writtenContexts;

  /** Open while it is read. */
  private Disk.OpenFile read;

  /** By their offsets; null while it is not read. */
  private Map<Integer, byte[]> readContexts;

  /** Offsets of the blocks that are not to be repeated; null when not known yet. */
  private int[] settledBefore;

  /** To here there are blocks. */
  private long length;

  /** To here they survive a power cut. */
  private long synced;

  /** The next block to come back begins here. */
  private long position;

  /** What {@link #next} found: it is asked for again and again while memory is tight. */
  private BlockHeader found;

  private long foundAt;
  private boolean unreadable;
  private boolean awaitingSync;

  private long unreadEvents;
  private long unreadMessages;

  /** Blocks whose events are in memory. */
  private int inFlight;

  private Segment(DiskResources resources, Path path, long sequence, boolean own, long length) {
    this.resources = resources;
    this.path = path;
    this.sequence = sequence;
    this.own = own;
    this.length = length;
  }

  static Segment create(DiskResources resources, Path folder, long sequence) throws IOException {
    resources.disk().createFolders(folder);
    Path path = folder.resolve(name(sequence) + SUFFIX);
    Segment segment = new Segment(resources, path, sequence, true, HEADER_BYTES);
    long id = ThreadLocalRandom.current().nextLong();
    segment.written = resources.disk().create(path);
    try {
      segment.written.write(header(id), 0);
      // Without their names a power cut takes the files, however well they are synced.
      resources.disk().syncFolder(folder);
    } catch (IOException e) {
      segment.close();
      resources.disk().delete(path);
      throw e;
    }
    segment.position = HEADER_BYTES;
    segment.done(id);
    segment.settledBefore = new int[0];
    segment.writtenContexts = new ContextTable();
    return segment;
  }

  static String name(long sequence) {
    return String.format("%016d", sequence);
  }

  private static ByteBuffer header(long id) {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    header.putInt(MAGIC).putInt(VERSION).putLong(id).putInt(0);
    return header.putInt(BlockHeader.crc(header, 0, 20)).flip();
  }

  /** One that was there before; {@link #scan} says what is in it. */
  static Segment existing(DiskResources resources, Path path, long sequence, long bytes) {
    return new Segment(resources, path, sequence, false, bytes);
  }

  private void done(long id) {
    done = new DoneFile(resources.disk(), path.resolveSibling(name(sequence) + DONE_SUFFIX), id);
  }

  Path path() {
    return path;
  }

  long sequence() {
    return sequence;
  }

  long length() {
    return length;
  }

  long unreadEvents() {
    return unreadEvents;
  }

  long unreadMessages() {
    return unreadMessages;
  }

  boolean isSealed() {
    return written == null;
  }

  long position() {
    return position;
  }

  boolean isSynced(long end) {
    return synced >= end;
  }

  /** Nothing of it is needed any more, unless more is written. */
  boolean isSettled() {
    return unreadEvents == 0 && inFlight == 0 && !awaitingSync;
  }

  /** Nobody in memory refers to it. */
  boolean isIdle() {
    return inFlight == 0 && !awaitingSync;
  }

  /** Whether somebody waits for the sync of its last blocks. */
  boolean isAwaitingSync() {
    return awaitingSync;
  }

  void awaitingSync(boolean somebodyWaits) {
    awaitingSync = somebodyWaits;
  }

  // ---- written

  /**
   * Adds a block, whose events are still to be {@link #addUnread} or {@link #inMemory}. If it
   * throws, the segment is to be {@link #truncate}d to where it ended before.
   */
  long append(List<Event> events) throws IOException {
    Map<byte[], Integer> contextOffsets = new IdentityHashMap<>();
    for (Event event : events) {
      if (!contextOffsets.containsKey(event.context())) {
        contextOffsets.put(event.context(), contextOffset(event.context()));
      }
    }
    long offset = length;
    length += resources.writer().write(written, length, events, contextOffsets);
    return offset;
  }

  /** Of the block that it has, which may be a new one; null where it has none. */
  private Integer contextOffset(byte[] context) throws IOException {
    Integer known = writtenContexts.offset(context);
    if (known != null || !writtenContexts.hasRoom(context)) {
      return known;
    }
    int offset = Math.toIntExact(length);
    length += resources.writer().writeContext(written, length, context);
    writtenContexts.add(context, offset);
    return offset;
  }

  void sync() throws IOException {
    if (written != null && synced < length) {
      written.sync();
      synced = length;
    }
  }

  /** Nothing more is written. What was not synced before may be lost by a power cut. */
  void seal() {
    if (written != null) {
      // Where reading goes on by itself.
      close(written);
      written = null;
      writtenContexts = null;
    }
  }

  /** Gives up what was written behind {@code end}, and ends there. */
  void truncate(long end) {
    length = end;
    synced = Math.min(synced, end);
    if (written != null) {
      try {
        written.truncate(end);
        sync();
      } catch (IOException e) {
        resources.health().warn("cannot shorten " + path, e);
      }
      seal();
    }
  }

  // ---- read

  /** Blocks that wait to be read, behind all that do. */
  void addUnread(int events, int messages) {
    unreadEvents += events;
    unreadMessages += messages;
  }

  /** The block that ends there is in memory, and nothing before it is unread. */
  void inMemory(long end) {
    position = end;
    inFlight++;
  }

  /**
   * Counts what is in it, if it is one of ours.
   *
   * @return false when another version wrote it
   */
  boolean scan() throws IOException {
    long version = readHeader();
    if (version > VERSION) {
      return false;
    }
    long first = position;
    BlockHeader header;
    while ((header = next()) != null) {
      addUnread(header.events(), header.messages());
      position += header.bytes();
    }
    position = first;
    synced = length;
    settledBefore = null;
    closeRead();
    return true;
  }

  /** Leaves the position at the first block. */
  private int readHeader() throws IOException {
    if (length >= HEADER_BYTES) {
      ByteBuffer header = resources.readAhead().read(reading(), 0, HEADER_BYTES, length);
      if (header.getInt(0) == MAGIC && header.getInt(20) == BlockHeader.crc(header, 0, 20)) {
        done(header.getLong(8));
        position = HEADER_BYTES;
        return header.getInt(4);
      }
    }
    // Which blocks are settled is not known then, as the id is not.
    done(ThreadLocalRandom.current().nextLong());
    position = 0;
    return VERSION;
  }

  /**
   * The next block of events that is not settled; what is damaged before it is set aside. Null at
   * the end.
   */
  BlockHeader next() throws IOException {
    if (found != null && foundAt == position) {
      return found;
    }
    while (position < length) {
      BlockHeader header = headerAt(position, resources.readAhead());
      if (header == null) {
        long good = search(position + 1);
        setAside(position, good, "no block; what follows is used");
        position = good;
      } else if (header.isContext() || isSettledBefore(position)) {
        position += header.bytes();
      } else {
        found = header;
        foundAt = position;
        return header;
      }
    }
    return null;
  }

  private BlockHeader headerAt(long offset, ReadAheadBuffer readAhead) throws IOException {
    if (offset + BlockHeader.BYTES > length) {
      return null;
    }
    BlockHeader header =
        BlockHeader.read(readAhead.read(reading(), offset, BlockHeader.BYTES, length), 0);
    return header != null && offset + header.bytes() <= length ? header : null;
  }

  private long search(long from) throws IOException {
    long at = from;
    while (at + BlockHeader.BYTES <= length) {
      int piece = (int) Math.min(resources.readAhead().capacity(), length - at);
      ByteBuffer bytes = resources.readAhead().read(reading(), at, piece, length);
      for (int i = 0; i + BlockHeader.BYTES <= piece; i++) {
        if (bytes.getInt(i) == BlockHeader.MAGIC) {
          BlockHeader header = BlockHeader.read(bytes, i);
          if (header != null && at + i + header.bytes() <= length) {
            return at + i;
          }
        }
      }
      at += piece - BlockHeader.BYTES + 1;
    }
    return length;
  }

  private boolean isSettledBefore(long offset) throws IOException {
    if (settledBefore == null) {
      settledBefore = done.load();
    }
    return Arrays.binarySearch(settledBefore, (int) offset) >= 0;
  }

  /**
   * Takes the block that {@link #next} found, without the events that damage took; then it is set
   * aside too. If that was all of them, it is done with.
   */
  List<Event> take(BlockHeader header) throws IOException {
    long offset = position;
    ByteBuffer payload =
        resources
            .readAhead()
            .read(reading(), offset + BlockHeader.BYTES, header.payloadBytes(), length);
    List<Event> events = decode(header, payload);
    position += header.bytes();
    unreadEvents -= header.events();
    unreadMessages -= header.messages();
    if (events.size() < header.events()) {
      setAside(offset, position, header.events() - events.size() + " events, dropped");
    }
    if (events.isEmpty()) {
      done.add((int) offset);
    } else {
      inFlight++;
    }
    return events;
  }

  private List<Event> decode(BlockHeader header, ByteBuffer payload) throws IOException {
    if (!header.matches(payload)) {
      return List.of();
    }
    try {
      return resources.reader().read(payload, header.events(), own, this::context);
    } catch (RuntimeException e) {
      resources.health().warn(path + ", block at " + position, e);
      return List.of();
    }
  }

  /** That of the block there; null when it is damaged, then it is set aside. */
  private byte[] context(int offset) throws IOException {
    if (readContexts == null) {
      readContexts = new HashMap<>();
    }
    if (!readContexts.containsKey(offset)) {
      readContexts.put(offset, readContext(offset));
    }
    return readContexts.get(offset);
  }

  private byte[] readContext(int offset) throws IOException {
    ReadAheadBuffer readAhead = resources.contextReadAhead();
    BlockHeader header = headerAt(offset, readAhead);
    if (header == null || !header.isContext()) {
      // Set aside when it was passed over.
      return null;
    }
    ByteBuffer payload =
        readAhead.read(reading(), offset + BlockHeader.BYTES, header.payloadBytes(), length);
    if (!header.matches(payload)) {
      setAside(offset, offset + header.bytes(), "a context; the events that need it are dropped");
      return null;
    }
    byte[] context = new byte[header.payloadBytes()];
    payload.get(context);
    return context;
  }

  private void setAside(long from, long to, String what) throws IOException {
    resources.quarantine().setAside(path, fullName(), reading(), from, to, what);
  }

  /** It cannot be read: in the end it goes where a person may look at it. */
  void setAsideWhenSettled() {
    unreadable = true;
  }

  /** Unique in the data folder. */
  private String fullName() {
    Path partition = path.getParent();
    return partition.getParent().getFileName()
        + "-"
        + partition.getFileName()
        + "-"
        + name(sequence);
  }

  /** What is unread is given up. */
  void discardUnread() {
    position = length;
    unreadEvents = 0;
    unreadMessages = 0;
  }

  private Disk.OpenFile reading() throws IOException {
    if (written != null) {
      return written;
    }
    if (read == null) {
      read = resources.disk().open(path);
    }
    return read;
  }

  void closeRead() {
    if (isSealed()) {
      readContexts = null;
    }
    if (read != null) {
      close(read);
      read = null;
    }
  }

  private void close(Disk.OpenFile file) {
    resources.readAhead().invalidate(file);
    resources.contextReadAhead().invalidate(file);
    try {
      file.close();
    } catch (IOException e) {
      resources.health().warn("cannot close " + path, e);
    }
  }

  void close() {
    seal();
    closeRead();
  }

  // ---- settled

  void settled(int offset) {
    inFlight--;
    done.add(offset);
  }

  void saveDone() {
    if (done != null && done.hasUnsaved()) {
      try {
        done.save();
      } catch (IOException e) {
        resources.health().warn("cannot write which blocks of " + path + " are done with", e);
      }
    }
  }

  /** Nothing of it is needed any more. */
  void removeFile() throws IOException {
    if (unreadable) {
      close();
      resources.quarantine().setAside(path, fullName() + SUFFIX, length);
      // It is not there to be moved again if what follows fails.
      unreadable = false;
    }
    delete();
  }

  /** The events first: the other file alone is nothing. */
  void delete() throws IOException {
    close();
    resources.disk().delete(path);
    if (done != null) {
      done.delete();
    }
  }
}
