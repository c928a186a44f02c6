package satellite.queue;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/**
 * The totals of the accounts of one pipe or of several at a moment, in client messages: {@code
 * received = forwarded + queued + spilled + dead + dropped}. What was refused was never accepted.
 *
 * @param queued in memory
 * @param spilled on disk, where the next start finds it
 * @param dead by reason
 * @param dropped by reason
 * @param refused by reason
 * @param recovered those received that an earlier start had left; they may be known to a node
 */
public record AccountTotals(
    long received,
    long forwarded,
    long queued,
    long spilled,
    Map<String, Long> dead,
    Map<String, Long> dropped,
    Map<String, Long> refused,
    long recovered) {

  public static AccountTotals of(Collection<Account> accounts) {
    long forwarded = 0;
    long spilled = 0;
    Map<String, Long> dead = new TreeMap<>();
    Map<String, Long> dropped = new TreeMap<>();
    Map<String, Long> refused = new TreeMap<>();
    for (Account account : accounts) {
      forwarded += account.forwarded();
      spilled += account.spilled();
      account.deadByReason().forEach((reason, n) -> dead.merge(reason, n, Long::sum));
      account.droppedByReason().forEach((reason, n) -> dropped.merge(reason, n, Long::sum));
      account.refusedByReason().forEach((reason, n) -> refused.merge(reason, n, Long::sum));
    }
    // Last: what is gone was there before.
    long received = accounts.stream().mapToLong(Account::received).sum();
    long recovered = accounts.stream().mapToLong(Account::recovered).sum();
    long queued = received - forwarded - spilled - sum(dead) - sum(dropped);
    return new AccountTotals(
        received, forwarded, queued, spilled, dead, dropped, refused, recovered);
  }

  private static long sum(Map<String, Long> byReason) {
    return byReason.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Whether every message accepted is accounted for, when nothing is in memory any more. */
  public boolean isBalanced() {
    return queued == 0;
  }

  /** Whether all went its way, and there is nothing that a person could look into. */
  public boolean isClean() {
    return received == forwarded && sum(refused) == 0;
  }

  @Override
  public String toString() {
    return "received "
        + received
        + " = forwarded "
        + forwarded
        + " + queued "
        + queued
        + " + spilled "
        + spilled
        + " + dead "
        + reasons(dead)
        + " + dropped "
        + reasons(dropped)
        + "; refused "
        + sum(refused)
        + (recovered == 0 ? "" : "; recovered " + recovered);
  }

  private static String reasons(Map<String, Long> byReason) {
    return sum(byReason) + (byReason.isEmpty() ? "" : " " + byReason);
  }
}
