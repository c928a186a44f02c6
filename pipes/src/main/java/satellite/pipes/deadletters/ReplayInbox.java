package satellite.pipes.deadletters;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import java.util.function.LongSupplier;
import satellite.pipes.protocol.Protocols;
import satellite.queue.Event;

/**
 * The letters that a person wants to be sent again: reads them out of their folder and hands their
 * events to their pipes. What a pipe does not take stays for later. A letter that was taken is
 * marked as done after that, so a crash in between lets it be sent twice rather than lose it.
 *
 * <p>Its state belongs to the thread of the {@link DeadLetterStore}.
 */
final class ReplayInbox {

  private static final System.Logger LOG = System.getLogger("dead-letters");
  private static final int MOST_TOLD = 100;
  private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** What is left of a file. */
  private static final class Rest {
    /** Lines that need not be looked at again, also where the disk could not be told so. */
    final BitSet taken;

    long pauseNanos = FIRST_PAUSE_NANOS;
    long notBeforeNanos;

    Rest(BitSet taken, long now) {
      this.taken = taken;
      this.notBeforeNanos = now;
    }

    void pause(long now, boolean moved) {
      pauseNanos = moved ? FIRST_PAUSE_NANOS : Math.min(2 * pauseNanos, LONGEST_PAUSE_NANOS);
      notBeforeNanos = now + pauseNanos;
    }
  }

  private final Path folder;
  private final Duration age;
  private final BiPredicate<String, Event> pipes;
  private final Clock clock;
  private final LongSupplier nanoTime;
  private final Map<DeadLetterFile, Rest> rests = new HashMap<>();

  /** What the log told of once: pipes that take nothing, and lines that are no letters. */
  private final Set<String> told = new HashSet<>();

  private volatile long expired;

  /**
   * @param age what nobody took for so long is deleted
   */
  ReplayInbox(
      Path folder,
      Duration age,
      BiPredicate<String, Event> pipes,
      Clock clock,
      LongSupplier nanoTime) {
    this.folder = folder;
    this.age = age;
    this.pipes = pipes;
    this.clock = clock;
    this.nanoTime = nanoTime;
  }

  /**
   * Reads the oldest file that is due, if there is one.
   *
   * @return whether there may be more to do at once
   */
  boolean poll() throws IOException {
    rests.keySet().removeIf(file -> !Files.exists(file.letters()));
    long now = nanoTime.getAsLong();
    for (DeadLetterFile file : DeadLetterFolder.files(folder)) {
      Rest rest = rests.get(file);
      if (rest == null) {
        rest = new Rest(file.doneLines(), now);
        rests.put(file, rest);
      }
      if (rest.notBeforeNanos - now <= 0) {
        return take(file, rest);
      }
    }
    return false;
  }

  /** Whether that file is done with. */
  private boolean take(DeadLetterFile file, Rest rest) throws IOException {
    BitSet taken = new BitSet();
    Set<String> full = new HashSet<>();
    boolean[] damaged = {false};
    file.read(
        (number, line) -> {
          if (rest.taken.get(number)) {
            return;
          }
          StoredDeadLetter letter = StoredDeadLetter.read(file.id(number), line);
          if (letter == null) {
            damaged[0] = true;
            tellOnce(DeadLetterFolder.damaged(file, number, line.length) + "; not sent again");
          } else if (full.contains(letter.pipe()) || !take(letter)) {
            // Those behind it must not overtake it.
            full.add(letter.pipe());
          } else {
            taken.set(number);
          }
        });
    rest.taken.or(taken);
    rest.pause(nanoTime.getAsLong(), !taken.isEmpty());
    if (!taken.isEmpty()) {
      LOG.log(INFO, "{0} dead letters are sent again", String.valueOf(taken.cardinality()));
    }
    if (!full.isEmpty()) {
      if (!taken.isEmpty()) {
        file.markDone(taken);
      }
      if (file.begun().plus(age).isBefore(clock.instant())) {
        expire(file);
      }
      return false;
    }
    // Before it goes: a command of the same second may begin another file under its name.
    rests.remove(file);
    if (damaged[0]) {
      file.setAside();
    } else {
      file.delete();
    }
    return true;
  }

  private void expire(DeadLetterFile file) throws IOException {
    int letters = file.open();
    rests.remove(file);
    file.delete();
    expired += letters;
    LOG.log(
        WARNING,
        "{0} dead letters that nobody took since {1} are deleted",
        String.valueOf(letters),
        file.begun());
  }

  /** Letters that nobody took for too long. */
  long expired() {
    return expired;
  }

  private boolean take(StoredDeadLetter letter) {
    if (Protocols.of(letter.method()) == null || Protocols.of(letter.method()).reading() == null) {
      tellOnce(letter.method() + " is not a method that a pipe forwards");
      return false;
    }
    Duration age = Duration.between(letter.received(), clock.instant());
    long receivedNanos = nanoTime.getAsLong() - Math.max(0, age.toNanos());
    if (pipes.test(letter.pipe(), letter.event(receivedNanos))) {
      return true;
    }
    tellOnce("pipe " + letter.pipe() + " is not there, or has no space");
    return false;
  }

  private void tellOnce(String what) {
    if (told.size() < MOST_TOLD && told.add(what)) {
      LOG.log(WARNING, "dead letters that are to be sent again wait in {0}: {1}", folder, what);
    }
  }
}
