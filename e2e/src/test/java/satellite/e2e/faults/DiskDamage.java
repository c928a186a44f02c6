package satellite.e2e.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.stream.Stream;

/**
 * What can happen to the files below a data folder while nobody is at home. Each tells which items
 * it has destroyed; whatever else the damage costs must be found {@link #setAside}.
 */
final class DiskDamage {

  private DiskDamage() {}

  /** The end of a file that was being written is missing. */
  static FaultRun.Damage torn(Random random) {
    return data -> {
      Path file = any(data, ".segment", random);
      if (file == null) {
        return List.of();
      }
      byte[] bytes = read(file);
      int cut = 1 + random.nextInt(Math.max(1, Math.min(bytes.length, 500)));
      int left = Math.max(0, bytes.length - cut);
      write(file, Arrays.copyOf(bytes, left));
      // An id that is cut in two is gone too.
      return ids(bytes, left - 20, bytes.length);
    };
  }

  /**
   * A write that never came to its end, and so was never acknowledged, stands behind all else: the
   * first bytes of a block, its last ones, or zeros.
   */
  static FaultRun.Damage halfWritten(Random random) {
    return data -> {
      for (Path file : files(data, ".segment")) {
        byte[] bytes = read(file);
        int length = Math.min(bytes.length, 1 + random.nextInt(60));
        int from = random.nextBoolean() ? 0 : bytes.length - length;
        byte[] longer = Arrays.copyOf(bytes, bytes.length + length);
        if (random.nextInt(3) > 0) {
          System.arraycopy(bytes, from, longer, bytes.length, length);
        }
        write(file, longer);
      }
      return List.of();
    };
  }

  /**
   * A few bits have another value.
   *
   * @param suffix of the files
   */
  static FaultRun.Damage flipped(String suffix, Random random) {
    return data -> {
      List<String> hit = new ArrayList<>();
      Path file = any(data, suffix, random);
      byte[] bytes = file == null ? new byte[0] : read(file);
      for (int i = 0; i < 3 && bytes.length > 0; i++) {
        int place = random.nextInt(bytes.length);
        hit.addAll(ids(bytes, place - 20, place + 20));
        bytes[place] ^= (byte) (1 << random.nextInt(8));
      }
      if (file != null) {
        write(file, bytes);
      }
      return hit;
    };
  }

  /** A file is gone. */
  static FaultRun.Damage missing(String suffix, Random random) {
    return data -> {
      Path file = any(data, suffix, random);
      if (file == null) {
        return List.of();
      }
      byte[] bytes = read(file);
      delete(file);
      return ids(bytes, 0, bytes.length);
    };
  }

  /** Things lie about that nobody there has made. */
  static FaultRun.Damage foreign(Random random) {
    return data -> {
      byte[] noise = new byte[1000];
      random.nextBytes(noise);
      write(data.resolve("README"), noise);
      write(data.resolve("pipes").resolve("notes.txt"), noise);
      for (Path folder : partitions(data)) {
        write(folder.resolve("core"), noise);
        write(folder.resolve("notes.segment"), noise);
        write(folder.resolve("notes.done"), noise);
        write(folder.resolve("1.segment.tmp"), noise);
        mkdirs(folder.resolve("lost+found"));
        mkdirs(folder.resolve("2.segment"));
        // With the right names, but without the right contents.
        mkdirs(folder.resolve("0000004294967207.segment"));
        write(folder.resolve("0000004294967208.segment"), noise);
        write(folder.resolve("0000004294967208.done"), noise);
        write(folder.resolve("0000004294967209.segment"), new byte[0]);
        write(folder.resolve("0000004294999999.done"), noise);
        // With no number that any Satellite would have.
        write(folder.resolve("0000000000000007.segment"), noise);
        write(folder.resolve("9999999999999999.done"), noise);
      }
      mkdirs(data.resolve("pipes").resolve("nopipe").resolve("0"));
      mkdirs(data.resolve("pipes").resolve("logpipe").resolve("backup"));
      return List.of();
    };
  }

  /** The ids in what Satellite has set aside. */
  static List<String> setAside(Path data) {
    List<String> ids = new ArrayList<>();
    for (Path file : files(data.resolve("damaged"), "")) {
      byte[] bytes = read(file);
      ids.addAll(ids(bytes, 0, bytes.length));
    }
    return ids;
  }

  // ---- files

  static List<Path> files(Path folder, String suffix) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .filter(path -> path.toString().endsWith(suffix))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> partitions(Path data) {
    return files(data, ".segment").stream().map(Path::getParent).distinct().toList();
  }

  /** Null if there is none that holds something. */
  private static Path any(Path data, String suffix, Random random) {
    List<Path> files = files(data, suffix).stream().filter(file -> read(file).length > 0).toList();
    return files.isEmpty() ? null : files.get(random.nextInt(files.size()));
  }

  private static List<String> ids(byte[] bytes, int from, int to) {
    int begin = Math.max(0, from);
    int end = Math.min(bytes.length, to);
    String text = new String(bytes, begin, end - begin, StandardCharsets.ISO_8859_1);
    Matcher ids = Ledger.ID.matcher(text);
    List<String> found = new ArrayList<>();
    while (ids.find()) {
      found.add(ids.group());
    }
    return found;
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path file, byte[] bytes) {
    try {
      Files.createDirectories(file.getParent());
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void mkdirs(Path folder) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
