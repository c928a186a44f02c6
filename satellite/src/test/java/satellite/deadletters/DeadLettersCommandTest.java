package satellite.deadletters;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import satellite.pipes.deadletters.DeadLetterFolder;
import satellite.pipes.deadletters.DeadLetterStore;
import satellite.queue.DeadLetter;
import satellite.queue.DiskConfig;
import satellite.queue.Event;

/** The commands as a person meets them: what they print, their exit codes, what they change. */
@Timeout(120)
class DeadLettersCommandTest {

  private static final String LOGS = "/skywalking.v3.LogReportService/collect";
  private static final String KEEP_ALIVE = "/skywalking.v3.ManagementService/keepAlive";

  @TempDir Path data;
  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final List<Event> sentAgain = new CopyOnWriteArrayList<>();
  private DeadLetterStore store;
  private String out;
  private String err;

  @AfterEach
  void end() {
    if (store != null) {
      store.close();
    }
    thread.shutdownNow();
  }

  private void start() {
    start((pipe, event) -> sentAgain.add(event));
  }

  private void start(BiPredicate<String, Event> pipes) {
    DiskConfig config =
        new DiskConfig(data, 1 << 20, 1 << 16, Duration.ofSeconds(1), 1 << 20, Duration.ofDays(7));
    store = new DeadLetterStore(config, thread, Clock.systemUTC(), System::nanoTime);
    store.start(pipes);
  }

  private void stop() {
    store.close();
    store = null;
  }

  /** A LogData { service [2] } or, in its shape, an InstancePingPkg. */
  private void add(String pipe, String method, String reason, String service, Duration ago) {
    byte[] name = service.getBytes(StandardCharsets.UTF_8);
    byte[] message = new byte[name.length + 2];
    message[0] = 0x12;
    message[1] = (byte) name.length;
    System.arraycopy(name, 0, message, 2, name.length);
    Event event =
        new Event(method, null, service, new byte[0], new byte[][] {message}, 1, System.nanoTime());
    Instant time = Instant.now().minus(ago);
    long before = store.count();
    assertTrue(
        store.add(
            new DeadLetter(time, pipe, "10.0.0.1:11800", reason, "no: <größe>", event), () -> {}));
    await(() -> store.count() > before);
  }

