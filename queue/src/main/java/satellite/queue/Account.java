package satellite.queue;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * The message account of one pipe, in client messages: {@code received = forwarded + queued +
 * spilled + dead by reason + dropped by reason}. Messages that were refused were never accepted and
 * stand beside the account. All methods may be called by any thread.
 */
public final class Account {

  private final LongAdder arrived = new LongAdder();
  private final LongAdder arrivedBytes = new LongAdder();
  private final LongAdder recovered = new LongAdder();
  private final LongAdder forwarded = new LongAdder();
  private final LongAdder spilled = new LongAdder();
  private final Map<String, LongAdder> dead = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> dropped = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> refused = new ConcurrentHashMap<>();

  public void received(long messages, long bytes) {
    arrived.add(messages);
    arrivedBytes.add(bytes);
  }

  /**
   * Found on disk, left by a Satellite before this one, or a dead letter that is to be sent again:
   * received as well, and perhaps not for the first time.
   */
  public void recovered(long messages) {
    recovered.add(messages);
  }

  public void forwarded(long messages) {
    forwarded.add(messages);
  }

  /** So many more are on disk and not in memory; negative when they come back. */
  public void spilled(long messages) {
    spilled.add(messages);
  }

  /** Refused by a node for {@code reason}, and kept as dead letters. */
  public void dead(String reason, long messages) {
    dead.computeIfAbsent(reason, r -> new LongAdder()).add(messages);
  }

  /** Accepted, and given up for {@code reason}. */
  public void dropped(String reason, long messages) {
    dropped.computeIfAbsent(reason, r -> new LongAdder()).add(messages);
  }

  /** Not accepted; the client was told so. */
  public void refused(String reason, long messages) {
    refused.computeIfAbsent(reason, r -> new LongAdder()).add(messages);
  }

  public long received() {
    return arrived.sum() + recovered.sum();
  }

  /** Those of {@link #received()} that clients sent to this process. */
  public long arrived() {
    return arrived.sum();
  }

  /** Of what clients sent. */
  public long receivedBytes() {
    return arrivedBytes.sum();
  }

  /** Those of {@link #received()} that were recovered. */
  public long recovered() {
    return recovered.sum();
  }

  public long forwarded() {
    return forwarded.sum();
  }

  /** On disk, or on the way there, and not in memory. */
  public long spilled() {
    return spilled.sum();
  }

  public Map<String, Long> deadByReason() {
    return sums(dead);
  }

  public long dead() {
    return dead.values().stream().mapToLong(LongAdder::sum).sum();
  }

  public Map<String, Long> droppedByReason() {
    return sums(dropped);
  }

  public long dropped() {
    return dropped.values().stream().mapToLong(LongAdder::sum).sum();
  }

  public Map<String, Long> refusedByReason() {
    return sums(refused);
  }

  public long refused() {
    return refused.values().stream().mapToLong(LongAdder::sum).sum();
  }

  /** What by this account is still under way, in memory or on disk. */
  public long outstanding() {
    return received() - forwarded() - dead() - dropped();
  }

  /** Of that, what is in memory; equal to what the queue holds when nothing moves. */
  public long queued() {
    return outstanding() - spilled();
  }

  private static Map<String, Long> sums(Map<String, LongAdder> adders) {
    Map<String, Long> sums = new TreeMap<>();
    adders.forEach((reason, adder) -> sums.put(reason, adder.sum()));
    return sums;
  }

  @Override
  public String toString() {
    return "received "
        + received()
        + " = forwarded "
        + forwarded()
        + " + queued "
        + queued()
        + " + spilled "
        + spilled()
        + " + dead "
        + deadByReason()
        + " + dropped "
        + droppedByReason();
  }
}
