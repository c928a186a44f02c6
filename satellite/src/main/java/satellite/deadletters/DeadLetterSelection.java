package satellite.deadletters;

import java.io.IOException;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Predicate;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import satellite.pipes.deadletters.DeadLetterFolder;
import satellite.pipes.deadletters.StoredDeadLetter;

/** Letters that something is to be done with: they must be named, one way or the other. */
final class DeadLetterSelection {

  @Parameters(paramLabel = "ID", arity = "0..*", description = "Letters, as list names them.")
  private Set<String> ids = new LinkedHashSet<>();

  @Option(names = "--all", description = "All of them.")
  private boolean all;

  @Mixin private DeadLetterFilters filters = new DeadLetterFilters();

  /** Fails when one of the ids is not there; then nothing is changed. */
  Predicate<StoredDeadLetter> in(DeadLetterFolder folder, CommandSpec spec)
      throws IOException, DeadLettersSubcommand.CommandFailedException {
    int ways = (ids.isEmpty() ? 0 : 1) + (all ? 1 : 0) + (filters.any() ? 1 : 0);
    if (ways != 1) {
      throw new ParameterException(
          spec.commandLine(),
          (ways == 0 ? "Which letters? Name" : "Choose one way: name")
              + " their ids, or --all, or filters (--pipe, --reason, --since)");
    }
    DeadLettersSubcommand.mustBeThere(ids, folder);
    Set<String> named = new HashSet<>(ids);
    return letter -> named.isEmpty() ? filters.match(letter) : named.contains(letter.id());
  }
}
