package satellite.queue.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;

/** The disk of this machine, which fails when told so, and knows what a power cut would leave. */
final class FaultyDisk implements Disk {

  enum Fault {
    FOLDERS,
    LIST,
    CREATE,
    OPEN,
    APPEND,
    WRITE,
    TORN_WRITE,
    READ,
    SYNC,
    TRUNCATE,
    DELETE,
    SYNC_FOLDER
  }

  final Set<Fault> faults = EnumSet.noneOf(Fault.class);
  private final Disk real = new Disk.Real();
  private final Map<Path, Long> synced = new HashMap<>();
  private final Set<Path> nameless = new java.util.HashSet<>();
  int writes;

  FaultyDisk failing(Fault... what) {
    faults.addAll(List.of(what));
    return this;
  }

  void recovers() {
    faults.clear();
  }

  private void mayFail(Fault fault) throws IOException {
    if (faults.contains(fault)) {
      throw new IOException(fault == Fault.WRITE ? "No space left on device" : fault + " failed");
    }
  }

  /**
   * Copies what a power cut would leave: all that was synced, and of the rest as much as chance
   * wants, perhaps as zeros.
   */
  synchronized void powerCut(Path from, Path to, Random random) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : (Iterable<Path>) all::iterator) {
        Path copy = to.resolve(from.relativize(path));
        if (Files.isDirectory(path)) {
          Files.createDirectories(copy);
        } else if (!nameless.contains(path) || random.nextBoolean()) {
          byte[] bytes = Files.readAllBytes(path);
          int safe = (int) Math.min(bytes.length, synced.getOrDefault(path, 0L));
          int left = safe + random.nextInt(bytes.length - safe + 1);
          byte[] rest = java.util.Arrays.copyOf(bytes, left);
          if (random.nextInt(3) == 0) {
            java.util.Arrays.fill(rest, safe, left, (byte) 0);
          }
          Files.write(copy, rest);
        }
      }
    }
  }

  @Override
  public void createFolders(Path folder) throws IOException {
    mayFail(Fault.FOLDERS);
    real.createFolders(folder);
  }

  @Override
  public List<Path> list(Path folder) throws IOException {
    mayFail(Fault.LIST);
    return real.list(folder);
  }

  @Override
  public synchronized OpenFile create(Path file) throws IOException {
    mayFail(Fault.CREATE);
    nameless.add(file);
    return new FaultyFile(file, real.create(file));
  }

  @Override
  public OpenFile open(Path file) throws IOException {
    mayFail(Fault.OPEN);
    return new FaultyFile(file, real.open(file));
  }

  @Override
  public OpenFile append(Path file) throws IOException {
    mayFail(Fault.APPEND);
    return new FaultyFile(file, real.append(file));
  }

  @Override
  public long size(Path file) throws IOException {
    return real.size(file);
  }

  @Override
  public synchronized void delete(Path file) throws IOException {
    mayFail(Fault.DELETE);
    real.delete(file);
    synced.remove(file);
    nameless.remove(file);
  }

  @Override
  public void move(Path from, Path to) throws IOException {
    real.move(from, to);
  }

  @Override
  public synchronized void syncFolder(Path folder) throws IOException {
    mayFail(Fault.SYNC_FOLDER);
    nameless.removeIf(file -> folder.equals(file.getParent()));
  }

  private final class FaultyFile implements OpenFile {
    private final Path path;
    private final OpenFile file;

    FaultyFile(Path path, OpenFile file) {
      this.path = path;
      this.file = file;
    }

    @Override
    public void write(ByteBuffer bytes, long position) throws IOException {
      writes++;
      mayFail(Fault.WRITE);
      if (faults.contains(Fault.TORN_WRITE)) {
        file.write(bytes.limit(bytes.position() + bytes.remaining() / 2), position);
        throw new IOException("Input/output error");
      }
      synchronized (FaultyDisk.this) {
        file.write(bytes, position);
      }
    }

    @Override
    public void read(ByteBuffer into, long position) throws IOException {
      mayFail(Fault.READ);
      file.read(into, position);
    }

    @Override
    public void truncate(long size) throws IOException {
      mayFail(Fault.TRUNCATE);
      synchronized (FaultyDisk.this) {
        file.truncate(size);
        synced.computeIfPresent(path, (any, length) -> Math.min(length, size));
      }
    }

    /** Only told, not done: tests have many syncs and no power cut but this one's. */
    @Override
    public void sync() throws IOException {
      mayFail(Fault.SYNC);
      synchronized (FaultyDisk.this) {
        synced.put(path, file.size());
      }
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
