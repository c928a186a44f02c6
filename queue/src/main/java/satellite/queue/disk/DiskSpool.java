package satellite.queue.disk;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import satellite.queue.Account;
import satellite.queue.Acknowledgement;
import satellite.queue.Event;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;
import satellite.queue.Receipt;
import satellite.queue.Spool;

/**
 * One partition's segments. Other threads only add to its lists; all else belongs to the disk
 * thread, which runs {@link #write}, {@link #commit} and {@link #readBack} one after the other.
 *
 * <pre>
 *   add ─► arrived ─► waiting ─► block at the end of the last segment ─► ... ─► first segment ─► memory
 *                        └──────────────── nothing is before it, memory has room ─────────────────┘
 * </pre>
 */
final class DiskSpool implements Spool {

  private static final System.Logger LOG = System.getLogger("disk");

  /** Of events as memory counts them: what comes back at once, and is settled at once. */
  private static final long BLOCK_BYTES = 128 << 10;

  /** What has come so far waits no longer for more. */
  private static final long WORTH_WRITING = BLOCK_BYTES / 4;

  /** Then others have their turn. */
  private static final int BLOCKS_AT_ONCE = 8;

  private static final int READ_ATTEMPTS = 3;
  private static final long READ_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final DataFolder folder;
  private final DiskResources resources;
  private final Segments segments;
  private final QueueConfig queue;
  private final boolean durable;
  private final boolean dropsOldest;
  private final Account account;
  private final Memory memory;

  private final AtomicBoolean isDue = new AtomicBoolean();
  private final AtomicLong unread = new AtomicLong();
  private final AtomicLong arrivedBytes = new AtomicLong();
  private final Queue<Event> arrived = new ConcurrentLinkedQueue<>();
  private final Queue<Event> toPersist = new ConcurrentLinkedQueue<>();
  private final Queue<InFlightBlock> settled = new ConcurrentLinkedQueue<>();
  private volatile long waitingBytes;
  private volatile boolean persisting;
  private volatile boolean closed;
  private volatile boolean starved;

  private final Deque<Segment> notScanned = new ArrayDeque<>();
  private final Deque<Segment> scanned = new ArrayDeque<>();
  private final Deque<Event> waiting = new ArrayDeque<>();
  private final Deque<Event> persistWaiting = new ArrayDeque<>();
  private final List<UncommittedBlock> uncommitted = new ArrayList<>();
  private boolean recovering;
  private long unreadOnDisk;
  private int readErrors;
  private long readErrorNanos;
  private boolean accepted = true;

  /** A block whose events wait for its sync. */
  private record UncommittedBlock(Segment segment, long offset, long end, List<Event> events) {}

  DiskSpool(
      DataFolder folder,
      DiskResources resources,
      Segments segments,
      QueueConfig queue,
      Account account,
      Memory memory) {
    this.folder = folder;
    this.resources = resources;
    this.segments = segments;
    this.queue = queue;
    this.durable = queue.acknowledgement() == Acknowledgement.DURABLE;
    this.dropsOldest = queue.whenFull() == WhenFull.DROP_OLDEST;
    this.account = account;
    this.memory = memory;
  }

  // ---- any thread

  @Override
  public boolean accepts() {
    return !closed
        && resources.health().isUp()
        && (dropsOldest || segments.hasRoom(BLOCK_BYTES + arrivedBytes.get() + waitingBytes));
  }

  @Override
  public long unread() {
    return unread.get();
  }

  @Override
  public void add(Event event) {
    if (closed) {
      failReceipt(event, "Satellite is stopping");
      account.dropped("disk", event.messages());
      event.unloaded();
      memory.written(1, event.bytes());
      return;
    }
    // First, so that whoever comes after it in its source goes the same way.
    unread.incrementAndGet();
    account.spilled(event.messages());
    arrived.add(event);
    long bytes = arrivedBytes.addAndGet(event.bytes());
    if (durable || bytes >= WORTH_WRITING) {
      due();
    } else {
      dueSoon();
    }
  }

  @Override
  public void memoryFreed() {
    if (starved) {
      starved = false;
      due();
    }
  }

  @Override
  public boolean persist(List<Event> events) {
    persisting = true;
    if (closed) {
      return false;
    }
    // Whether the disk works or not: it is tried once more at the end, and what has a copy there
    // already must not be given up because another one cannot be written.
    for (Event event : events) {
      unread.incrementAndGet();
      account.spilled(event.messages());
      toPersist.add(event);
    }
    due();
    return true;
  }

