package satellite.deadletters;

import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import satellite.pipes.deadletters.DeadLetterFolder;
import satellite.pipes.deadletters.DeadLetterFolder.Moved;

/** {@code satellite dead-letters purge}. */
@Command(name = "purge", description = "Deletes dead letters.")
final class PurgeDeadLetters extends DeadLettersSubcommand {

  @Mixin private DeadLetterSelection selection = new DeadLetterSelection();

  @Override
  void run(DeadLetterFolder folder) throws IOException, CommandFailedException {
    out().println(words(folder.purge(selection.in(folder, spec()), this::note)) + " purged");
  }

  static String words(Moved moved) {
    return count(moved.letters(), "letter")
        + " ("
        + count(moved.messages(), "message")
        + ", "
        + size(moved.bytes())
        + ")";
  }
}
