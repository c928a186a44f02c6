package satellite.pipes.deadletters;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiPredicate;
import java.util.function.LongSupplier;
import satellite.queue.DeadLetter;
import satellite.queue.DeadLetters;
import satellite.queue.DiskConfig;
import satellite.queue.Event;

/**
 * The dead letters of a running Satellite: writes them into the {@link DeadLetterFolder} of its
 * data folder, keeps that within its bounds, and sends again what a person put there for that.
 *
 * <p>Letters are handed over to a thread that writes them all, each round synced at its end. When
 * the disk fails, what was handed over is kept and tried again, and nothing more is taken until it
 * works. Everything else belongs to that thread as well; the accessors may be called by any.
 */
public final class DeadLetterStore implements DeadLetters, AutoCloseable {

  private static final System.Logger LOG = System.getLogger("dead-letters");

  /** What waits for the disk at most, unless it is a single letter. */
  static final long HANDED_OVER_BYTES = 4 << 20;

  /** A file is closed when it is that long; the bounds delete whole files. */
  private static final long FILE_BYTES = 1 << 20;

  /** There are at least so many files before the bounds take the first one. */
  private static final int FILES = 16;

  private static final long POLL_SECONDS = 1;
  private static final long RETRY_SECONDS = 5;
  private static final long LOG_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long CLOSE_SECONDS = 5;

  private record HandedOver(DeadLetter letter, Instant received, long bytes, Runnable kept) {}

  /** What is known of a file without reading it again. */
  private static final class Kept {
    int letters;
    int done;
    long bytes;
    long doneBytes;

    int open() {
      return Math.max(0, letters - done);
    }
  }

  private final Path folder;
  private final Path replayFolder;
  private final long maxBytes;
  private final long fileBytes;
  private final Duration age;
  private final Duration fileAge;
  private final ScheduledExecutorService thread;
  private final Clock clock;
  private final LongSupplier nanoTime;

  private final Queue<HandedOver> handedOver = new ConcurrentLinkedQueue<>();
  private final AtomicLong handedOverBytes = new AtomicLong();
  private final AtomicInteger wakeUps = new AtomicInteger();
  private volatile boolean failing;
  private volatile boolean closed;

  private final Deque<HandedOver> unwritten = new ArrayDeque<>();
  private final TreeMap<DeadLetterFile, Kept> files = new TreeMap<>();
  private final Set<Path> foreign = new HashSet<>();
  private boolean scanned;
  private DeadLetterFile file;

  /** The newest so far, also when it is gone: a command may still mark lines of that name. */
  private DeadLetterFile newest;

  private FileChannel channel;
  private ReplayInbox inbox;
  private Future<?> polling;
  private long lastLogNanos;
  private long lastDownNanos;

  private volatile long count;
  private volatile long bytes;
  private volatile long expired;

  /** Touches nothing: {@link #start} does. */
  public DeadLetterStore(
      DiskConfig config, ScheduledExecutorService thread, Clock clock, LongSupplier nanoTime) {
    DeadLetterFolder folder = new DeadLetterFolder(config.folder(), clock);
    this.folder = folder.path();
    this.replayFolder = folder.replayFolder();
    this.maxBytes = config.deadLetterBytes();
    this.fileBytes = Math.min(FILE_BYTES, maxBytes / FILES);
    this.age = config.deadLetterAge();
    this.fileAge = age.dividedBy(FILES);
    this.thread = thread;
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.lastLogNanos = nanoTime.getAsLong() - LOG_NANOS;
  }

