package satellite.standin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.standin.TrafficSource.ACCESS_LOGS;
import static satellite.standin.TrafficSource.JVM;
import static satellite.standin.TrafficSource.KEEP_ALIVE;
import static satellite.standin.TrafficSource.LOGS;
import static satellite.standin.TrafficSource.METERS;
import static satellite.standin.TrafficSource.SEGMENTS;

import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.grpc.Status;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import satellite.standin.TrafficSource.Counts;
import satellite.standin.TrafficSource.Load;

@Timeout(120)
class TrafficSourceTest {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Load LIVELY = new Load(2, 2, 2_000);

  private final StandInOap oap = new StandInOap().start(0);
  private TrafficSource source;

  /** After every test: each message that was sent was answered or failed. */
  @AfterEach
  void theAccountIsEven() {
    oap.release();
    source.close();
    Counts counts = source.counts();
    assertEquals(counts.sent(), counts.answered() + counts.failed(), counts::toString);
    oap.close();
  }

  @Test
  void reportsEveryKindAndAllIsAnswered() throws Exception {
    start(LIVELY);
    for (String method : List.of(SEGMENTS, METERS, LOGS, JVM, KEEP_ALIVE, ACCESS_LOGS)) {
      assertTrue(oap.awaitMessages(method, 20, SOON), method);
    }
    source.close();
    Counts counts = source.counts();
    assertEquals(0, counts.failed());
    assertEquals(counts.sent(), counts.answered());
    assertEquals(counts.sent(), oap.messages());
    assertEquals(0, oap.openCalls());
  }

  @Test
  void aSegmentStreamCarriesTwentyAndAnAccessLogStreamLivesOn() throws Exception {
    Streams streams = new Streams();
    oap.listen(streams);
    start(LIVELY);
    assertTrue(oap.awaitMessages(SEGMENTS, 200, SOON));
    assertTrue(oap.awaitMessages(ACCESS_LOGS, 100, SOON));
    source.close();

    List<Integer> segments = streams.lengths(SEGMENTS);
    assertTrue(segments.size() >= 10, segments::toString);
    assertTrue(segments.stream().allMatch(length -> length <= 20), segments::toString);
    // Only the last stream of each agent was cut short, by close.
    long whole = segments.stream().filter(length -> length == 20).count();
    assertTrue(whole >= segments.size() - 2, segments::toString);
    assertEquals(2, streams.lengths(ACCESS_LOGS).size());
  }

  @Test
  void anEnvoyIntroducesItselfOnceAStream() throws Exception {
    Map<Long, List<Boolean>> identified = new ConcurrentHashMap<>();
    oap.listen(
        new StandInOap.Listener() {
          @Override
          public void message(StandInOap.Call call, int index, byte[] message) {
            if (call.method().equals(ACCESS_LOGS)) {
              try {
                boolean first = StreamAccessLogsMessage.parseFrom(message).hasIdentifier();
                identified
                    .computeIfAbsent(call.id(), id -> new CopyOnWriteArrayList<>())
                    .add(first);
              } catch (Exception e) {
                throw new AssertionError(e);
              }
            }
          }
        });
    start(LIVELY);
    assertTrue(oap.awaitMessages(ACCESS_LOGS, 50, SOON));
    source.close();
    assertEquals(2, identified.size());
    identified
        .values()
        .forEach(
            stream -> {
              assertTrue(stream.get(0));
              assertEquals(1, stream.stream().filter(first -> first).count());
            });
  }

  @Test
  void eachSenderHasItsOwnConnection() throws Exception {
    Set<SocketAddress> clients = ConcurrentHashMap.newKeySet();
    oap.listen(
        new StandInOap.Listener() {
          @Override
          public void opened(StandInOap.Call call) {
            clients.add(call.client());
          }
        });
    start(new Load(3, 2, 2_000));
    assertTrue(oap.awaitMessages(ACCESS_LOGS, 50, SOON));
    assertTrue(oap.awaitMessages(SEGMENTS, 50, SOON));
    assertEquals(5, clients.size());
  }

  @Test
  void keepsItsPace() throws Exception {
    long begin = System.nanoTime();
    start(new Load(2, 2, 200));
    assertTrue(oap.awaitMessages(SEGMENTS, 100, SOON));
    double seconds = (System.nanoTime() - begin) / 1e9;
    // Half of all are segments: 100 a second, and no burst at the beginning.
    assertTrue(seconds > 0.9, () -> "came in " + seconds + " s");
  }