  private void due() {
    if (isDue.compareAndSet(false, true)) {
      folder.due(this);
    }
    folder.runNow();
  }

  private void dueSoon() {
    if (isDue.compareAndSet(false, true)) {
      folder.due(this);
      folder.runSoon();
    }
  }

  // ---- the disk thread: what was there before

  /** Looks which segments there are. From now on all that is added goes behind them. */
  void findSegments() {
    try {
      notScanned.addAll(segments.find(queue.partitions()));
    } catch (IOException e) {
      resources.health().warn("cannot list " + segments.pipeFolder(), e);
    }
    if (!notScanned.isEmpty()) {
      recovering = true;
      unread.incrementAndGet();
    }
  }

  /** Counts one segment more; false when all are, from then on they come back. */
  boolean scanNext() {
    Segment segment = notScanned.poll();
    if (segment == null) {
      scanEnds();
      return false;
    }
    try {
      if (segment.scan()) {
        scanned.addLast(segment);
        unreadOnDisk += segment.unreadEvents();
        unread.addAndGet(segment.unreadEvents());
        account.recovered(segment.unreadMessages());
        account.spilled(segment.unreadMessages());
      } else {
        LOG.log(
            System.Logger.Level.WARNING,
            "{0} was written by a newer Satellite and is left alone",
            segment.path());
      }
    } catch (IOException | RuntimeException e) {
      segment.closeRead();
      resources.health().warn("cannot read " + segment.path() + ", left for the next start", e);
    }
    return true;
  }

  private void scanEnds() {
    if (recovering) {
      segments.prepend(scanned);
      scanned.clear();
      recovering = false;
      unread.decrementAndGet();
      due();
    }
  }

  // ---- the disk thread: to disk

  /** Writes what arrived. Nothing of a durable pipe is promised before {@link #commit}. */
  void write() {
    isDue.set(false);
    settle();
    takeArrived();
    if (!durable) {
      bypassDisk();
    }
    if (waiting.isEmpty() && persistWaiting.isEmpty()) {
      return;
    }
    if (!resources.health().isUp()) {
      cannotWrite("the disk does not work: " + resources.health().lastError());
      return;
    }
    try {
      writePersisted();
      writeWaiting();
    } catch (IOException e) {
      resources.health().failed("cannot write to " + segments.pipeFolder(), e);
      cannotWrite("cannot write: " + e.getMessage());
    }
  }

  private void takeArrived() {
    Event event;
    long bytes = 0;
    while ((event = arrived.poll()) != null) {
      waiting.addLast(event);
      bytes += event.bytes();
    }
    waits(bytes);
    arrivedBytes.addAndGet(-bytes);
    while ((event = toPersist.poll()) != null) {
      persistWaiting.addLast(event);
    }
  }

  private void waits(long bytes) {
    waitingBytes = waitingBytes + bytes;
  }

  /** What waits stays in memory, and is tried again; but nobody waits for its receipt. */
  private void cannotWrite(String detail) {
    for (int i = durable ? waiting.size() : 0; i > 0; i--) {
      waiting.addLast(failReceipt(waiting.removeFirst(), detail));
    }
    bypassDisk();
  }

  private Event failReceipt(Event event, String detail) {
    if (event.receipt() == null) {
      return event;
    }
    try {
      event.receipt().failed("disk", detail);
    } catch (RuntimeException e) {
      resources.health().warn("a receipt", e);
    }
    return event.onDisk(null);
  }

  /** Whatever waits and has nothing before it needs no disk while there is memory. */
  private void bypassDisk() {
    while (!waiting.isEmpty() && nothingIsBefore() && uncommitted.isEmpty()) {
      starved = true;
      if (!memory.tryReserve(0)) {
        return;
      }
      starved = false;
      Event event = waiting.removeFirst();
      waits(-event.bytes());
      account.spilled(-event.messages());
      memory.enqueueDirectly(event);
      unread.decrementAndGet();
    }
  }

  private boolean nothingIsBefore() {
    return !persisting && !recovering && unreadOnDisk == 0;
  }

