package satellite.discovery;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * {@code finder_type: file}: a node per line as {@link NodeText} reads it, {@code #} begins a
 * comment. Looks at the file once a second and takes a new content when it finds it twice in a row;
 * at the start at once. A file that is missing or has a bad line is an error; an empty one is the
 * empty set. All on the timer's thread, the first time on the one that starts.
 */
public final class FileDiscovery implements Discovery {

  static final int MAX_BYTES = 1 << 20;
  static final int MAX_NODES = 1000;

  private final Path path;
  private final ScheduledExecutorService timer;
  private final Source source;
  private Future<?> polling;
  private boolean closed;
  private boolean polled;
  private Stamp taken;
  private String seen;

  /** What is another after every change, be it written in place, renamed or behind a new link. */
  private record Stamp(long size, FileTime modified, Object key) {}

  public FileDiscovery(Path path, ScheduledExecutorService timer, Clock clock) {
    this.path = path;
    this.timer = timer;
    this.source = new Source("file " + path, clock);
  }

  @Override
  public synchronized void start(Consumer<Set<Node>> listener) {
    if (closed) {
      return;
    }
    source.listen(listener);
    poll();
    polling = timer.scheduleWithFixedDelay(this::poll, 1, 1, TimeUnit.SECONDS);
  }

  private synchronized void poll() {
    try {
      readFile();
    } catch (NoSuchFileException e) {
      failed("no such file; it must have a line host:port for each node");
    } catch (CharacterCodingException e) {
      failed("is not UTF-8 text");
    } catch (IOException | RuntimeException e) {
      failed("cannot be read: " + e);
    }
    polled = true;
  }

  private void failed(String why) {
    taken = null;
    seen = null;
    source.failed(path + ": " + why);
  }

  private void readFile() throws IOException {
    var attributes = Files.readAttributes(path, BasicFileAttributes.class);
    if (!attributes.isRegularFile()) {
      failed("is no file; it must be one, with a line host:port for each node");
      return;
    }
    // Before it is read: what is written in between changes the stamp of the next poll.
    var stamp = new Stamp(attributes.size(), attributes.lastModifiedTime(), attributes.fileKey());
    if (stamp.equals(taken)) {
      return;
    }
    String content = content();
    if (polled && !content.equals(seen)) {
      seen = content;
      return;
    }
    taken = stamp;
    seen = content;
    try {
      source.found(nodes(content));
    } catch (IllegalArgumentException e) {
      source.failed(path + " " + e.getMessage());
    }
  }

  private String content() throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(path)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    }
    if (bytes.length > MAX_BYTES) {
      throw new IOException("it is larger than " + MAX_BYTES + " bytes");
    }
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
  }

  /** A byte order mark, as some editors write it, is no part of the first line. */
  private static Set<Node> nodes(String content) {
    Map<String, Node> nodes = new HashMap<>();
    int number = 0;
    for (String line : content.replaceFirst("^\uFEFF", "").lines().toList()) {
      number++;
      int comment = line.indexOf('#');
      String text = (comment < 0 ? line : line.substring(0, comment)).strip();
      if (text.isEmpty()) {
        continue;
      }
      Node node;
      try {
        node = NodeText.parse(text);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("line " + number + ": " + e.getMessage(), e);
      }
      Node other = nodes.putIfAbsent(node.address(), node);
      if (other != null && !other.equals(node)) {
        throw new IllegalArgumentException(
            "line " + number + ": " + node + " is listed before with another weight or zone");
      }
      if (nodes.size() > MAX_NODES) {
        throw new IllegalArgumentException(
            "line " + number + ": there must be no more than " + MAX_NODES + " nodes");
      }
    }
    return Set.copyOf(nodes.values());
  }

  @Override
  public List<SourceStatus> statuses() {
    return List.of(source.status());
  }

  @Override
  public void close() {
    source.close();
    synchronized (this) {
      closed = true;
      if (polling != null) {
        polling.cancel(false);
      }
    }
  }
}