  @Test
  void sendsNothingIntoAStreamThatIsNotReady() throws Exception {
    CountDownLatch reading = new CountDownLatch(1);
    oap.onMessage((method, message) -> await(reading));
    start(new Load(1, 1, 20_000));
    until(() -> source.counts().leftOut() > 20_000);
    Counts counts = source.counts();
    // What the flow control windows and the transport's buffers took in, not what was due.
    assertTrue(counts.sent() < counts.leftOut(), counts::toString);
    reading.countDown();
    source.close();
    assertEquals(0, source.counts().failed());
    assertEquals(source.counts().sent(), oap.messages());
  }

  @Test
  void opensNoMoreCallsWhileAnswersAreMissing() throws Exception {
    oap.hold();
    start(new Load(1, 1, 2_000));
    int most = TrafficSource.MAX_UNANSWERED;
    assertTrue(oap.awaitMessages(METERS, most, SOON));
    assertTrue(oap.awaitMessages(SEGMENTS, most * 20, SOON));
    // The stream that lives on goes on meanwhile.
    assertTrue(oap.awaitMessages(ACCESS_LOGS, oap.count(ACCESS_LOGS).messages() + 100, SOON));
    assertEquals(most, oap.count(METERS).calls());
    assertEquals(most * 20, oap.count(SEGMENTS).messages());
    oap.release();
    assertTrue(oap.awaitMessages(METERS, most + 1, SOON));
  }

  @Test
  void countsWhatFailedAndGoesOn() throws Exception {
    AtomicInteger refused = new AtomicInteger();
    oap.endWhen(
        (method, message, index) ->
            method.equals(METERS) && refused.getAndIncrement() < 2 ? Status.UNAVAILABLE : null);
    start(LIVELY);
    assertTrue(oap.awaitMessages(METERS, 10, SOON));
    source.close();
    assertEquals(2, source.counts().failed());
  }

  @Test
  void findsAReceiverThatComesBack() throws Exception {
    start(LIVELY);
    assertTrue(oap.awaitMessages(SEGMENTS, 20, SOON));
    oap.stop();
    until(() -> source.counts().failed() > 0);
    oap.start(oap.port());
    long before = oap.count(ACCESS_LOGS).messages();
    assertTrue(oap.awaitMessages(ACCESS_LOGS, before + 10, SOON));
  }

  @Test
  void givesUpAnswersThatDoNotCome() throws Exception {
    oap.hold();
    source = new TrafficSource("127.0.0.1", oap.port(), LIVELY, Duration.ofMillis(50)).start();
    assertTrue(oap.awaitMessages(ACCESS_LOGS, 10, SOON));
    source.close();
    assertEquals(0, source.counts().answered());
    assertTrue(source.counts().failed() > 0);
  }

  @Test
  void closesWithoutHavingStartedAndOnlyStartsOnce() {
    source = new TrafficSource("127.0.0.1", oap.port(), LIVELY, SOON);
    source.close();
    source.close();
    assertThrows(IllegalStateException.class, source::start);
  }

  @Test
  void refusesALoadOfNothing() {
    source = new TrafficSource("127.0.0.1", oap.port(), LIVELY, SOON);
    assertThrows(IllegalArgumentException.class, () -> new Load(0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Load(1, 1, 0));
  }

  private void start(Load load) {
    source = new TrafficSource("127.0.0.1", oap.port(), load, SOON).start();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(60, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void until(BooleanSupplier condition) {
    long deadline = System.nanoTime() + SOON.toNanos();
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "not in time");
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** How many messages each stream of a method carried. */
  private static final class Streams implements StandInOap.Listener {

    private final Map<StandInOap.Call, AtomicInteger> lengths = new ConcurrentHashMap<>();

    @Override
    public void message(StandInOap.Call call, int index, byte[] message) {
      lengths.computeIfAbsent(call, c -> new AtomicInteger()).incrementAndGet();
    }

    List<Integer> lengths(String method) {
      return lengths.entrySet().stream()
          .filter(entry -> entry.getKey().method().equals(method))
          .map(entry -> entry.getValue().get())
          .toList();
    }
  }
}
