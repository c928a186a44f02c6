package satellite.e2e.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import satellite.e2e.ChildProcess;

/**
 * One Satellite between a sender and two nodes, with one ledger for all of them. A test lets it
 * run, does something to it, and asks for the {@link #settle settlement}; {@link #end} closes the
 * ledger. One thread.
 */
final class FaultRun implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final long FIND_NANOS = TimeUnit.SECONDS.toNanos(3);

  /** Only what is sent here. */
  private static final String PIPES =
      Stream.of("log", "tracing", "meter", "management")
          .map(
              kind ->
                  "  - common_config: {pipe_name: "
                      + kind
                      + "pipe}\n    gatherer: {receiver: {plugin_name: grpc-native-"
                      + kind
                      + "-receiver}}\n")
          .collect(Collectors.joining("", "pipes:\n", ""));

  private final String name;
  private final AckMode mode;
  private final Path data;
  private final Ledger ledger;
  private final List<FaultyNode> nodes = new ArrayList<>();
  private final RestartableSatellite satellite;
  private final Sender sender;
  private boolean sending;
  private boolean damaged;

  /**
   * @param name of its folder and logs below {@code target}
   * @param settings on top of what all runs have in common
   */
  FaultRun(String name, AckMode mode, long seed, Map<String, String> settings) {
    this.name = name + "-" + mode.word();
    this.mode = mode;
    this.data = ChildProcess.TARGET.resolve("faults").resolve(this.name);
    this.ledger = new Ledger(mode);
    delete(data);
    for (int i = 0; i < 2; i++) {
      nodes.add(new FaultyNode("node " + i + " of " + this.name, ledger, seed * 31 + i));
    }
    Map<String, String> all = new HashMap<>(common());
    all.putAll(settings);
    this.satellite =
        new RestartableSatellite(
            "faults-" + this.name, RestartableSatellite.file("faults.yaml", PIPES), all);
    this.sender = new Sender(this.name, ledger, seed);
  }

  private Map<String, String> common() {
    Map<String, String> common = new HashMap<>();
    common.put("SATELLITE_ACKNOWLEDGEMENT", mode.word());
    common.put("SATELLITE_DATA_DIR", data.toString());
    common.put("SATELLITE_SHUTDOWN_HOLD_TIME", "0");
    common.put("SATELLITE_SHUTDOWN_HOOK_TIME", "1");
    common.put("SATELLITE_HTTP_ENABLED", "false");
    common.put("SATELLITE_GRPC_CHECK_PERIOD", "1");
    common.put("SATELLITE_GRPC_TIMEOUT_UNARY", "1");
    common.put("SATELLITE_GRPC_TIMEOUT_STREAM", "1");
    common.put("SATELLITE_QUEUE_FULL_TIMEOUT", "1");
    common.put(
        "SATELLITE_GRPC_CLIENT",
        nodes.stream().map(FaultyNode::address).collect(Collectors.joining(",")));
    for (String pipe : List.of("LOGPIPE", "TRACINGPIPE", "METERPIPE", "LOGMANAGEMENT")) {
      common.put("SATELLITE_" + pipe + "_SENDER_FLUSH_TIME", "20");
      common.put("SATELLITE_" + pipe + "_SENDER_MAX_BUFFER_SIZE", "20");
    }
    return common;
  }

  /** Memory so small that it is full within a second of traffic. */
  static final Map<String, String> SMALL_MEMORY =
      Map.of("SATELLITE_QUEUE_BYTES", "400000", "SATELLITE_QUEUE_EVENT_BUFFER_SIZE", "400");

  AckMode mode() {
    return mode;
  }

  List<FaultyNode> nodes() {
    return nodes;
  }

  FaultyNode node(int number) {
    return nodes.get(number);
  }

  // ---- what a scenario is made of

  /**
   * Begins an incarnation; the sender goes on with it.
   *
   * @param launcher put in front of the command
   */
  FaultRun start(String... launcher) {
    satellite.start(launcher);
    sender.connect(satellite.address(), satellite.number());
    goOn();
    return this;
  }

  /** SIGTERM, amid the traffic. */
  void stop() {
    ledger.givenUp(satellite.number(), satellite.stop());
    gone();
  }

  /** SIGKILL, amid the traffic. */
  void kill() {
    ledger.killed(satellite.number());
    satellite.kill();
    gone();
  }

  /** A node that is deaf must not hear of it after it has heard of the next one. */
  private void gone() {
    sender.disconnect();
    nodes.forEach(FaultyNode::forgetConnections);
  }

  /**
   * SIGKILL when nothing arrives and nothing is on its way to disk: what is in memory then is all
   * that may be lost.
   */
  void killAtRest() {
    sender.pause();
    sending = false;
    AccountFigures before = satellite.figures();
    AccountFigures figures;
    while (!(figures = satellite.figuresAfter(Duration.ofMillis(500))).equals(before)) {
      before = figures;
    }
    ledger.givenUp(satellite.number(), figures.queued());
    satellite.kill();
    gone();
  }

  /**
   * Returns when the sender has made so many calls more; after a second if they are not answered.
   */
  void traffic(int calls) {
    long enough = sender.calls() + calls;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
    while (sender.calls() < enough && System.nanoTime() < deadline) {
      pause();
    }
  }

  /** Returns when so many messages at least are on disk only; at once where nothing goes there. */
  void spill(long messages) {
    if (mode != AckMode.DELIVERED) {
      await(messages + " messages on disk", () -> satellite.figures().spilled() >= messages);
    }
  }

  /** Returns when Satellite has refused so many items. */
  void refusal(long items) {
    await(items + " refused items", () -> ledger.result(Map.of()).refused() >= items);
  }

  /** Returns when the nodes are given so many items more. */
  void delivery(int items) {
    long enough = ledger.deliveries() + items;
    await(items + " deliveries more", () -> ledger.deliveries() >= enough);
  }

  /** Hands are laid on the disk: what is destroyed is the suite's own doing. */
  void damage(Damage damage) {
    damaged = true;
    satellite.diskHasChanged();
    ledger.destroyed(damage.to(data));
  }

  interface Damage {

    /** Does it; returns the ids of items whose only copy may be gone. */
    List<String> to(Path data);
  }

  // ---- what must be true

  /** All faults end, all that is under way arrives, and then the ledger is read. */
  void settle() {
    nodes.forEach(FaultyNode::recover);
    settleAsItIs();
  }

  /** The same with the faults that there are. */
  void settleAsItIs() {
    if (sending) {
      sender.pause();
      sending = false;
    }
    // The account first: what it closes, the nodes have written into the ledger before. A start may
    // still be looking through its disk, and not know yet what it has.
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    long closedNanos = System.nanoTime();
    AccountFigures figures = satellite.figures();
    while (!figures.areClosed()
        || !lost().isEmpty() && System.nanoTime() - closedNanos < FIND_NANOS) {
      if (System.nanoTime() > deadline) {
        fail(List.of("not all is settled after " + PATIENCE + ": " + figures));
      }
      if (!figures.areClosed()) {
        closedNanos = System.nanoTime();
      }
      pause();
      figures = satellite.figures();
    }
    check(
        new ArrayList<>(),
        satellite.forwarded() + figures.forwarded(),
        satellite.recovered() + figures.recovered());
  }

  /** The sender goes on, if it was silent. */
  void goOn() {
    if (!sending) {
      sending = true;
      sender.resume();
    }
  }

  /** {@link #settle}, SIGTERM, and the last word of all incarnations. */
  RunResult end() {
    settle();
    stop();
    List<String> wrong = new ArrayList<>(satellite.complaints());
    Long received = satellite.received();
    if (received != null
        && (received < ledger.messagesAnswered() || received > ledger.messagesSent())) {
      wrong.add(
          "received "
              + received
              + " messages by its account, but "
              + ledger.messagesAnswered()
              + " were answered, of "
              + ledger.messagesSent());
    }
    Long dead = satellite.dead();
    if (dead != null && (dead < ledger.messagesDead(true) || dead > ledger.messagesDead(false))) {
      wrong.add(
          dead
              + " messages are dead by its account, but nodes have refused "
              + ledger.messagesDead(false)
              + " for good, and not taken "
              + ledger.messagesDead(true)
              + " of them");
    }
    check(wrong, satellite.forwarded(), satellite.recovered());
    return ledger.result(satellite.dropped());
  }

  private List<Item> lost() {
    if (damaged) {
      ledger.destroyed(DiskDamage.setAside(data));
    }
    return ledger.lost();
  }

  /** What it had on disk is not needed any more. */
  void forget() {
    delete(data);
  }

  private void check(List<String> wrong, long forwarded, long recovered) {
    wrong.addAll(ledger.overtaken().stream().limit(5).map(o -> "overtaken: " + o).toList());
    List<Item> lost = lost();
    if (!lost.isEmpty()) {
      wrong.add(lost.size() + " lost: " + lost.stream().limit(5).toList());
    }
    // Each copy beyond the first has a reason: a node did not answer OK, or its OK was not heard,
    // or the message was found on disk.
    long unheard = ledger.messagesDelivered() - forwarded;
    long repeated = ledger.repeatedMessages();
    if (repeated > unheard + recovered) {
      wrong.add(
          repeated
              + " delivered again without need: "
              + unheard
              + " answers were not heard, "
              + recovered
              + " messages recovered");
    }
    wrong.addAll(ledger.surprises());
    if (!wrong.isEmpty()) {
      fail(wrong);
    }
  }

  private void fail(List<String> wrong) {
    throw new AssertionError(
        name
            + ":\n  "
            + String.join("\n  ", wrong)
            + "\n"
            + RunResult.head()
            + "\n"
            + ledger.result(satellite.dropped()).line(mode.word()));
  }

  private void await(String what, BooleanSupplier fact) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!fact.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        fail(List.of("not within " + PATIENCE + ": " + what));
      }
      pause();
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    sender.close();
    satellite.close();
    nodes.forEach(FaultyNode::close);
  }

  private static void delete(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
