package satellite.deadletters;

import picocli.CommandLine.Command;

/**
 * {@code satellite dead-letters}: what the nodes refused for good, for people and scripts. The
 * commands work on the files of a data folder alone, whether a Satellite is running on it or not.
 *
 * <p>Exit codes: 0 done, 1 it cannot be done, with one line that says why, 2 a wrong command line.
 */
@Command(
    name = "dead-letters",
    description = "What OAP refused for good: lists, shows, sends again or purges it.",
    subcommands = {
      ListDeadLetters.class,
      ShowDeadLetters.class,
      ReplayDeadLetters.class,
      PurgeDeadLetters.class
    },
    mixinStandardHelpOptions = true)
public final class DeadLettersCommand {}