  private void writeWaiting() throws IOException {
    while (!waiting.isEmpty()) {
      List<Event> block = firstBlock(waiting);
      long bytes = bytes(block);
      // What waits at an orderly end is not lost for the bound's sake.
      if (!persisting && !makeRoom(bytes)) {
        cannotWrite("the bound of the disk is reached");
        return;
      }
      Segment segment = segments.activeSegment();
      long offset = segments.append(segment, block);
      for (int i = 0; i < block.size(); i++) {
        waiting.removeFirst();
      }
      waits(-bytes);
      if (durable) {
        segment.awaitingSync(true);
        uncommitted.add(new UncommittedBlock(segment, offset, segment.length(), block));
      } else {
        onDisk(segment, block);
      }
      if (!segments.sealIfFull(segment)) {
        return;
      }
    }
  }

  private static List<Event> firstBlock(Deque<Event> from) {
    List<Event> block = new ArrayList<>();
    long bytes = 0;
    for (Event event : from) {
      if (!block.isEmpty() && bytes + event.bytes() > BLOCK_BYTES) {
        break;
      }
      bytes += event.bytes();
      block.add(event);
    }
    return block;
  }

  private static long bytes(List<Event> events) {
    long bytes = 0;
    for (Event event : events) {
      bytes += event.bytes();
    }
    return bytes;
  }

  private static int messages(List<Event> events) {
    int messages = 0;
    for (Event event : events) {
      messages += event.messages();
    }
    return messages;
  }

  /** It needs no memory any more, and waits for its turn. */
  private void onDisk(Segment segment, List<Event> block) {
    segment.addUnread(block.size(), messages(block));
    unreadOnDisk += block.size();
    block.forEach(Event::unloaded);
    memory.written(block.size(), bytes(block));
  }

  private boolean makeRoom(long bytes) {
    while (!segments.hasRoom(bytes)) {
      if (!dropsOldest || !segments.dropOldest(oldest -> lose(oldest, "queue_full"))) {
        return false;
      }
    }
    return true;
  }

  private void lose(Segment segment, String reason) {
    long events = segment.unreadEvents();
    account.dropped(reason, segment.unreadMessages());
    account.spilled(-segment.unreadMessages());
    segment.discardUnread();
    unreadOnDisk -= events;
    unread.addAndGet(-events);
  }

  /** Syncs what was written of a durable pipe, tells its receipts, and lets it go on. */
  void commit() {
    boolean good = true;
    List<UncommittedBlock> failed = new ArrayList<>();
    for (UncommittedBlock block : uncommitted) {
      if (good) {
        segments.sync(block.segment);
        good = block.segment.isSynced(block.end);
      }
      if (good) {
        committed(block);
      } else {
        // Later ones too: they must not overtake it.
        failed.add(block);
      }
    }
    uncommitted.forEach(block -> block.segment.awaitingSync(false));
    uncommitted.clear();
    if (!failed.isEmpty()) {
      takeBack(failed);
    }
  }

  private void committed(UncommittedBlock block) {
    for (Event event : block.events) {
      tell(event.receipt());
    }
    if (!nothingIsBefore() || !memory.tryReserve(0)) {
      onDisk(block.segment, block.events);
      return;
    }
    account.spilled(-messages(block.events));
    block.segment.inMemory(block.end);
    InFlightBlock inMemory =
        new InFlightBlock(block.segment, block.offset, block.events.size(), settled);
    for (Event event : block.events) {
      memory.enqueueDirectly(event.onDisk(inMemory));
    }
    unread.addAndGet(-block.events.size());
  }

  private void tell(Receipt receipt) {
    if (receipt != null) {
      try {
        receipt.acknowledged();
      } catch (RuntimeException e) {
        resources.health().warn("a receipt", e);
      }
    }
  }

  private void takeBack(List<UncommittedBlock> failed) {
    String detail = "cannot sync: " + resources.health().lastError();
    for (int i = failed.size() - 1; i >= 0; i--) {
      UncommittedBlock block = failed.get(i);
      segments.truncate(block.segment, block.offset);
      waits(bytes(block.events));
      for (int j = block.events.size() - 1; j >= 0; j--) {
        waiting.addFirst(failReceipt(block.events.get(j), detail));
      }
    }
    bypassDisk();
  }

