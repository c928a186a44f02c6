package satellite.pipes.deadletters;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.BitSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One file of letters, a line each, and beside it, in {@code <name>.done}, the numbers of those
 * lines that are done with: sent again or purged. Letters are only ever added at the end, by one
 * process; done lines by any. Where the two files are gone, there is nothing to read: no error.
 *
 * @param name without its ending: when it was begun, and a number
 */
record DeadLetterFile(Path folder, String name) implements Comparable<DeadLetterFile> {

  private static final String ENDING = ".jsonl";
  private static final String DONE = ".done";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final Pattern NAME =
      Pattern.compile("(\\d{8}T\\d{6}Z)-(\\d{1,9})(" + ENDING + "(" + DONE + ")?)");

  private static final Pattern MARK = Pattern.compile("^(\\d{1,9}) done$", Pattern.MULTILINE);

  /** No line of ours is longer; what is, is not kept in memory. */
  private static final int LONGEST_LINE = 256 << 20;

  /** What a file name is. */
  enum Kind {
    LETTERS,
    DONE,
    FOREIGN
  }

  static Kind kind(Path path) {
    Matcher name = NAME.matcher(path.getFileName().toString());
    if (!name.matches() || begun(name.group(1)) == null) {
      return Kind.FOREIGN;
    }
    return name.group(4) == null ? Kind.LETTERS : Kind.DONE;
  }

  /** Of a path of letters, or of those that are done. */
  static DeadLetterFile of(Path path) {
    String name = path.getFileName().toString();
    return new DeadLetterFile(path.getParent(), name.substring(0, name.indexOf(ENDING)));
  }

  /**
   * One that is not there yet.
   *
   * @param last the new one comes behind it, even if the clock went back; may be null
   */
  static DeadLetterFile begun(Path folder, Instant now, DeadLetterFile last) {
    String time = TIME.format(now);
    int number = 0;
    if (last != null && !last.begun().isBefore(begun(time))) {
      time = TIME.format(last.begun());
      number = last.number();
    }
    DeadLetterFile file;
    do {
      file = new DeadLetterFile(folder, time + "-" + ++number);
    } while (Files.exists(file.letters()) || Files.exists(file.done()));
    return file;
  }

  private static Instant begun(String time) {
    try {
      return LocalDateTime.parse(time, TIME).toInstant(ZoneOffset.UTC);
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  Instant begun() {
    return begun(name.substring(0, name.indexOf('-')));
  }

  private int number() {
    return Integer.parseInt(name.substring(name.indexOf('-') + 1));
  }

  /** In the order in which they were begun. */
  @Override
  public int compareTo(DeadLetterFile other) {
    int byTime = begun().compareTo(other.begun());
    return byTime != 0 ? byTime : Integer.compare(number(), other.number());
  }

  Path letters() {
    return folder.resolve(name + ENDING);
  }

  Path done() {
    return folder.resolve(name + ENDING + DONE);
  }

  String id(int line) {
    return name + "." + line;
  }

  /** Gets each line, with its number from 1 on. */
  interface Lines {
    void line(int number, byte[] bytes) throws IOException;
  }

  /**
   * Reads all lines that have an end.
   *
   * @return the bytes behind the last one: of a line that is being written, or never will be
   */
  long read(Lines lines) throws IOException {
    try (InputStream in = Files.newInputStream(letters())) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      byte[] chunk = new byte[1 << 16];
      int number = 0;
      long length = 0;
      int count;
      while ((count = in.read(chunk)) >= 0) {
        int start = 0;
        for (int i = 0; i < count; i++) {
          if (chunk[i] == '\n') {
            line.write(chunk, start, i - start);
            lines.line(++number, line.toByteArray());
            line.reset();
            length = 0;
            start = i + 1;
          }
        }
        length += count - start;
        if (length <= LONGEST_LINE) {
          line.write(chunk, start, count - start);
        }
      }
      return length;
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  /** The numbers of the lines that are done. */
  BitSet doneLines() throws IOException {
    BitSet lines = new BitSet();
    String text;
    try {
      text = Files.readString(done(), StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      return lines;
    }
    // A line without its last word was cut off.
    Matcher marks = MARK.matcher(text);
    while (marks.find()) {
      lines.set(Integer.parseInt(marks.group(1)));
    }
    return lines;
  }

  /** Written and synced when it returns. */
  void markDone(BitSet lines) throws IOException {
    // What a crash cut off must not run into the first number.
    StringBuilder text = new StringBuilder("\n");
    lines.stream().forEach(line -> text.append(line).append(" done\n"));
    byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);
    try (FileChannel channel =
        FileChannel.open(done(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      writeFully(channel, ByteBuffer.wrap(bytes));
      channel.force(true);
    }
  }

  static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Deletes both, if every letter in it is done and nobody is writing it. */
  boolean deleteIfDone() throws IOException {
    try (FileChannel channel =
            FileChannel.open(letters(), StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock == null) {
        return false;
      }
      if (open() > 0) {
        return false;
      }
    } catch (NoSuchFileException e) {
      // Somebody was quicker.
    } catch (OverlappingFileLockException e) {
      return false;
    }
    delete();
    return true;
  }

  void delete() throws IOException {
    // In this order: what is left after a crash is only a list of numbers.
    Files.deleteIfExists(letters());
    Files.deleteIfExists(done());
  }

  /** Out of the way, for a person to look at. */
  void setAside() throws IOException {
    Files.move(letters(), folder.resolve(name + ".damaged"), StandardCopyOption.REPLACE_EXISTING);
    Files.deleteIfExists(done());
  }

  /** A file is safe when its folder is: where the system can do that. */
  static void sync(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Not everywhere are folders files.
    }
  }

  /** Letters that are neither done nor damaged. */
  int open() throws IOException {
    BitSet done = doneLines();
    int[] open = {0};
    read((number, line) -> open[0] += !done.get(number) && StoredDeadLetter.isWhole(line) ? 1 : 0);
    return open[0];
  }
}
