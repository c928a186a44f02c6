package satellite.queue;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a client reported, on its way through Satellite: immutable, made by a receiver, settled as
 * part of a {@link Batch}. From the queue on its payload is outside of the heap, until it is {@link
 * #settled}.
 */
public final class Event {

  /** What an event costs on the heap beside its payload: object, block, queue node. */
  public static final int OVERHEAD_BYTES = 160;

  private final String method;
  private final String key;
  private final String group;
  private final byte[] context;
  private final Parts parts;
  private final int messages;
  private final long receivedNanos;
  private final Receipt receipt;

  /** Null where it is not on disk. */
  private final Runnable onSettled;

  /** Null unless it is the half of another one. */
  private final Split split;

  /** Of two halves the first has what the whole had. */
  private final int contextCharge;

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
    this(method, key, group, context, Parts.of(parts), messages, receivedNanos, receipt);
  }

  /** Its payload as it is; else as above. */
  public Event(
      String method,
      String key,
      String group,
      byte[] context,
      Parts parts,
      int messages,
      long receivedNanos,
      Receipt receipt) {
    this(
        method,
        key,
        group,
        context,
        parts,
        messages,
        receivedNanos,
        receipt,
        null,
        null,
        context.length);
  }

  private Event(
      String method,
      String key,
      String group,
      byte[] context,
      Parts parts,
      int messages,
      long receivedNanos,
      Receipt receipt,
      Runnable onSettled,
      Split split,
      int contextCharge) {
    this.method = method;
    this.key = key;
    this.group = group;
    this.context = context;
    this.parts = parts;
    this.messages = messages;
    this.receivedNanos = receivedNanos;
    this.receipt = receipt;
    this.onSettled = onSettled;
    this.split = split;
    this.contextCharge = contextCharge;
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

  public Parts parts() {
    return parts;
  }

  public int messages() {
    return messages;
  }

  public int payloadBytes() {
    return parts.length();
  }

  /**
   * What it is charged with while it is held: its payload, its share of the heap around it and, as
   * if nobody shared it, its context.
   */
  public long bytes() {
    return contextCharge + (long) parts.length() + (long) OVERHEAD_BYTES * messages;
  }

  public long receivedNanos() {
    return receivedNanos;
  }

  /** Null where nobody waits for it. */
  public Receipt receipt() {
    return receipt;
  }

  /** The same event, with its payload where that of queued events is. The old one is no more. */
  public Event stored(PayloadMemory memory) {
    Parts moved = parts.stored(memory);
    return moved == parts ? this : with(moved, receipt, onSettled);
  }

  /**
   * The same event, which is on disk too; {@code onSettled} is run when it is done with. Nobody
   * waits for it any more. The old one is no more.
   *
   * @param onSettled null where it is not on disk after all
   */
  public Event onDisk(Runnable onSettled) {
    return with(parts, null, onSettled);
  }

  private Event with(Parts parts, Receipt receipt, Runnable onSettled) {
    return new Event(
        method,
        key,
        group,
        context,
        parts,
        messages,
        receivedNanos,
        receipt,
        onSettled,
        split,
        contextCharge);
  }

  public boolean isOnDisk() {
    return split == null ? onSettled != null : split.whole.isOnDisk();
  }

  /**
   * It was forwarded or given up: its memory is free, whoever has a copy may let go of it. Once.
   */
  public void settled() {
    if (split != null) {
      split.settled();
      return;
    }
    parts.release();
    if (onSettled != null) {
      onSettled.run();
    }
  }

  /** It is on disk now and needs no memory any more. Once, instead of {@link #settled}. */
  public void unloaded() {
    parts.release();
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
          whole.parts.slice(from, to),
          to - from,
          whole.receivedNanos,
          whole.receipt == null ? null : this,
          null,
          this,
          from == 0 ? whole.contextCharge : 0);
    }

    private void settled() {
      if (unsettled.decrementAndGet() == 0) {
        whole.settled();
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
