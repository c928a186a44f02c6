package satellite.pipes.pipe;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import satellite.queue.Event;
import satellite.queue.MemoryQueue;
import satellite.queue.Receipt;

/**
 * Joins what comes on one stream to longer events before they are queued: fewer events, and fewer
 * upstream messages. What it holds is charged to the queue. One thread.
 */
public final class Gatherer {

  private final MemoryQueue.Partition partition;
  private final int maxMessages;
  private final int maxBytes;
  private final Runnable onEvent;
  private final Supplier<Receipt> receipts;
  private final List<byte[]> parts = new ArrayList<>();
  private Event first;
  private Event last;
  private String key;
  private int messages;
  private int bytes;

  /**
   * @param onEvent told when what was gathered went into the queue
   * @param receipts one for each event that goes there; gives null where nobody waits
   */
  public Gatherer(
      MemoryQueue.Partition partition,
      int maxMessages,
      int maxBytes,
      Runnable onEvent,
      Supplier<Receipt> receipts) {
    this.partition = partition;
    this.maxMessages = maxMessages;
    this.maxBytes = maxBytes;
    this.onEvent = onEvent;
    this.receipts = receipts;
  }

  /** False when there is no space; then nothing was taken. */
  public boolean offer(Event piece) {
    if (!partition.acquire(piece.bytes())) {
      return false;
    }
    if (last != null && !joins(piece)) {
      flush();
    }
    if (first == null) {
      first = piece;
      bytes = piece.context().length;
    }
    last = piece;
    key = piece.key() == null ? key : piece.key();
    parts.addAll(Arrays.asList(piece.parts()));
    bytes += piece.payloadBytes();
    messages += piece.messages();
    if (messages >= maxMessages) {
      flush();
    }
    return true;
  }

  private boolean joins(Event piece) {
    return piece.group().equals(last.group())
        && piece.context() == last.context()
        && bytes + piece.payloadBytes() <= maxBytes;
  }

  public boolean isEmpty() {
    return first == null;
  }

  /** Puts what was gathered into the queue. */
  public void flush() {
    if (first == null) {
      return;
    }
    byte[][] all = parts.toArray(byte[][]::new);
    partition.put(
        new Event(
            first.method(),
            key,
            first.group(),
            first.context(),
            all,
            messages,
            first.receivedNanos(),
            receipts.get()));
    onEvent.run();
    forget();
  }

  /** Gives up what was gathered; how many messages that were. */
  public int discard() {
    int given = messages;
    if (first != null) {
      partition.release(bytes - first.context().length + (long) Event.OVERHEAD_BYTES * messages);
    }
    forget();
    return given;
  }

  /** Who the gathered is of, if anything told. */
  public String key() {
    return key;
  }

  private void forget() {
    first = null;
    last = null;
    key = null;
    messages = 0;
    bytes = 0;
    parts.clear();
  }
}
