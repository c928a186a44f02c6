package satellite.queue;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a client reported, on its way through Satellite: immutable, made by a receiver, settled as
 * part of a {@link Batch}.
 */
public final class Event {

  /** What an event costs on the heap beside its payload: object, arrays, queue node. */
  public static final int OVERHEAD_BYTES = 160;

  private final String method;
  private final String key;
  private final String group;
  private final byte[] context;
  private final byte[][] parts;
  private final int messages;
  private final int payloadBytes;
  private final long receivedNanos;
  private final Receipt receipt;
  private final Runnable onSettled;

  /**
   * @param method the gRPC method it arrived on, as {@code /package.Service/Method}
   * @param key identity that must stay on one node; null where any node will do
   * @param group events of one group may share an upstream message or stream; null where all may
   * @param context encoded fields that the protocol sends once per stream and that this event needs
   *     again; empty where none
   * @param parts encoded payload; the concatenation of all is one upstream message
   * @param messages client messages in it, for the account
   * @param receivedNanos {@link System#nanoTime} of its first message
   */
  public Event(
      String method,
      String key,
      String group,
      byte[] context,
      byte[][] parts,
      int messages,
      long receivedNanos) {
    this(method, key, group, context, parts, messages, receivedNanos, null);
  }

  /**
   * @param receipt null where nobody waits for it
   */
  public Event(
      String method,
      String key,
      String group,
      byte[] context,
      byte[][] parts,
      int messages,
      long receivedNanos,
      Receipt receipt) {
    this(method, key, group, context, parts, messages, receivedNanos, receipt, null);
  }

  private Event(
      String method,
      String key,
      String group,
      byte[] context,
      byte[][] parts,
      int messages,
      long receivedNanos,
      Receipt receipt,
      Runnable onSettled) {
    this.method = method;
    this.key = key;
    this.group = group;
    this.context = context;
    this.parts = parts;
    this.messages = messages;
    this.receivedNanos = receivedNanos;
    this.receipt = receipt;
    this.onSettled = onSettled;
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    this.payloadBytes = length;
  }

  public String method() {
    return method;
  }

  public String key() {
    return key;
  }

  public String group() {
    return group;
  }

  public byte[] context() {
    return context;
  }

  public byte[][] parts() {
    return parts;
  }

  public int messages() {
    return messages;
  }

  public int payloadBytes() {
    return payloadBytes;
  }

  /** What it is charged with while it is held: its payload and its share of the heap around it. */
  public long bytes() {
    return payloadBytes + (long) OVERHEAD_BYTES * messages;
  }

  public long receivedNanos() {
    return receivedNanos;
  }

  /** Null where nobody waits for it. */
  public Receipt receipt() {
    return receipt;
  }

  /**
   * The same event, which is on disk too; {@code onSettled} is run when it is done with. Nobody
   * waits for it any more.
   *
   * @param onSettled null where it is not on disk after all
   */
  public Event onDisk(Runnable onSettled) {
    return new Event(method, key, group, context, parts, messages, receivedNanos, null, onSettled);
  }

  public boolean isOnDisk() {
    return onSettled != null;
  }

  /** It was forwarded or given up: whoever has a copy may let go of it. Once. */
  public void settled() {
    if (onSettled != null) {
      onSettled.run();
    }
  }

  /** What the two halves of an event share: they are acknowledged and settled as the one it was. */
  static final class Split implements Receipt {
    private final Event whole;
    private final AtomicInteger unacknowledged = new AtomicInteger(2);
    private final AtomicInteger unsettled = new AtomicInteger(2);
    private volatile String failedReason;
    private volatile String failedDetail;

    Split(Event whole) {
      this.whole = whole;
    }

    Event half(int from, int to) {
      return new Event(
          whole.method,
          whole.key,
          whole.group,
          whole.context,
          Arrays.copyOfRange(whole.parts, from, to),
          to - from,
          whole.receivedNanos,
          whole.receipt == null ? null : this,
          whole.onSettled == null ? null : this::settled);
    }

    private void settled() {
      if (unsettled.decrementAndGet() == 0) {
        whole.onSettled.run();
      }
    }

    @Override
    public void acknowledged() {
      acknowledgedHalf();
    }

    @Override
    public void failed(String reason, String detail) {
      failedDetail = detail;
      failedReason = reason;
      acknowledgedHalf();
    }

    private void acknowledgedHalf() {
      if (unacknowledged.decrementAndGet() > 0) {
        return;
      }
      if (failedReason == null) {
        whole.receipt.acknowledged();
      } else {
        whole.receipt.failed(failedReason, failedDetail);
      }
    }
  }
}
