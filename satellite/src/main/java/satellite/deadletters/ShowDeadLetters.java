package satellite.deadletters;

import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import satellite.pipes.deadletters.DeadLetterFolder;
import satellite.pipes.deadletters.DeadLetterJson;

/** {@code satellite dead-letters show}. */
@Command(name = "show", description = "Prints dead letters as JSON, with what they say, decoded.")
final class ShowDeadLetters extends DeadLettersSubcommand {

  @Parameters(paramLabel = "ID", arity = "1..*", description = "Letters, as list names them.")
  private Set<String> ids = new LinkedHashSet<>();

  @Override
  void run(DeadLetterFolder folder) throws IOException, CommandFailedException {
    mustBeThere(ids, folder);
    DeadLetterJson json = new DeadLetterJson();
    folder.read(
        letter -> {
          if (ids.contains(letter.id())) {
            out().println(json.show(letter));
          }
        },
        damaged -> {});
  }
}
