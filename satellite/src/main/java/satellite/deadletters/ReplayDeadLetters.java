package satellite.deadletters;

import java.io.IOException;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import satellite.pipes.deadletters.DeadLetterFolder;
import satellite.pipes.deadletters.DeadLetterFolder.Moved;
import satellite.pipes.deadletters.StoredDeadLetter;
import satellite.pipes.protocol.EventContent;

/** {@code satellite dead-letters replay}. */
@Command(
    name = "replay",
    description =
        "Sends dead letters again: a running Satellite within seconds, a stopped one at its next"
            + " start.")
final class ReplayDeadLetters extends DeadLettersSubcommand {

  @Mixin private DeadLetterSelection selection = new DeadLetterSelection();

  @Override
  void run(DeadLetterFolder folder) throws IOException, CommandFailedException {
    Predicate<StoredDeadLetter> chosen = selection.in(folder, spec());
    int[] expiring = {0};
    Moved moved =
        folder.replay(
            letter -> {
              boolean is = chosen.test(letter);
              EventContent content = is ? EventContent.of(letter.event(0)) : null;
              expiring[0] += content != null && content.expires() ? 1 : 0;
              return is;
            },
            this::note);
    out()
        .println(
            PurgeDeadLetters.words(moved) + " to be sent again, from " + folder.replayFolder());
    if (expiring[0] > 0) {
      out()
          .println(
              expiring[0]
                  + " of them of methods whose data means something else when it is late: if it is"
                  + " older than its pipe's time_to_live, it is dropped as expired");
    }
  }
}
