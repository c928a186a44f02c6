package satellite.queue.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * {@code lock}: while a process holds the system's lock on it, the data folder is its own. The file
 * says who that is, and stays when the process is gone; the lock does not. This process must not
 * open that file elsewhere: the system would take the lock from it when that is closed.
 */
final class FolderLock implements AutoCloseable {

  /** Behind the text, which others may read then on any system. */
  private static final long LOCKED_BYTE = 1 << 20;

  private static final int TEXT_CHARS = 200;

  private final FileChannel file;

  private FolderLock(FileChannel file) {
    this.file = file;
  }

  /**
   * @throws FolderInUseException another process has it
   */
  static FolderLock take(Path folder) throws IOException {
    Path path = folder.resolve("lock");
    FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (!isFree(file)) {
        throw new FolderInUseException(folder, Files.readString(path).strip());
      }
      // As long as any before it, so that nothing of that is left.
      String text = String.format("%-" + TEXT_CHARS + "s%n", owner());
      file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
      return new FolderLock(file);
    } catch (IOException | FolderInUseException e) {
      file.close();
      throw e;
    }
  }

  private static boolean isFree(FileChannel file) throws IOException {
    try {
      FileLock lock = file.tryLock(LOCKED_BYTE, 1, false);
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  private static String owner() {
    return "process "
        + ProcessHandle.current().pid()
        + " on "
        + host()
        + " since "
        + Instant.now().truncatedTo(ChronoUnit.SECONDS);
  }

  /** Without asking the network, which may take its time. */
  private static String host() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException e) {
      return System.getenv().getOrDefault("COMPUTERNAME", "this host");
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
