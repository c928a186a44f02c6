package satellite.pipes.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.ENVOY_ALS_V3;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.JVM;
import static satellite.pipes.protocol.ReceiverPlugin.LOG;
import static satellite.pipes.protocol.ReceiverPlugin.METER;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.pipes.pipe.PipeMetrics;
import satellite.standin.StandInOap;

/** Clients that misbehave, go away, or send what nobody can use. */
class ReceivingTest extends FlowFixture {

  private static final byte[] MALFORMED = {0x12, 0x7f, 1};

  private final AtomicInteger openEnvoyStreams = new AtomicInteger();
  private final AtomicInteger refusedOfEnvoys = new AtomicInteger();

  @Override
  public PipeMetrics metrics() {
    return new PipeMetrics() {
      @Override
      public Stream streamOpened(String peerHost) {
        openEnvoyStreams.incrementAndGet();
        return new Stream() {
          @Override
          public void refused() {
            refusedOfEnvoys.incrementAndGet();
          }

          @Override
          public void closed() {
            openEnvoyStreams.decrementAndGet();
          }
        };
      }
    };
  }

  @Test
  void malformedBytesAreRefusedWithTheMethodsName() {
    StandInOap oap = node();
    start(LOG);
    ManagedChannel agent = client();
    Caller good = Caller.stream(agent, Samples.LOGS).send(Samples.log("shop", "1"));
    Caller bad = Caller.stream(agent, Samples.LOGS).send(Samples.log("shop", "2"));
    bad.send(MALFORMED);
    assertEquals(Status.Code.INVALID_ARGUMENT, bad.code());
    assertTrue(bad.status().getDescription().contains(Samples.LOGS), () -> bad.status().toString());
    good.send(Samples.log("shop", "3")).finish();
    awaitForwarded(3);
    assertEquals(Map.of("malformed", 1L), account().refusedByReason());
    assertEquals(
        List.of("1", "2", "3"),
        messages(oap, Samples.LOGS).stream().map(Samples::logText).sorted().toList());
  }

  @Test
  void aMalformedUnaryCallIsRefused() {
    node();
    start(JVM);
    Caller bad = Caller.unary(client(), Samples.JVM, MALFORMED);
    assertEquals(Status.Code.INVALID_ARGUMENT, bad.code());
    assertEquals(Map.of("malformed", 1L), account().refusedByReason());
    assertEquals(0, account().received());
  }

  @Test
  void whatWasGatheredBeforeAMalformedMessageIsForwarded() {
    StandInOap oap = node();
    start(ENVOY_ALS_V3);
    Caller bad = Caller.stream(client(), Samples.ALS).send(Samples.accessLog("envoy-1", "/1"));
    bad.send(MALFORMED);
    assertEquals(Status.Code.INVALID_ARGUMENT, bad.code());
    awaitForwarded(1);
    assertEquals(List.of("/1"), Samples.paths(messages(oap, Samples.SATELLITE_ALS)));
    assertEquals(1, refusedOfEnvoys.get());
    await("no stream is counted open", () -> openEnvoyStreams.get() == 0);
  }

  @Test
  void whatAClientSentBeforeItCancelledIsForwarded() {
    node();
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    IntStream.range(0, 10).forEach(i -> caller.send(Samples.event("e" + i)));
    await("all came in", () -> account().received() == 10);
    caller.call.cancel("no more", null);
    awaitForwarded(10);
    await("the stream is closed", () -> pipes.get(0).openStreams() == 0);
  }

  @Test
  void whatAClientSentBeforeItDiedIsForwarded() {
    // So long that only the end of the stream can bring it out.
    gather = new PipeConfig.Gather(Duration.ofMinutes(5), 1000);
    batch = new BatchLimits(Duration.ofSeconds(3), 1000, 1 << 20, 4);
    StandInOap oap = node();
    start(METER, ENVOY_ALS_V3);
    ManagedChannel agent = client();
    Caller meters = Caller.stream(agent, Samples.METER);
    meters.send(Samples.meter("shop", "shop-1", 1).toByteArray());
    meters.send(Samples.meter(null, null, 2).toByteArray());
    Caller.stream(agent, Samples.ALS).send(Samples.accessLog("envoy-1", "/1"));
    await("all came in", () -> pipes.stream().mapToLong(p -> p.account().received()).sum() == 3);
    agent.shutdownNow();
    await("the streams are closed", () -> pipes.stream().allMatch(p -> p.openStreams() == 0));
    pipes.forEach(Pipe::flush);
    awaitSettled();
    assertEquals(1, messages(oap, Samples.METERS).size());
    assertEquals(List.of("/1"), Samples.paths(messages(oap, Samples.SATELLITE_ALS)));
    assertEquals(0, openEnvoyStreams.get());
  }

  @Test
  void aReportOfNobodyIsDroppedAndCounted() {
    node();
    start(METER);
    Caller.stream(client(), Samples.METER)
        .send(Samples.meter(null, null, 1).toByteArray())
        .send(Samples.meter(null, null, 2).toByteArray())
        .finish();
    Caller.stream(client(), Samples.METERS).send(new byte[0]).finish();
    await("they are dropped", () -> account().dropped() == 3);
    assertEquals(Map.of("no_identity", 3L), account().droppedByReason());
  }

  /** Too long to wait for a reporter that may be named at its end. */
  @Test
  void aLongReportOfNobodyIsDroppedAndThePipeLivesOn() {
    batch = new BatchLimits(Duration.ofMillis(50), 100, 2_000, 4);
    node();
    start(METER);
    Caller nobody = Caller.stream(client(), Samples.METER);
    IntStream.range(0, 300).forEach(i -> nobody.send(Samples.meter(null, null, i).toByteArray()));
    nobody.finish();
    await("it is dropped", () -> account().droppedByReason().equals(Map.of("no_identity", 300L)));
    Caller.stream(client(), Samples.METERS).send(Samples.meters("shop-1", 1)).finish();
    awaitForwarded(1);
  }

  @Test
  void aStreamWithoutMessagesIsAnswered() {
    node();
    start(EVENT, METER, ENVOY_ALS_V3);
    ManagedChannel agent = client();
    for (String method : List.of(Samples.EVENTS, Samples.METER, Samples.ALS)) {
      Caller.stream(agent, method).finish();
    }
  }

  @Test
  void aReportLongerThanABatchIsCutAndEachPartNamesItsReporter() {
    batch = new BatchLimits(Duration.ofMillis(50), 100, 2_000, 4);
    StandInOap oap = node();
    start(METER);
    Caller caller = Caller.stream(client(), Samples.METER);
    caller.send(Samples.meter("shop", "shop-1", 0).toByteArray());
    IntStream.range(1, 300).forEach(i -> caller.send(Samples.meter(null, null, i).toByteArray()));
    caller.finish();
    awaitForwarded(300);
    List<byte[]> parts = messages(oap, Samples.METERS);
    assertTrue(parts.size() > 1);
    parts.forEach(part -> assertEquals("shop-1", Samples.instance(part)));
  }
}
