package satellite.e2e.faults;

import java.util.EnumMap;
import java.util.Map;

/** The tallies of several runs, mode by mode. Any thread. */
final class Table {

  private final Map<Mode, Tally> rows = new EnumMap<>(Mode.class);

  synchronized void add(Mode mode, Tally tally) {
    rows.merge(mode, tally, Tally::plus);
  }

  @Override
  public synchronized String toString() {
    StringBuilder text = new StringBuilder(Tally.head());
    rows.forEach((mode, tally) -> text.append('\n').append(tally.line(mode.word())));
    return text.toString();
  }
}
