package satellite.pipes.pipe;

import java.util.function.Supplier;
import satellite.queue.Event;
import satellite.queue.MemoryQueue;
import satellite.queue.PartsBuilder;
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
  private final PartsBuilder parts;
  private Event first;
  private String key;
  private int messages;

  /** What was acquired for it. */
  private long charge;

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
    this.parts = partition.newParts();
    this.maxMessages = maxMessages;
    this.maxBytes = maxBytes;
    this.onEvent = onEvent;
    this.receipts = receipts;
  }

  /** False when there is no space; then nothing was taken. */
  public boolean offer(Event piece) {
    boolean joins = first != null && joins(piece);
    // The context is charged once.
    long bytes = joins ? piece.bytes() - piece.context().length : piece.bytes();
    if (!partition.acquire(bytes)) {
      return false;
    }
    if (!joins) {
      flush();
      first = piece;
    }
    charge += bytes;
    key = piece.key() == null ? key : piece.key();
    parts.addAll(piece.parts());
    piece.unloaded();
    messages += piece.messages();
    if (messages >= maxMessages) {
      flush();
    }
    return true;
  }

  private boolean joins(Event piece) {
    return piece.group().equals(first.group())
        && piece.context() == first.context()
        && first.context().length + parts.length() + piece.payloadBytes() <= maxBytes;
  }

  public boolean isEmpty() {
    return first == null;
  }

  /** Puts what was gathered into the queue. */
  public void flush() {
    if (first == null) {
      return;
    }
    partition.put(
        new Event(
            first.method(),
            key,
            first.group(),
            first.context(),
            parts.build(),
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
      parts.discard();
      partition.release(charge);
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
    key = null;
    messages = 0;
    charge = 0;
  }
}