  /**
   * From now on looks every second at what others changed: letters that are done with, and those
   * that are to be sent again.
   *
   * @param pipes takes an event for the pipe of that name; false where there is no such pipe, or no
   *     space in it now. Called by the store's thread
   */
  public void start(BiPredicate<String, Event> pipes) {
    inbox = new ReplayInbox(replayFolder, age, pipes, clock, nanoTime);
    polling = thread.scheduleWithFixedDelay(this::poll, 0, POLL_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public boolean add(DeadLetter letter, Runnable kept) {
    long size = StoredDeadLetter.estimate(letter);
    if (failing || closed || size > maxBytes) {
      return false;
    }
    long before = handedOverBytes.getAndAdd(size);
    long waited = nanoTime.getAsLong() - letter.event().receivedNanos();
    HandedOver handed =
        new HandedOver(letter, clock.instant().minusNanos(Math.max(0, waited)), size, kept);
    if (before > 0 && before + size > HANDED_OVER_BYTES) {
      handedOverBytes.addAndGet(-size);
      return false;
    }
    handedOver.add(handed);
    if (wake() && !closed) {
      return true;
    }
    // Nobody may come for it any more, unless somebody just did.
    boolean back = handedOver.remove(handed);
    if (back) {
      handedOverBytes.addAndGet(-size);
    }
    return !back;
  }

  private boolean wake() {
    if (wakeUps.getAndIncrement() > 0) {
      return true;
    }
    try {
      thread.execute(this::write);
      return true;
    } catch (RejectedExecutionException e) {
      wakeUps.set(0);
      return false;
    }
  }

  private void write() {
    int seen = wakeUps.get();
    do {
      try {
        scan();
        writeHandedOver();
        up();
      } catch (IOException e) {
        down("cannot write to " + folder, e);
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.ERROR, "dead letters: " + e, e);
        down("cannot write to " + folder, new IOException(e.toString()));
      }
      seen = wakeUps.addAndGet(-seen);
    } while (seen != 0 && !failing);
    wakeUps.set(0);
  }

  private void up() {
    if (failing) {
      failing = false;
      LOG.log(INFO, "dead letters are written to {0} again", folder);
    }
  }

  private void down(String what, IOException e) {
    long now = nanoTime.getAsLong();
    if (!failing || now - lastDownNanos >= LOG_NANOS) {
      lastDownNanos = now;
      LOG.log(WARNING, "{0}: {1}; until it works, what a node refuses is dropped", what, words(e));
    }
    failing = true;
    try {
      if (!closed) {
        thread.schedule(this::write, RETRY_SECONDS, TimeUnit.SECONDS);
      }
    } catch (RejectedExecutionException closing) {
      // There is nobody left who could try again.
    }
  }

  private static String words(IOException e) {
    String name = e.getClass().getSimpleName();
    return name.equals("IOException") ? e.getMessage() : name + " " + e.getMessage();
  }

  private void log(String what) {
    long now = nanoTime.getAsLong();
    if (now - lastLogNanos >= LOG_NANOS) {
      lastLogNanos = now;
      LOG.log(WARNING, what);
    }
  }

  /** All or, when it throws, those in front: the others are still unwritten. */
  private void writeHandedOver() throws IOException {
    for (HandedOver next; (next = handedOver.poll()) != null; ) {
      unwritten.add(next);
    }
    while (!unwritten.isEmpty()) {
      openFile();
      long first = unwritten.peek().bytes();
      makeRoom(Math.max(first, Math.min(fileBytes, handedOverBytes.get())));
      writeRound();
    }
  }

  /** As many as fit into the file, at least one. */
  private void writeRound() throws IOException {
    long start = channel.position();
    int written = 0;
    try {
      OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
      long size = start;
      for (HandedOver next : unwritten) {
        if (written > 0 && size + next.bytes() > fileBytes) {
          break;
        }
        StoredDeadLetter.write(next.letter(), next.received(), out);
        size += next.bytes();
        written++;
      }
      out.flush();
      channel.force(false);
    } catch (IOException e) {
      takeBack(start);
      throw e;
    }
    Kept kept = files.get(file);
    kept.letters += written;
    kept.bytes = channel.position();
    for (int i = 0; i < written; i++) {
      HandedOver done = unwritten.remove();
      handedOverBytes.addAndGet(-done.bytes());
      done.kept().run();
    }
    sum();
  }

  /** What was not written to its end, or not synced, will be written again, elsewhere. */
  private void takeBack(long start) {
    DeadLetterFile failed = file;
    try {
      channel.truncate(start);
      if (start == 0) {
        failed.delete();
        files.remove(failed);
      }
    } catch (IOException e) {
      // A torn line at the end of a file is passed over by all who read it.
    }
    closeFile();
  }

  private void openFile() throws IOException {
    if (channel != null && channel.position() >= fileBytes) {
      closeFile();
    }
    if (channel != null) {
      return;
    }
    Files.createDirectories(folder);
    if (newest == null && !files.isEmpty()) {
      newest = files.lastKey();
    }
    DeadLetterFile next = DeadLetterFile.begun(folder, clock.instant(), newest);
    channel =
        FileChannel.open(next.letters(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    DeadLetterFile.sync(folder);
    file = next;
    newest = next;
    files.put(next, new Kept());
    try {
      // Tells commands that it is being written; goes with the channel.
      channel.tryLock();
    } catch (IOException e) {
      // Not on every file system; commands cannot lock it either then, and leave it alone.
    }
  }

  private void closeFile() {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      log("cannot close " + file.letters() + ": " + words(e));
    }
    channel = null;
    file = null;
  }

  /** Oldest files first, until there is room for that much more. */
  private void makeRoom(long more) throws IOException {
    while (bytes + more > maxBytes) {
      DeadLetterFile oldest = files.firstKey();
      if (oldest.equals(file)) {
        if (channel.position() == 0) {
          // The rest is being sent again: it goes by itself.
          return;
        }
        closeFile();
      }
      expire(oldest);
      openFile();
    }
  }

  private void expire(DeadLetterFile old) throws IOException {
    old.delete();
    expired += files.remove(old).open();
    sum();
  }

  /** What others may have changed. Every second. */
  private void poll() {
    if (failing) {
      return;
    }
    try {
      scan();
      closeOld();
      followOthers();
      if (!closed && inbox.poll()) {
        thread.execute(this::poll);
      }
      sum();
    } catch (IOException e) {
      log("cannot look into " + folder + ": " + words(e));
    } catch (RejectedExecutionException e) {
      // The end.
    } catch (RuntimeException e) {
      // A bug; it must not end the polling.
      LOG.log(System.Logger.Level.ERROR, "dead letters: " + e, e);
    }
  }

  private void closeOld() throws IOException {
    Instant now = clock.instant();
    if (file != null && !file.begun().plus(fileAge).isAfter(now)) {
      closeFile();
    }
    for (Iterator<DeadLetterFile> all = files.keySet().iterator(); all.hasNext(); ) {
      DeadLetterFile next = all.next();
      if (next.equals(file) || !next.begun().plus(fileAge).plus(age).isBefore(now)) {
        continue;
      }
      next.delete();
      expired += files.get(next).open();
      all.remove();
    }
  }

  /** Commands mark letters as done, and delete files that are done as a whole. */
  private void followOthers() throws IOException {
    Set<DeadLetterFile> there = new HashSet<>();
    for (Path path : DeadLetterFolder.paths(folder)) {
      DeadLetterFile.Kind kind = DeadLetterFile.kind(path);
      if (kind == DeadLetterFile.Kind.LETTERS) {
        there.add(DeadLetterFile.of(path));
      } else if (kind == DeadLetterFile.Kind.DONE) {
        followDone(DeadLetterFile.of(path), path);
      }
    }
    if (file != null && !there.contains(file)) {
      // Deleted by hand: what is written from now on must not go with it.
      closeFile();
    }
    files.keySet().retainAll(there);
  }

  private void followDone(DeadLetterFile done, Path path) throws IOException {
    Kept kept = files.get(done);
    if (kept == null) {
      if (!Files.exists(done.letters())) {
        Files.deleteIfExists(path);
      }
      return;
    }
    long size = Files.exists(path) ? Files.size(path) : 0;
    if (size != kept.doneBytes) {
      kept.doneBytes = size;
      kept.done = done.doneLines().cardinality();
    }
    if (kept.open() == 0 && !done.equals(file) && done.deleteIfDone()) {
      files.remove(done);
    }
  }

  /** Once: what an earlier Satellite left. */
  private void scan() throws IOException {
    if (scanned) {
      return;
    }
    for (Path path : DeadLetterFolder.paths(folder)) {
      if (DeadLetterFile.kind(path) == DeadLetterFile.Kind.FOREIGN
          && !isOurs(path)
          && foreign.add(path)) {
        LOG.log(INFO, "{0} is no file of dead letters and is left alone", path);
      }
    }
    for (DeadLetterFile old : DeadLetterFolder.files(folder)) {
      Kept kept = new Kept();
      long torn =
          old.read(
              (number, line) -> {
                if (StoredDeadLetter.isWhole(line)) {
                  kept.letters++;
                } else {
                  LOG.log(WARNING, DeadLetterFolder.damaged(old, number, line.length));
                }
              });
      if (torn > 0) {
        LOG.log(
            WARNING,
            "{0}: the last {1} bytes are no whole letter; they are passed over",
            old.letters(),
            String.valueOf(torn));
      }
      kept.bytes = Files.size(old.letters());
      files.put(old, kept);
    }
    scanned = true;
    followOthers();
    sum();
    if (count > 0) {
      LOG.log(INFO, "{0} dead letters are in {1}", String.valueOf(count), folder);
    }
  }

  private boolean isOurs(Path path) {
    return path.equals(replayFolder)
        || path.getFileName().toString().equals(DeadLetterFolder.COMMANDS_LOCK);
  }

  private void sum() throws IOException {
    long letters = 0;
    long size = 0;
    for (Kept kept : files.values()) {
      letters += kept.open();
      size += kept.bytes + kept.doneBytes;
    }
    for (DeadLetterFile waiting : DeadLetterFolder.files(replayFolder)) {
      size += Files.exists(waiting.letters()) ? Files.size(waiting.letters()) : 0;
    }
    count = letters;
    bytes = size;
  }

  /** Letters that are kept and not done with. */
  public long count() {
    return count;
  }

  /** All files, also of what is to be sent again. */
  public long bytes() {
    return bytes;
  }

  /** Letters deleted by the bounds, by this process. */
  public long expired() {
    return expired + (inbox == null ? 0 : inbox.expired());
  }

  /** Whether the last thing that was written could be. */
  public boolean isUp() {
    return !failing;
  }

  /** Writes what was handed over; to be called before its thread ends. Waits for some seconds. */
  @Override
  public void close() {
    closed = true;
    if (polling != null) {
      polling.cancel(false);
    }
    try {
      Future<?> end = thread.submit(this::end);
      end.get(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (RejectedExecutionException | ExecutionException | TimeoutException e) {
      LOG.log(WARNING, "dead letters: no orderly end, {0}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void end() {
    write();
    closeFile();
    if (!unwritten.isEmpty()) {
      LOG.log(
          WARNING,
          "{0} dead letters could not be written to {1} and are lost",
          String.valueOf(unwritten.size()),
          folder);
    }
  }
}
