package satellite.queue.disk;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The few things that are done to files, so that tests can let them fail. Each either does all of
 * it or throws. One thread at a time, which it may block.
 */
interface Disk {

  Disk REAL = new Real();

  /** A file that is open. */
  interface OpenFile extends Closeable {
    void write(ByteBuffer bytes, long position) throws IOException;

    /** Until {@code into} is full or the file ends. */
    void read(ByteBuffer into, long position) throws IOException;

    void truncate(long size) throws IOException;

    /** All that was written survives a power cut. */
    void sync() throws IOException;

    long size() throws IOException;
  }

  void createFolders(Path folder) throws IOException;

  /** What lies in a folder; nothing where there is none. */
  List<Path> list(Path folder) throws IOException;

  /** To read and write a file that must not exist yet. */
  OpenFile create(Path file) throws IOException;

  /** To read. */
  OpenFile open(Path file) throws IOException;

  /** To write at the end of a file, which is made if need be. */
  OpenFile append(Path file) throws IOException;

  long size(Path file) throws IOException;

  /** No harm if there is none. */
  void delete(Path file) throws IOException;

  void move(Path from, Path to) throws IOException;

  /** The names in a folder survive a power cut. */
  void syncFolder(Path folder) throws IOException;

  /** The disk of this machine. */
  final class Real implements Disk {

    @Override
    public void createFolders(Path folder) throws IOException {
      Files.createDirectories(folder);
    }

    @Override
    public List<Path> list(Path folder) throws IOException {
      List<Path> found = new ArrayList<>();
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
        entries.forEach(found::add);
      } catch (NoSuchFileException e) {
        return List.of();
      }
      return found;
    }

    @Override
    public OpenFile create(Path file) throws IOException {
      return new RealFile(
          FileChannel.open(
              file,
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE));
    }

    @Override
    public OpenFile open(Path file) throws IOException {
      return new RealFile(FileChannel.open(file, StandardOpenOption.READ));
    }

    @Override
    public OpenFile append(Path file) throws IOException {
      return new RealFile(
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE));
    }

    @Override
    public long size(Path file) throws IOException {
      return Files.size(file);
    }

    @Override
    public void delete(Path file) throws IOException {
      Files.deleteIfExists(file);
    }

    @Override
    public void move(Path from, Path to) throws IOException {
      Files.move(from, to);
    }

    @Override
    public void syncFolder(Path folder) throws IOException {
      try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
        names.force(true);
      }
    }
  }

  /** One of its files. */
  record RealFile(FileChannel channel) implements OpenFile {

    @Override
    public void write(ByteBuffer bytes, long position) throws IOException {
      long at = position;
      while (bytes.hasRemaining()) {
        at += channel.write(bytes, at);
      }
    }

    @Override
    public void read(ByteBuffer into, long position) throws IOException {
      long at = position;
      while (into.hasRemaining()) {
        int read = channel.read(into, at);
        if (read < 0) {
          return;
        }
        at += read;
      }
    }

    @Override
    public void truncate(long size) throws IOException {
      channel.truncate(size);
    }

    @Override
    public void sync() throws IOException {
      channel.force(false);
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