  private void writePersisted() throws IOException {
    if (persistWaiting.isEmpty()) {
      return;
    }
    List<List<Event>> blocks = new ArrayList<>();
    Deque<Event> rest = new ArrayDeque<>(persistWaiting);
    while (!rest.isEmpty()) {
      List<Event> block = firstBlock(rest);
      block.forEach(event -> rest.removeFirst());
      blocks.add(block);
    }
    segments.persist(blocks);
    for (List<Event> block : blocks) {
      block.forEach(Event::settled);
      memory.written(block.size(), bytes(block));
    }
    persistWaiting.clear();
  }

  // ---- the disk thread: back into memory

  /** As much as memory takes, but not so much that others wait. */
  void readBack() {
    boolean pauses =
        readErrors > 0 && resources.clock().nanos() - readErrorNanos < READ_PAUSE_NANOS;
    for (int i = 0; !pauses && !persisting && !recovering && unreadOnDisk > 0; i++) {
      if (i == BLOCKS_AT_ONCE) {
        due();
        return;
      }
      Segment segment = segments.firstUnread();
      try {
        if (!readBack(segment)) {
          return;
        }
        readErrors = 0;
      } catch (IOException e) {
        readFailed(segment, e);
        return;
      }
    }
  }

  /** One block; false when memory does not take it. */
  private boolean readBack(Segment segment) throws IOException {
    BlockHeader header = segment.next();
    if (header == null) {
      // There is less in it than was counted: it was changed under us.
      lose(segment, "damaged");
    } else {
      starved = true;
      if (!memory.tryReserve(header.memoryBytes())) {
        return false;
      }
      starved = false;
      readBlockBack(segment, header);
    }
    if (segment.unreadEvents() == 0) {
      segment.closeRead();
      segments.deleteSettled();
    }
    return true;
  }

  private void readBlockBack(Segment segment, BlockHeader header) throws IOException {
    long offset = segment.position();
    List<Event> events;
    try {
      events = segment.take(header);
    } catch (IOException e) {
      memory.release(header.memoryBytes());
      throw e;
    }
    unreadOnDisk -= header.events();
    account.spilled(-header.messages());
    int damaged = header.messages() - messages(events);
    if (damaged > 0) {
      account.dropped("damaged", damaged);
    }
    // An earlier version may have counted otherwise.
    memory.release(header.memoryBytes() - bytes(events));
    InFlightBlock block = new InFlightBlock(segment, offset, events.size(), settled);
    events.forEach(event -> memory.enqueueReadBack(event.onDisk(block)));
    // Only now may others go straight to memory.
    unread.addAndGet(-header.events());
  }

  private void readFailed(Segment segment, IOException why) {
    readErrors++;
    readErrorNanos = resources.clock().nanos();
    segment.closeRead();
    resources.health().warn("cannot read " + segment.path(), why);
    if (readErrors < READ_ATTEMPTS) {
      return;
    }
    readErrors = 0;
    lose(segment, "damaged");
    // Not before its last event in memory is settled: a kill may come first.
    segment.setAsideWhenSettled();
    segment.seal();
    segments.deleteSettled();
  }

  // ---- the disk thread: done with

  private void settle() {
    boolean any = false;
    InFlightBlock block;
    while ((block = settled.poll()) != null) {
      block.segment().settled(block.offset());
      any = true;
    }
    if (any) {
      segments.deleteSettled();
    }
  }

  // ---- the disk thread: from time to time

  /** Whatever is due by time, and what nobody would tell of. */
  void tick(boolean syncs) {
    settle();
    segments.tick(syncs);
    if (!waiting.isEmpty() || unreadOnDisk > 0) {
      // Space that other pipes gave back, a pause after an error that is over.
      due();
    }
    boolean accepts = accepts();
    if (accepts && !accepted) {
      memory.acceptsAgain();
    }
    accepted = accepts;
  }

  /** Writes all that is to be kept, and says what could not be. */
  void close() {
    persisting = true;
    closed = true;
    write();
    commit();
    settle();
    segments.close();
    giveUp(waiting);
    persistWaiting.removeIf(Event::isOnDisk);
    giveUp(persistWaiting);
  }

  private void giveUp(Deque<Event> events) {
    List<Event> lost = List.copyOf(events);
    events.clear();
    if (!lost.isEmpty()) {
      account.dropped("disk", messages(lost));
      account.spilled(-messages(lost));
      unread.addAndGet(-lost.size());
      lost.forEach(Event::unloaded);
      memory.written(lost.size(), bytes(lost));
    }
  }
}
