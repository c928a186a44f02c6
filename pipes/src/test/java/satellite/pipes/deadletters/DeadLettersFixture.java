package satellite.pipes.deadletters;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import satellite.queue.DeadLetter;
import satellite.queue.DiskConfig;
import satellite.queue.Event;

/** A store on a folder of its own, whose clock and timers the test turns. */
@Timeout(120)
abstract class DeadLettersFixture {

  static final String LOGS = "/skywalking.v3.LogReportService/collect";
  static final Instant START = Instant.parse("2026-11-22T23:30:07Z");

  /** Does at once, on its one thread, what it is told; what is for later, when the test says so. */
  static final class HandThread extends ScheduledThreadPoolExecutor {
    final List<Runnable> repeated = new CopyOnWriteArrayList<>();
    final List<Runnable> later = new CopyOnWriteArrayList<>();
    private final AtomicInteger undone = new AtomicInteger();

    HandThread() {
      super(1);
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(
        Runnable task, long first, long delay, TimeUnit unit) {
      repeated.add(task);
      execute(task);
      return null;
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
      if (delay == 0) {
        // How execute() comes here.
        undone.incrementAndGet();
        return super.schedule(() -> run(task), delay, unit);
      }
      later.add(task);
      return null;
    }

    private void run(Runnable task) {
      try {
        task.run();
      } finally {
        undone.decrementAndGet();
      }
    }

    /** Everything that it was told is done, and what that led to. */
    void settle() {
      while (undone.get() > 0) {
        LockSupport.parkNanos(100_000);
      }
    }

    void tick() {
      repeated.forEach(this::execute);
      settle();
    }

    void runLater() {
      List<Runnable> due = new ArrayList<>(later);
      later.clear();
      due.forEach(this::execute);
      settle();
    }
  }

  final class HandClock extends Clock {
    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return START.plusNanos(nanos);
    }
  }

  @TempDir Path data;

  /** Since {@link #START}. */
  volatile long nanos;

  final Clock clock = new HandClock();
  final HandThread thread = new HandThread();
  final List<Event> sentAgain = new CopyOnWriteArrayList<>();
  volatile long maxBytes = 1 << 20;
  private final List<DeadLetterStore> stores = new ArrayList<>();

  void pass(Duration time) {
    nanos += time.toNanos();
  }

  DeadLetterStore started() {
    return started((pipe, event) -> sentAgain.add(event));
  }

  DeadLetterStore started(BiPredicate<String, Event> pipes) {
    DiskConfig config =
        new DiskConfig(data, 1 << 20, 1 << 16, Duration.ofSeconds(1), maxBytes, Duration.ofDays(1));
    DeadLetterStore store = new DeadLetterStore(config, thread, clock, () -> nanos);
    stores.add(store);
    store.start(pipes);
    thread.settle();
    return store;
  }

  @AfterEach
  void closeStores() {
    stores.forEach(DeadLetterStore::close);
    thread.shutdownNow();
  }

  DeadLetterFolder folder() {
    return new DeadLetterFolder(data, clock);
  }

  final List<String> damaged = new ArrayList<>();

  List<StoredDeadLetter> letters() throws IOException {
    List<StoredDeadLetter> letters = new ArrayList<>();
    damaged.clear();
    folder().read(letters::add, damaged::add);
    return letters;
  }

  List<String> texts() throws IOException {
    return letters().stream().map(letter -> text(letter.event(0))).toList();
  }

  static String text(Event event) {
    return new String(event.parts().get(0), StandardCharsets.UTF_8);
  }

  DeadLetter letter(String text) {
    return letter("logpipe", text);
  }

  DeadLetter letter(String pipe, String text) {
    byte[][] parts = {text.getBytes(StandardCharsets.UTF_8)};
    Event event = new Event(LOGS, null, null, new byte[0], parts, 1, nanos);
    return new DeadLetter(
        clock.instant(), pipe, "127.0.0.1:11800", "invalid_argument", "no", event);
  }

  /** Files of that ending in the folder of the letters. */
  List<Path> files(String ending) throws IOException {
    List<Path> files = new ArrayList<>(DeadLetterFolder.paths(folder().path()));
    files.removeIf(path -> !path.toString().endsWith(ending));
    files.sort(null);
    return files;
  }

  static void append(Path file, String text) throws IOException {
    Files.writeString(file, Files.readString(file) + text);
  }
}
