package satellite.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * A process that a test started, with its output in {@code target/NAME.log}. It is only ever ended
 * by its own handle, at the latest when the test JVM ends.
 */
public final class ChildProcess implements AutoCloseable {

  public static final Path TARGET = Path.of("target").toAbsolutePath();
  static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();

  private final String name;
  private final Process process;
  private final Path log;
  private final Thread atExit;

  private ChildProcess(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.atExit = new Thread(process::destroyForcibly, "end-" + name);
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  static ChildProcess start(String name, Map<String, String> environment, List<String> command) {
    try {
      Files.createDirectories(TARGET);
      Path log = TARGET.resolve(name + ".log");
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().putAll(environment);
      builder.redirectErrorStream(true).redirectOutput(log.toFile());
      return new ChildProcess(name, builder.start(), log);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + name, e);
    }
  }

  /** Waits until {@code ready} answers true, and fails early if the process ends before. */
  void awaitReady(Duration patience, Callable<Boolean> ready) {
    try {
      Eventually.until(
          name + " is ready or has ended",
          patience,
          () -> !process.isAlive() || ready.call(),
          isTrue -> isTrue);
    } catch (AssertionError e) {
      kill();
      throw new AssertionError(e.getMessage() + "\n" + lastLines(30), e);
    }
    if (!process.isAlive()) {
      throw new AssertionError(name + " ended while starting\n" + lastLines(30));
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  long pid() {
    return process.pid();
  }

  /** Waits for its own end and returns its exit code; one that stays is killed, and fails. */
  int awaitEnd(Duration patience) {
    if (!ends(patience)) {
      kill();
      throw new AssertionError(name + " did not end within " + patience + "\n" + lastLines(30));
    }
    return process.exitValue();
  }

  /** Asks it to end (SIGTERM) and returns its exit code; one that stays is killed, and fails. */
  int stop(Duration patience) {
    process.destroy();
    return awaitEnd(patience);
  }

  /** Asks it to end (SIGTERM), and does not wait. */
  void terminate() {
    process.toHandle().destroy();
  }

  /** SIGKILL: no goodbye, as when a machine fails. */
  void kill() {
    process.destroyForcibly();
    ends(Duration.ofSeconds(10));
  }

  private boolean ends(Duration patience) {
    try {
      return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  List<String> output() {
    try {
      return Files.readAllLines(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String lastLines(int count) {
    List<String> lines = output();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - count), lines.size()));
  }

  @Override
  public void close() {
    process.destroy();
    if (!ends(Duration.ofSeconds(15))) {
      kill();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The test JVM is ending: the hook runs, and finds the process gone.
    }
  }

  /** Below those that systems give to outgoing connections: one of them might take it meanwhile. */
  private static final int FIRST_PORT = 10_000;

  private static final int PORTS = 20_000;
  private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

  /** A port on which nobody listens, given once. */
  public static int freePort() {
    while (true) {
      int port = FIRST_PORT + ThreadLocalRandom.current().nextInt(PORTS);
      if (!GIVEN.add(port)) {
        continue;
      }
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException e) {
        // Somebody else's.
      }
    }
  }
}
