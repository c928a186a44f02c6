package satellite.pipes.deadletters;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The dead letters of a data folder, as those see them who come from outside: whether a Satellite
 * is running on it makes no difference to them.
 *
 * <pre>
 * dead-letters/
 *   20261122T233007Z-1.jsonl        letters, a line each; the newest file is being written
 *   20261122T233007Z-1.jsonl.done   numbers of its lines that are done with
 *   commands.lock                   locked by a command that changes something
 *   replay/                         what is to be sent again: files of the same kind
 * </pre>
 */
public final class DeadLetterFolder {

  /** A replay is cut into files of about this size, so that a Satellite reads it in turns. */
  private static final int REPLAY_FILE_BYTES = 1 << 20;

  private static final String TEMPORARY = ".tmp";

  /** A file lock holds between processes only. */
  private static final ReentrantLock WITHIN_PROCESS = new ReentrantLock();

  private final Path folder;
  private final Clock clock;

  public DeadLetterFolder(Path dataFolder, Clock clock) {
    this.folder = dataFolder.resolve("dead-letters");
    this.clock = clock;
  }

  public Path path() {
    return folder;
  }

  /** Where the letters lie that are to be sent again. */
  public Path replayFolder() {
    return folder.resolve("replay");
  }

  /** Oldest first; none where there is no folder. */
  List<DeadLetterFile> files() throws IOException {
    return files(folder);
  }

  static List<DeadLetterFile> files(Path folder) throws IOException {
    List<DeadLetterFile> files = new ArrayList<>();
    for (Path path : paths(folder)) {
      if (DeadLetterFile.kind(path) == DeadLetterFile.Kind.LETTERS) {
        files.add(DeadLetterFile.of(path));
      }
    }
    files.sort(null);
    return files;
  }

  static List<Path> paths(Path folder) throws IOException {
    List<Path> paths = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      stream.forEach(paths::add);
    } catch (NoSuchFileException e) {
      // Nothing was written yet.
    } catch (NotDirectoryException e) {
      throw new IOException(folder + " is not a folder", e);
    }
    return paths;
  }

  /**
   * Reads all letters that are not done with, oldest first.
   *
   * @param damaged told of every line that is none, in words; those are passed over
   */
  public void read(Consumer<StoredDeadLetter> reader, Consumer<String> damaged) throws IOException {
    for (DeadLetterFile file : files()) {
      read(file, (letter, line, bytes) -> reader.accept(letter), damaged);
    }
  }

  /** Letters that wait for a Satellite to send them again. */
  public int waiting() throws IOException {
    int waiting = 0;
    for (DeadLetterFile file : files(replayFolder())) {
      waiting += file.open();
    }
    return waiting;
  }

  private interface Reader {
    void letter(StoredDeadLetter letter, int line, byte[] bytes) throws IOException;
  }

  private static void read(DeadLetterFile file, Reader reader, Consumer<String> damaged)
      throws IOException {
    BitSet done = file.doneLines();
    file.read(
        (number, line) -> {
          if (done.get(number)) {
            return;
          }
          StoredDeadLetter letter = StoredDeadLetter.read(file.id(number), line);
          if (letter != null) {
            reader.letter(letter, number, line);
          } else {
            damaged.accept(damaged(file, number, line.length));
          }
        });
  }

  static String damaged(DeadLetterFile file, int line, int bytes) {
    return file.letters() + ", line " + line + ": damaged, or not a letter (" + bytes + " bytes)";
  }

  /**
   * What a command did.
   *
   * @param messages client messages in the letters
   * @param bytes of their payload
   */
  public record Moved(int letters, long messages, long bytes) {
    private Moved plus(StoredDeadLetter letter) {
      return new Moved(letters + 1, messages + letter.messages(), bytes + letter.bytes());
    }
  }

  /** Done with: they are not shown any more, and their files go when all in them is done. */
  public Moved purge(Predicate<StoredDeadLetter> chosen, Consumer<String> damaged)
      throws IOException {
    return exclusively(() -> move(chosen, damaged, null));
  }

  /**
   * Puts letters where a Satellite looks for what is to be sent again, and is done with them here.
   * When it is interrupted in between they are in both places: twice rather than lost.
   */
  public Moved replay(Predicate<StoredDeadLetter> chosen, Consumer<String> damaged)
      throws IOException {
    return exclusively(
        () -> {
          Files.createDirectories(replayFolder());
          for (Path path : paths(replayFolder())) {
            if (path.toString().endsWith(TEMPORARY)) {
              // Of a command that was interrupted: its letters are still here.
              Files.delete(path);
            }
          }
          try (ReplayFiles replay = new ReplayFiles()) {
            return move(chosen, damaged, replay);
          }
        });
  }

  private Moved move(
      Predicate<StoredDeadLetter> chosen, Consumer<String> damaged, ReplayFiles replay)
      throws IOException {
    Moved[] moved = {new Moved(0, 0, 0)};
    for (DeadLetterFile file : files()) {
      BitSet lines = new BitSet();
      read(
          file,
          (letter, line, bytes) -> {
            if (chosen.test(letter)) {
              lines.set(line);
              moved[0] = moved[0].plus(letter);
              if (replay != null) {
                replay.add(bytes);
              }
            }
          },
          damaged);
      if (!lines.isEmpty()) {
        if (replay != null) {
          replay.finish();
        }
        file.markDone(lines);
        file.deleteIfDone();
      }
    }
    return moved[0];
  }

  /** Letters on their way into the replay folder, whose files appear there complete. */
  private final class ReplayFiles implements AutoCloseable {
    private DeadLetterFile file;
    private FileChannel channel;

    void add(byte[] line) throws IOException {
      if (channel != null && channel.size() + line.length > REPLAY_FILE_BYTES) {
        finish();
      }
      if (channel == null) {
        file = DeadLetterFile.begun(replayFolder(), clock.instant(), file);
        channel =
            FileChannel.open(temporary(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      }
      DeadLetterFile.writeFully(channel, ByteBuffer.wrap(line));
      DeadLetterFile.writeFully(channel, ByteBuffer.wrap(new byte[] {'\n'}));
    }

    private Path temporary() {
      return replayFolder().resolve(file.name() + TEMPORARY);
    }

    void finish() throws IOException {
      if (channel == null) {
        return;
      }
      channel.force(true);
      channel.close();
      channel = null;
      Files.move(temporary(), file.letters(), StandardCopyOption.ATOMIC_MOVE);
      DeadLetterFile.sync(replayFolder());
    }

    @Override
    public void close() throws IOException {
      if (channel != null) {
        channel.close();
      }
    }
  }

  private interface Change {
    Moved make() throws IOException;
  }

  /** One command after the other; the Satellite that owns the folder is not held up. */
  private Moved exclusively(Change change) throws IOException {
    WITHIN_PROCESS.lock();
    try {
      if (!Files.isDirectory(folder)) {
        return new Moved(0, 0, 0);
      }
      try (FileChannel channel =
              FileChannel.open(
                  folder.resolve(COMMANDS_LOCK),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        return change.make();
      }
    } finally {
      WITHIN_PROCESS.unlock();
    }
  }

  static final String COMMANDS_LOCK = "commands.lock";
}
