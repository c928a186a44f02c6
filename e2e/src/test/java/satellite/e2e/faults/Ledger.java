package satellite.e2e.faults;

import static java.util.stream.Collectors.groupingBy;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * What became of each item, by those who know: the sender knows its answer, the nodes what they
 * took in. Satellite has no say in it. Any thread.
 */
final class Ledger {

  static final String PREFIX = "item";

  /** As it stands in the bytes of any message, and of any file. */
  static final Pattern ID = Pattern.compile(PREFIX + "\\d{9}");

  /** Never twice in this JVM. */
  private static final AtomicLong NUMBERS = new AtomicLong();

  private final Map<String, Item> items = new TreeMap<>();
  private final Set<Integer> killedIncarnations = new HashSet<>();
  private final Map<Integer, Long> givenUp = new HashMap<>();
  private final List<String> surprises = new ArrayList<>();
  private final AckMode mode;
  private long takes;
  private long deliveries;
  private long messagesDelivered;
  private long messagesAnswered;
  private long messagesUnanswered;

  Ledger(AckMode mode) {
    this.mode = mode;
  }

  // ---- the sender's pages

  synchronized List<Item> write(
      Item.Kind kind, String source, int count, boolean unit, int incarnation) {
    long first = NUMBERS.getAndAdd(count) + 1;
    List<Item> written = new ArrayList<>();
    for (long number = first; number < first + count; number++) {
      String id = String.format("%s%09d", PREFIX, number);
      Item item = new Item(id, kind, source, unit ? first : number, incarnation);
      items.put(id, item);
      written.add(item);
    }
    return written;
  }

  /**
   * @param messages that carried them
   */
  synchronized void answered(List<Item> sent, Item.Answer answer, int messages) {
    sent.forEach(item -> item.answer = answer);
    if (answer == Item.Answer.OK) {
      messagesAnswered += messages;
    } else {
      messagesUnanswered += messages;
    }
  }

  // ---- the nodes' pages

  synchronized Item item(String id) {
    Item item = items.get(id);
    if (item == null) {
      throw new IllegalArgumentException("nobody sent " + id);
    }
    return item;
  }

  synchronized void taken(Collection<Item> some) {
    for (Item item : some) {
      item.taken++;
      if (item.firstTaken == 0) {
        item.firstTaken = ++takes;
      }
    }
  }

  synchronized void delivered(Collection<Item> some) {
    some.forEach(item -> item.delivered = true);
    deliveries += some.size();
    messagesDelivered += messages(some);
  }

  synchronized void unheard(Collection<Item> some) {
    some.forEach(item -> item.unheard++);
  }

  synchronized void refusedForGood(Collection<Item> some) {
    if (some.stream().map(item -> item.unit).distinct().count() == 1) {
      some.forEach(item -> item.refusedForGood = true);
    }
  }

  synchronized void surprise(String what) {
    surprises.add(what);
  }

  // ---- the pages of what was done to Satellite

  synchronized void killed(int incarnation) {
    killedIncarnations.add(incarnation);
  }

  /**
   * Messages that an incarnation had in memory at its end, and could not write: it has counted
   * them.
   */
  synchronized void givenUp(int incarnation, long messages) {
    givenUp.put(incarnation, messages);
  }

  synchronized void destroyed(Collection<String> ids) {
    ids.stream().filter(items::containsKey).forEach(id -> items.get(id).destroyed = true);
  }

  // ---- what it all comes to

  /** Answered, and neither at a node nor refused by one. */
  synchronized List<Item> missing() {
    return answered(item -> !item.delivered && !item.refusedForGood);
  }

  /** Of the {@link #missing()}, those for which there is no excuse. */
  synchronized List<Item> lost() {
    return withoutGivenUp(
        answered(
            item ->
                !item.delivered && !item.refusedForGood && !item.destroyed && !diedInMemory(item)));
  }