  private void add(String service) {
    add("logpipe", LOGS, "invalid_argument", service, Duration.ZERO);
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "waited too long");
      LockSupport.parkNanos(1_000_000);
    }
  }

  private int run(String... arguments) {
    List<String> all = new ArrayList<>(Arrays.asList(arguments));
    all.add(1, "--data-dir");
    all.add(2, data.toString());
    return runAsIs(all.toArray(String[]::new));
  }

  private int runAsIs(String... arguments) {
    StringWriter outText = new StringWriter();
    StringWriter errText = new StringWriter();
    int code =
        new CommandLine(new DeadLettersCommand())
            .setOut(new PrintWriter(outText))
            .setErr(new PrintWriter(errText))
            .execute(arguments);
    out = outText.toString();
    err = errText.toString();
    return code;
  }

  private List<String> ids() {
    run("list");
    return out.lines()
        .filter(line -> line.matches("\\d{8}T.*"))
        .map(line -> line.substring(0, line.indexOf(' ')))
        .toList();
  }

  private void assertFailed(String... parts) {
    assertEquals("", out);
    assertEquals(1, err.lines().count(), err);
    assertTrue(err.startsWith("satellite: "), err);
    for (String part : parts) {
      assertTrue(err.contains(part), () -> part + " in: " + err);
    }
  }

  @Test
  void listsThemInATableNewestLast() {
    start();
    add("shop");
    add("eventpipe", "/skywalking.v3.EventService/collect", "internal", "cart", Duration.ZERO);
    assertEquals(0, run("list"));
    List<String> lines = out.lines().toList();
    assertEquals(4, lines.size(), out);
    assertTrue(lines.get(0).matches("ID +TIME +PIPE +METHOD +NODE +REASON +MESSAGES +SIZE"), out);
    assertTrue(
        lines
            .get(1)
            .matches(
                "\\d{8}T\\d{6}Z-1\\.1  [-0-9T:]+Z  logpipe    "
                    + "skywalking\\.v3\\.LogReportService/collect  10\\.0\\.0\\.1:11800  "
                    + "invalid_argument +1   6 B"),
        out);
    assertTrue(lines.get(2).contains("  eventpipe  skywalking.v3.EventService/collect "), out);
    assertEquals(lines.get(0).length(), lines.get(2).length(), "aligned");
    assertEquals("2 letters, 2 messages, 12 B", lines.get(3));
    assertEquals("", err);
  }

  @Test
  void filtersByPipeReasonAndTime() {
    start();
    add("logpipe", LOGS, "internal", "old", Duration.ofHours(3));
    add("logpipe", LOGS, "invalid_argument", "new", Duration.ZERO);
    add("managementpipe", KEEP_ALIVE, "internal", "other", Duration.ZERO);
    List<String> ids = ids();
    for (String[] each :
        new String[][] {
          {"--pipe=logpipe", "0", "1"},
          {"--reason=internal", "0", "2"},
          {"--since=2h", "1", "2"},
          {"--since=4h", "0", "1", "2"},
          {"--since=" + Instant.now().minus(1, ChronoUnit.HOURS), "1", "2"},
          {"--since=2020-01-01", "0", "1", "2"},
          {"--pipe=none"}
        }) {
      assertEquals(0, run("list", each[0]));
      for (int i = 0; i < ids.size(); i++) {
        boolean meant = List.of(each).subList(1, each.length).contains("" + i);
        assertEquals(meant, out.contains(ids.get(i) + " "), each[0] + ": " + out);
      }
    }
    assertTrue(out.startsWith("no such dead letters in "), out);
    assertEquals(2, run("list", "--since=yesterday"));
    assertTrue(err.contains("'yesterday' is no time: 90s, 30m"), err);
  }

  @Test
  void listsJsonForScripts() {
    start();
    add("shop");
    assertEquals(0, run("list", "--json"));
    assertEquals(1, out.lines().count());
    assertTrue(out.startsWith("{\"id\":\"" + ids().get(0) + "\",\"time\":\""), out);
    run("list", "--json");
    assertTrue(out.contains("\"pipe\":\"logpipe\",\"node\":\"10.0.0.1:11800\""), out);
    assertTrue(out.contains("\"detail\":\"no: <größe>\""), out);
    assertTrue(out.contains("\"key\":null"), out);
    assertTrue(out.contains("\"messages\":1,\"bytes\":6}"), out);
  }

  @Test
  void showsThemDecoded() {
    start();
    add("shop");
    add("cart");
    String id = ids().get(1);
    assertEquals(0, run("show", id));
    assertTrue(out.contains("\"id\": \"" + id + "\""), out);
    assertTrue(out.contains("\"type\": \"skywalking.v3.LogData\""), out);
    assertTrue(out.contains("\"service\": \"cart\""), out);
    assertFalse(out.contains("shop"), out);
    assertEquals(0, run("show", id, ids().get(0)));
    assertTrue(out.contains("\"shop\""), out);
  }

  @Test
  void aRunningSatelliteSendsThemAgain() {
    start();
    add("shop");
    add("cart");
    assertEquals(0, run("replay", ids().get(1)));
    assertEquals(
        "1 letter (1 message, 6 B) to be sent again, from "
            + data.resolve("dead-letters").resolve("replay"),
        out.strip());
    await(() -> sentAgain.size() == 1);
    assertEquals("cart", sentAgain.get(0).group());
    assertEquals(1, ids().size());
  }

  @Test
  void aStoppedOneSendsThemAtItsNextStart() {
    start();
    add("shop");
    add("cart");
    stop();
    assertEquals(2, ids().size());
    assertEquals(0, run("replay", "--all"));
    assertEquals(0, run("list"));
    assertTrue(out.startsWith("no dead letters in " + data), out);
    assertTrue(out.contains("2 letters to be sent again: "), out);
    start();
    await(() -> sentAgain.size() == 2);
    await(() -> run("list") == 0 && !out.contains("to be sent again"));
  }

  @Test
  void saysWhichOnesMayBeTooLate() {
    start((pipe, event) -> false);
    add("managementpipe", KEEP_ALIVE, "internal", "a", Duration.ZERO);
    add("logpipe", LOGS, "internal", "b", Duration.ZERO);
    assertEquals(0, run("replay", "--reason=internal"));
    assertTrue(out.contains("\n1 of them of methods whose data means something else"), out);
  }

  @Test
  void purgesAndSaysHowMuch() {
    start();
    add("shop");
    add("x".repeat(100));
    add("cart");
    assertEquals(0, run("purge", ids().get(0), ids().get(1)));
    assertEquals("2 letters (2 messages, 108 B) purged", out.strip());
    assertEquals(1, ids().size());
    assertEquals(0, run("purge", "--pipe=other"));
    assertEquals("0 letters (0 messages, 0 B) purged", out.strip());
    assertEquals(0, run("purge", "--all"));
    assertEquals(List.of(), ids());
    await(() -> store.count() == 0);
  }

  @Test
  void whichOnesMustBeSaid() {
    start();
    add("shop");
    for (String command : List.of("replay", "purge")) {
      assertEquals(2, run(command));
      assertTrue(err.contains("Which letters? Name their ids, or --all, or filters"), err);
      assertEquals(2, run(command, "--all", "--pipe=logpipe"));
      assertTrue(err.contains("Choose one way"), err);
    }
    assertEquals(1, ids().size());
  }

  @Test
  void anUnknownIdIsToldWithThoseNearIt() {
    start();
    add("shop");
    add("cart");
    String id = ids().get(0);
    for (String command : List.of("show", "replay", "purge")) {
      assertEquals(1, run(command, id, id + "7"));
      assertFailed("no dead letter " + id + "7 in " + data, "near it: " + id);
    }
    assertEquals(2, ids().size(), "nothing was done");
    run("purge", "--all");
    assertEquals(1, run("show", id));
    assertFailed("no dead letter " + id + ": there are none in " + data);
  }

  @Test
  void aFolderThatIsNotThereIsOneLine() throws Exception {
    assertEquals(1, runAsIs("list", "--data-dir", data.resolve("none").toString()));
    assertFailed("the data folder " + data.resolve("none") + " does not exist");
    Path file = Files.writeString(data.resolve("file"), "");
    assertEquals(1, runAsIs("list", "--data-dir", file.toString()));
    assertFailed("is not a folder");
    Files.writeString(data.resolve("dead-letters"), "");
    assertEquals(1, run("list"));
    assertFailed(data.resolve("dead-letters") + " is not a folder");
  }

  @Test
  void theConfigurationNamesTheFolder() throws Exception {
    start();
    add("shop");
    Path file = data.resolve("user.yaml");
    Files.writeString(file, "sharing:\n  disk:\n    data_dir: " + data + "\n");
    assertEquals(0, runAsIs("list", "-c", file.toString()));
    assertTrue(out.contains("1 letter, 1 message, 6 B"), out);
    Files.writeString(file, "sharing:\n  disk:\n    data_dir: \"\"\n");
    assertEquals(1, runAsIs("list", "-c", file.toString()));
    assertFailed("no data folder is configured", "--data-dir", "SATELLITE_DATA_DIR");
    Files.writeString(file, "sharing:\n  dsk: {}\n");
    assertEquals(1, runAsIs("list", "-c", file.toString()));
    assertFailed("user.yaml", "dsk");
  }

  @Test
  void anEmptyFolderIsNoFailure() {
    for (String command : List.of("list", "replay", "purge")) {
      assertEquals(0, command.equals("list") ? run(command) : run(command, "--all"), err);
    }
    assertEquals(0, run("list", "--json"));
    assertEquals("", out);
    assertFalse(
        Files.exists(new DeadLetterFolder(data, Clock.systemUTC()).path()), "touches nothing");
  }

  @Test
  void damagedLinesAreSaidAndPassedOver() throws Exception {
    start();
    add("shop");
    add("cart");
    stop();
    String id = ids().get(0);
    Path file =
        data.resolve("dead-letters").resolve(id.substring(0, id.lastIndexOf('.')) + ".jsonl");
    Files.writeString(file, Files.readString(file).replaceFirst("shop", "chop"));
    assertEquals(0, run("list"));
    assertTrue(out.contains("1 letter, "), out);
    assertTrue(err.contains(file + ", line 1: damaged"), err);
    assertEquals(0, run("show", id.replace(".1", ".2")));
    assertTrue(out.contains("\"cart\""), out);
  }
}
