package satellite;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code satellite print-config}. */
@Command(
    name = "print-config",
    description =
        "Prints the whole configuration as it would be used: environment variables and defaults"
            + " put in, secrets masked.",
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:printed", "1:the configuration cannot be used", "2:wrong command line"})
final class PrintConfig implements Callable<Integer> {

  @Mixin private ConfigOption config;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    // What cannot be used is not worth printing.
    config.load();
    var out = spec.commandLine().getOut();
    out.print(config.effective());
    out.flush();
    return 0;
  }
}
