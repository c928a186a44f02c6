package satellite;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import satellite.config.SatelliteConfig;

/** {@code satellite validate}: touches nothing but the configuration and the files it names. */
@Command(
    name = "validate",
    description = "Says whether the configuration can be used, and what in it will not work.",
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:it can be used; there may be warnings",
      "1:it cannot, or with --strict: there are warnings",
      "2:wrong command line"
    })
final class Validate implements Callable<Integer> {

  @Mixin private ConfigOption config;

  @Option(names = "--strict", description = "Warnings count as errors.")
  private boolean strict;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    SatelliteConfig valid = config.load();
    List<String> warnings = Warnings.of(valid, System.getenv());
    var out = spec.commandLine().getOut();
    warnings.forEach(warning -> out.println("warning: " + warning));
    out.println(
        config.name()
            + " can be used: "
            + valid.pipes().size()
            + " pipes, "
            + count(warnings.size(), "warning"));
    return strict && !warnings.isEmpty() ? Satellite.FAILED : 0;
  }

  static String count(int number, String what) {
    return (number == 0 ? "no" : number) + " " + what + (number == 1 ? "" : "s");
  }
}