  /** Only where memory is all that was promised, and no more of them than are counted. */
  private List<Item> withoutGivenUp(List<Item> some) {
    if (mode != AckMode.QUEUED) {
      return some;
    }
    Map<Integer, List<Item>> byIncarnation =
        some.stream().collect(groupingBy(item -> item.incarnation));
    byIncarnation
        .entrySet()
        .removeIf(
            incarnation ->
                messages(incarnation.getValue()) <= givenUp.getOrDefault(incarnation.getKey(), 0L));
    return byIncarnation.values().stream().flatMap(List::stream).toList();
  }

  /** Only data of {@link AckMode#QUEUED} may be in memory alone. */
  private boolean diedInMemory(Item item) {
    return mode == AckMode.QUEUED && killedIncarnations.contains(item.incarnation);
  }

  private List<Item> answered(Predicate<Item> which) {
    return items.values().stream()
        .filter(item -> item.answer == Item.Answer.OK)
        .filter(which)
        .toList();
  }

  /** Copies at the nodes beyond the first of each, for which no node has given reason. */
  synchronized long repeatedMessages() {
    Map<String, Integer> repeats = new HashMap<>();
    for (Item item : items.values()) {
      int repeated = item.taken - 1 - item.unheard;
      if (repeated > 0) {
        String message = item.kind == Item.Kind.SEGMENT ? "unit " + item.unit : item.id;
        repeats.merge(message, repeated, Math::max);
      }
    }
    return repeats.values().stream().mapToLong(Integer::longValue).sum();
  }

  /** Sources' items that came to the nodes for the first time after a later one. */
  synchronized List<String> overtaken() {
    List<String> overtaken = new ArrayList<>();
    Map<String, Item> last = new HashMap<>();
    for (Item item : items.values()) {
      if (item.kind != Item.Kind.METER || item.firstTaken == 0) {
        continue;
      }
      Item before = last.put(item.source, item);
      if (before != null && before.firstTaken > item.firstTaken) {
        overtaken.add(before + " by " + item);
      }
    }
    return overtaken;
  }

  synchronized List<String> surprises() {
    return List.copyOf(surprises);
  }

  /** Items of calls that a node answered with OK. */
  synchronized long deliveries() {
    return deliveries;
  }

  synchronized long messagesAnswered() {
    return messagesAnswered;
  }

  synchronized long messagesSent() {
    return messagesAnswered + messagesUnanswered;
  }

  /**
   * Messages that a node refused for good.
   *
   * @param nowhere only those that no node has taken all the same, since the refusal was not heard
   */
  synchronized long messagesDead(boolean nowhere) {
    List<Item> dead =
        items.values().stream()
            .filter(item -> item.refusedForGood && !(nowhere && item.delivered))
            .toList();
    return messages(dead);
  }

  /** The segments of a unit are one message; all else is a message each. */
  private static long messages(Collection<Item> some) {
    long segments =
        some.stream()
            .filter(item -> item.kind == Item.Kind.SEGMENT)
            .map(item -> item.unit)
            .distinct()
            .count();
    return segments + some.stream().filter(item -> item.kind != Item.Kind.SEGMENT).count();
  }

  /** In calls that a node answered with OK, whether that was heard or not. */
  synchronized long messagesDelivered() {
    return messagesDelivered;
  }

  synchronized RunResult result(Map<String, Long> dropped) {
    Collection<Item> all = items.values();
    List<Item> missing = missing();
    long refusedForGood = answered(item -> !item.delivered && item.refusedForGood).size();
    long destroyed = missing.stream().filter(item -> item.destroyed).count();
    long inMemory = missing.stream().filter(item -> !item.destroyed && diedInMemory(item)).count();
    long lost = lost().size();
    return new RunResult(
        1,
        all.size(),
        answered(item -> true).size(),
        answered(item -> item.delivered).size(),
        all.stream().mapToLong(item -> Math.max(0, item.taken - 1)).sum(),
        all.stream().filter(item -> item.answer == Item.Answer.REFUSED).count(),
        all.stream().filter(item -> item.answer == Item.Answer.BROKEN).count(),
        refusedForGood,
        destroyed,
        inMemory,
        missing.size() - destroyed - inMemory - lost,
        lost,
        dropped);
  }
}
