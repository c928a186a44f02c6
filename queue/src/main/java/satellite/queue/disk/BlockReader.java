package satellite.queue.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import satellite.queue.Event;

/** Reads what {@link BlockWriter} wrote. One thread. */
final class BlockReader {

  private static final byte[] EMPTY = {};

  /** Those of the segment that have blocks of their own. */
  interface Contexts {
    /** By its block's offset; null where that is damaged. */
    byte[] at(int offset) throws IOException;
  }

  private final Clock clock;
  private final List<String> strings = new ArrayList<>();
  private final List<byte[]> contexts = new ArrayList<>();

  BlockReader(Clock clock) {
    this.clock = clock;
  }

  /**
   * The events of a block, without those whose context is lost.
   *
   * @param payload whose checksum is right
   * @param own written by this process: its {@code nanoTime} is ours
   * @throws RuntimeException it is no such payload all the same
   */
  List<Event> read(ByteBuffer payload, int events, boolean own, Contexts shared)
      throws IOException {
    strings.clear();
    contexts.clear();
    List<Event> read = new ArrayList<>(Math.min(events, payload.remaining()));
    for (int i = 0; i < events; i++) {
      Event event = event(payload, own, shared);
      if (event != null) {
        read.add(event);
      }
    }
    return read;
  }

  private Event event(ByteBuffer from, boolean own, Contexts shared) throws IOException {
    long nanos = from.getLong();
    long wall = from.getLong();
    String method = string(from);
    String key = string(from);
    String group = string(from);
    byte[] context = context(from, shared);
    int messages = number(from);
    byte[][] parts = new byte[length(from)][];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = bytes(from);
    }
    if (context == null) {
      return null;
    }
    return new Event(
        method, key, group, context, parts, messages, own ? nanos : clock.nanosOf(wall));
  }

  private String string(ByteBuffer from) {
    int which = number(from);
    if (which == BlockWriter.NULL) {
      return null;
    }
    if (which != BlockWriter.NEW) {
      return strings.get(which - BlockWriter.KNOWN);
    }
    String string = new String(bytes(from), StandardCharsets.UTF_8);
    strings.add(string);
    return string;
  }

  private byte[] context(ByteBuffer from, Contexts shared) throws IOException {
    int which = number(from);
    if (which < 0) {
      return shared.at(-which);
    }
    if (which != BlockWriter.NEW) {
      return contexts.get(which - BlockWriter.KNOWN);
    }
    byte[] context = bytes(from);
    contexts.add(context);
    return context;
  }

  private static byte[] bytes(ByteBuffer from) {
    int length = length(from);
    if (length == 0) {
      return EMPTY;
    }
    byte[] bytes = new byte[length];
    from.get(bytes);
    return bytes;
  }

  /** Of something that is still to come, so no more than there is. */
  private static int length(ByteBuffer from) {
    int length = number(from);
    if (length < 0 || length > from.remaining()) {
      throw new IllegalArgumentException(length + " of " + from.remaining() + " bytes");
    }
    return length;
  }

  private static int number(ByteBuffer from) {
    int value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      byte next = from.get();
      value |= (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number of more than five bytes");
  }
}
