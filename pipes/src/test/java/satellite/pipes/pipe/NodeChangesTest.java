package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.METER;

import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import satellite.discovery.Node;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.grpc.ClientConfig;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.standin.StandInOap;

/** The set of nodes changes under load: nothing is lost, sent twice, or left behind. */
class NodeChangesTest extends FlowFixture {

  private static final int CHANGES = 1000;
  private static final int NODES = 8;
  private static final String FETCH =
      "/skywalking.v3.ConfigurationDiscoveryService/fetchConfigurations";

  private final Random random = new Random(6);
  private final AtomicBoolean sending = new AtomicBoolean(true);
  private final List<String> failedCalls = new ArrayList<>();
  private int events;
  private int meters;
  private int calls;

  private Set<Node> anyNodes() {
    Set<Node> some = new HashSet<>();
    int rest = random.nextInt(NODES);
    for (int i = 0; i < NODES; i++) {
      if (i == rest || random.nextBoolean()) {
        Node node = at(nodes.get(i), 1 + random.nextInt(3));
        some.add(node.withZone("zone " + random.nextInt(2)));
      }
    }
    return some;
  }

  /** Events for any node, meters that stay on theirs, and calls that are passed through. */
  private void send(ManagedChannel channel) {
    Caller stream = Caller.stream(channel, Samples.EVENTS);
    Caller sticky = Caller.stream(channel, Samples.METERS);
    List<Caller> waiting = new ArrayList<>();
    while (sending.get()) {
      for (int i = 0; i < 4; i++) {
        stream.send(Samples.event("e" + events++));
      }
      sticky.send(Samples.meters("i" + meters % 50, meters++));
      waiting.add(Caller.unary(channel, FETCH, new byte[0]));
      calls++;
      LockSupport.parkNanos(2_000_000);
    }
    stream.finish();
    sticky.finish();
    for (Caller call : waiting) {
      if (!call.status().isOk()) {
        failedCalls.add(call.status().toString());
      }
    }
  }

  private static long heapAfterGc() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      System.gc();
      Runtime runtime = Runtime.getRuntime();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }

  @Test
  @Timeout(120)
  void aThousandChangesUnderLoadLoseNothingRepeatNothingAndLeaveNothingBehind()
      throws InterruptedException {
    batch = new BatchLimits(Duration.ofMillis(5), 20, 1 << 20, 4);
    for (int i = 0; i < NODES; i++) {
      node();
    }
    start(EVENT, METER);
    awaitUp(NODES);
    ManagedChannel channel = client();
    Thread sender = new Thread(() -> send(channel), "sender");
    sender.start();

    int threads = 0;
    long heap = 0;
    Set<Node> last = Set.of();
    for (int change = 1; change <= CHANGES; change++) {
      last = anyNodes();
      router.nodes(last);
      LockSupport.parkNanos(5_000_000);
      if (change == CHANGES / 4) {
        threads = Thread.activeCount();
        heap = heapAfterGc();
      }
    }
    sending.set(false);
    sender.join();
    awaitSettled();

    int left = last.size();
    // Long before the drain time is over: no lane keeps a permit of a node that is gone.
    await("what is gone is closed", () -> router.draining().isEmpty() && connector.open() == left);
    int before = threads;
    await("no thread more, but for the pool's", () -> Thread.activeCount() <= before + 1);
    long grown = heapAfterGc() - heap;
    assertTrue(grown < 24 << 20, (grown >> 10) + " KiB more after " + CHANGES + " changes");

    List<String> arrived = Samples.eventIds(messages(Samples.EVENTS));
    assertEquals(events, Set.copyOf(arrived).size(), "each event arrives");
    assertEquals(events, arrived.size(), "none of them twice");
    assertEquals(meters, messages(Samples.METERS).size());
    assertEquals(List.of(), failedCalls, "of " + calls + " calls that are passed through");
  }

  @Test
  void whatANodeThatIsGoneDoesNotAnswerGoesElsewhere() {
    client = new ClientConfig(null, "", Duration.ofSeconds(5), LONG, Duration.ofMillis(500));
    StandInOap gone = node();
    StandInOap stays = node();
    start(EVENT);
    awaitUp(2);
    router.nodes(Set.of(at(gone, 1)));
    gone.hold();
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("e")).finish();
    await("it has it", () -> gone.count(Samples.EVENTS.substring(1)).messages() == 1);
    router.nodes(Set.of(at(stays, 1)));
    awaitForwarded(1);
    assertEquals(List.of("e"), Samples.eventIds(messages(stays, Samples.EVENTS)));
  }

  @Test
  void whenTheLastNodeGoesEventsWaitForTheNextOne() {
    StandInOap one = node();
    start(EVENT);
    awaitUp(1);
    router.nodes(Set.of());
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("e")).finish();
    await("it is queued", () -> account().received() == 1);
    assertEquals(0, account().forwarded());
    router.nodes(Set.of(at(one, 1)));
    awaitForwarded(1);
  }
}
