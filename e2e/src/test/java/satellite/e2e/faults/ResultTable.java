package satellite.e2e.faults;

import java.util.EnumMap;
import java.util.Map;

/** The tallies of several runs, mode by mode. Any thread. */
final class ResultTable {

  private final Map<AckMode, RunResult> rows = new EnumMap<>(AckMode.class);

  synchronized void add(AckMode mode, RunResult result) {
    rows.merge(mode, result, RunResult::plus);
  }

  @Override
  public synchronized String toString() {
    StringBuilder text = new StringBuilder(RunResult.head());
    rows.forEach((mode, result) -> text.append('\n').append(result.line(mode.word())));
    return text.toString();
  }
}
