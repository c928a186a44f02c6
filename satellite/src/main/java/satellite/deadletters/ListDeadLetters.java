package satellite.deadletters;

import java.io.IOException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import satellite.pipes.deadletters.DeadLetterFolder;
import satellite.pipes.deadletters.DeadLetterJson;
import satellite.pipes.deadletters.StoredDeadLetter;

/** {@code satellite dead-letters list}. */
@Command(name = "list", description = "Lists the dead letters, the newest last.")
final class ListDeadLetters extends DeadLettersSubcommand {

  private static final String[] TITLES = {
    "ID", "TIME", "PIPE", "METHOD", "NODE", "REASON", "MESSAGES", "SIZE"
  };

  /** From here on, to the right. */
  private static final int FIRST_NUMBER = 6;

  @Mixin private DeadLetterFilters filters = new DeadLetterFilters();

  @Option(names = "--json", description = "A JSON object a line, for scripts.")
  private boolean json;

  @Override
  void run(DeadLetterFolder folder) throws IOException {
    if (json) {
      DeadLetterJson lines = new DeadLetterJson();
      folder.read(
          letter -> {
            if (filters.match(letter)) {
              out().println(lines.line(letter));
            }
          },
          this::note);
      return;
    }
    List<String[]> rows = new ArrayList<>();
    rows.add(TITLES);
    long[] sums = {0, 0};
    folder.read(
        letter -> {
          if (filters.match(letter)) {
            rows.add(row(letter));
            sums[0] += letter.messages();
            sums[1] += letter.bytes();
          }
        },
        this::note);
    if (rows.size() == 1) {
      out()
          .println(
              (filters.any() ? "no such dead letters in " : "no dead letters in ") + folder.path());
    } else {
      print(rows);
      out()
          .println(
              count(rows.size() - 1, "letter")
                  + ", "
                  + count(sums[0], "message")
                  + ", "
                  + size(sums[1]));
    }
    int waiting = folder.waiting();
    if (waiting > 0) {
      out().println(count(waiting, "letter") + " to be sent again: " + folder.replayFolder());
    }
  }

  private static String[] row(StoredDeadLetter letter) {
    return new String[] {
      letter.id(),
      letter.time().truncatedTo(ChronoUnit.SECONDS).toString(),
      letter.pipe(),
      letter.method().substring(1),
      String.valueOf(letter.node()),
      letter.reason(),
      "" + letter.messages(),
      size(letter.bytes())
    };
  }

  private void print(List<String[]> rows) {
    int[] widths = new int[TITLES.length];
    for (String[] row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String padding = " ".repeat(widths[i] - row[i].length());
        line.append(i == 0 ? "" : "  ");
        line.append(i < FIRST_NUMBER ? row[i] + padding : padding + row[i]);
      }
      out().println(line);
    }
  }
}
