package satellite;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The program as a child process, with the classes under test, on free ports of the loopback. */
final class Program implements AutoCloseable {

  private static final int SOON_SECONDS = 60;

  private final Process process;
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Void> outputEnded;

  Program(Map<String, String> environment, String... arguments) {
    this(Satellite.class, environment, arguments);
  }

  /**
   * @param main runs {@link Satellite}, and may do something to it
   */
  Program(Class<?> main, Map<String, String> environment, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // These live for a second or two: what makes a long run fast would only make them slow.
    command.addAll(List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("SATELLITE_"));
    builder.environment().put("SATELLITE_GRPC_ADDRESS", "127.0.0.1:0");
    builder.environment().put("SATELLITE_HTTP_ADDRESS", "127.0.0.1:0");
    builder.environment().put("SATELLITE_TELEMETRY_PROMETHEUS_ADDRESS", "127.0.0.1:0");
    // Wherever the tests run, also in a pod.
    builder.environment().put("SATELLITE_SHUTDOWN_HOLD_TIME", "0");
    // The tests keep the machine busy; that must not make it refuse anybody.
    builder.environment().put("SATELLITE_GRPC_ACCEPT_LIMIT_CPU_UTILIZATION", "101");
    builder.environment().putAll(environment);
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    outputEnded = CompletableFuture.runAsync(this::read);
  }

  private void read() {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line;
      while ((line = reader.readLine()) != null) {
        // Of a library that only the tests have.
        if (!line.startsWith("SLF4J")) {
          lines.add(line);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Everything it printed, on either stream. */
  List<String> lines() {
    return lines;
  }

  String lastLine() {
    return lines.isEmpty() ? "" : lines.get(lines.size() - 1);
  }

  int exitCode() {
    try {
      assertTrue(process.waitFor(SOON_SECONDS, TimeUnit.SECONDS), "still running: " + lines);
      outputEnded.get(SOON_SECONDS, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("no end of the program: " + lines, e);
    }
    return process.exitValue();
  }

  /** Waits until it says that it listens. */
  Program started() {
    await("listening on [^ ]*:(\\d+)");
    return this;
  }

  int port() {
    return Integer.parseInt(await("listening on [^ ]*:(\\d+)"));
  }

  int adminPort() {
    return Integer.parseInt(await("metrics and probes on [^ ]*:(\\d+)/"));
  }

  private String await(String regex) {
    Pattern pattern = Pattern.compile(regex);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SOON_SECONDS);
    while (System.nanoTime() < deadline) {
      for (String line : lines) {
        Matcher matcher = pattern.matcher(line);
        if (matcher.find()) {
          return matcher.group(1);
        }
      }
      assertTrue(process.isAlive() || !outputEnded.isDone(), () -> "it ended: " + lines);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
    throw new AssertionError("never said " + regex + ": " + lines);
  }

  /** The status of an HTTP GET at its telemetry port. */
  int get(String path) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + adminPort() + path)).build(),
            HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  /** Asks for its status until that is as expected. */
  String status(Predicate<String> expected) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + adminPort() + "/status.json");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SOON_SECONDS);
    while (true) {
      String said =
          HttpClient.newHttpClient()
              .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
              .body();
      if (expected.test(said)) {
        return said;
      }
      assertTrue(System.nanoTime() < deadline, said);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  /** A byte on its standard input. */
  void nudge() throws IOException {
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
  }

  /** SIGTERM; {@code Process.destroy} would also close the output. */
  Program terminate() {
    process.toHandle().destroy();
    return this;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
