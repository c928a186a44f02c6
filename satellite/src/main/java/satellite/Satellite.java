package satellite;

import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.net.BindException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import satellite.config.ConfigException;
import satellite.config.SatelliteConfig;
import satellite.deadletters.DeadLettersCommand;
import satellite.demo.Demo;
import satellite.pipes.tls.TlsFilesException;
import satellite.queue.disk.FolderInUseException;

/** The program: reads the configuration, runs the proxy until it is told to stop, and drains it. */
@Command(
    name = "satellite",
    description = "A gRPC load-balancing proxy in front of Apache SkyWalking's OAP nodes.",
    mixinStandardHelpOptions = true,
    versionProvider = Satellite.Version.class,
    subcommands = {
      Satellite.Start.class,
      Validate.class,
      PrintConfig.class,
      Check.class,
      DeadLettersCommand.class,
      Demo.class
    })
public final class Satellite {

  /**
   * Exit code where the configuration or the machine stands in the way. picocli's for a wrong
   * command line is 2; {@link FatalErrorHandler} has another one.
   */
  static final int FAILED = 1;

  private Satellite() {}

  public static void main(String[] args) {
    Log.keepUntilExit();
    int code =
        new CommandLine(new Satellite())
            .setOut(
                new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), true))
            .setExecutionExceptionHandler((failure, command, parsed) -> explain(failure))
            .execute(args.length == 0 ? new String[] {"--help"} : args);
    System.exit(code);
  }

  /** What a person can act upon is said in one line; anything else is a bug, and shows where. */
  private static int explain(Exception failure) {
    if (failure instanceof ConfigException
        || failure instanceof StartException
        || failure instanceof FolderInUseException
        || failure instanceof TlsFilesException) {
      System.err.println("satellite: " + failure.getMessage());
    } else {
      failure.printStackTrace();
    }
    return FAILED;
  }

  /** {@code satellite start}. */
  @Command(
      name = "start",
      description = "Runs the proxy until SIGTERM or Ctrl-C, then drains it.",
      mixinStandardHelpOptions = true)
  static final class Start implements Callable<Integer> {

    @Mixin private ConfigOption file;

    @Override
    public Integer call() throws InterruptedException {
      SatelliteConfig config = file.load();
      Proxy proxy = new Proxy(config, file.effective(), ShutdownTime.from(System.getenv()));
      FatalErrorHandler.install();
      Thread drain = new Thread(() -> drainAndEnd(proxy), "drain");
      Runtime.getRuntime().addShutdownHook(drain);
      try {
        proxy.start();
      } catch (RuntimeException e) {
        removeHook(drain);
        throw e;
      }
      new CountDownLatch(1).await();
      return 0;
    }

    private static void removeHook(Thread drain) {
      try {
        Runtime.getRuntime().removeShutdownHook(drain);
      } catch (IllegalStateException e) {
        // The signal came first: the hook runs, and ends the program.
      }
    }

    /**
     * The exit code of a JVM that a signal ended tells of the signal; a drained Satellite's is 0.
     */
    private static void drainAndEnd(Proxy proxy) {
      proxy.stop();
      Runtime.getRuntime().halt(0);
    }
  }

  /** Says which program this is. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Satellite.class.getPackage().getImplementationVersion();
      return new String[] {
        "satellite " + (version == null ? "(not packaged)" : version),
        "Java " + Runtime.version() + ", " + System.getProperty("java.vm.name")
      };
    }
  }

  /** Something that the machine refuses, in words for people. */
  static final class StartException extends RuntimeException {
    StartException(String message) {
      super(message, null, false, false);
    }

    /**
     * @param key where the address stands in the configuration
     */
    static StartException cannotListen(String key, String address, Exception cause) {
      Throwable root = cause;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      String advice =
          root instanceof BindException || String.valueOf(root.getMessage()).contains("in use")
              ? "; is another program listening there? Choose a free port"
              : "";
      return new StartException(
          "cannot listen on " + address + " (" + key + "): " + root.getMessage() + advice);
    }
  }
}
