package satellite.pipes.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import satellite.bench.Messages;
import satellite.bench.QueueBenchmark;
import satellite.bench.RoutingBenchmark;
import satellite.bench.SpillBenchmark;
import satellite.queue.Event;

/** That each benchmark does what it says: a figure of something else would mislead. */
class BenchmarksTest {

  private static final String IDENTITY = Messages.SERVICE + '\0' + Messages.INSTANCE;

  @Test
  void keysAreRead() throws MalformedMessageException {
    KeyReadingBenchmark reading = new KeyReadingBenchmark();
    reading.open();
    assertEquals(Messages.SERVICE, reading.log().group());
    assertEquals(IDENTITY, reading.meterCollection().key());
    assertEquals(IDENTITY + '\0', reading.jvm().group());
  }

  @Test
  void identifiersAreCutOff() throws MalformedMessageException {
    KeyReadingBenchmark reading = new KeyReadingBenchmark();
    reading.open();
    Event first = reading.accessLogWithIdentifier();
    assertArrayEquals(Messages.accessLog(), first.parts().get(0));
    assertTrue(first.context().length > 1000);
    assertArrayEquals(Messages.accessLog(), reading.accessLog().parts().get(0));
  }

  @Test
  void messagesHaveTheSizesThatTheReadmeNames() {
    assertEquals(
        "log 530, meters 3572, jvm 414, segment 1158, access log 2707, with identifier 4463",
        "log %d, meters %d, jvm %d, segment %d, access log %d, with identifier %d"
            .formatted(
                Messages.log().length,
                Messages.meters().length,
                Messages.jvm().length,
                Messages.segment().length,
                Messages.accessLog().length,
                Messages.accessLogWithIdentifier(1).length));
  }

  @Test
  void everyEventIsTakenAndABatchIsSettledWhenItIsFull() {
    QueueBenchmark queue = new QueueBenchmark();
    queue.fill();
    for (int i = 1; i < 200; i++) {
      assertTrue(i % 2 == 0 ? queue.oneProducer() : queue.twoProducers());
      assertEquals(i, queue.events());
    }
    assertTrue(queue.oneProducer());
    assertEquals(0, queue.events());
  }

  @ParameterizedTest
  @EnumSource
  void anOutageGoesToDiskWhereMemoryIsShortAndAllComesBack(SpillBenchmark.Storage storage)
      throws IOException {
    SpillBenchmark spill = new SpillBenchmark();
    spill.storage = storage;
    spill.open();
    long onDisk = spill.outage();
    assertEquals(0, spill.events());
    spill.close();
    int atLeast = storage == SpillBenchmark.Storage.MEMORY ? 0 : SpillBenchmark.EVENTS / 2;
    int atMost = storage == SpillBenchmark.Storage.MEMORY ? 0 : SpillBenchmark.EVENTS;
    assertTrue(atLeast <= onDisk && onDisk <= atMost, storage + ": " + onDisk);
  }

  @Test
  void picksGoToTheirNodes() {
    RoutingBenchmark routing = new RoutingBenchmark();
    routing.connect();
    Set<Object> met = new HashSet<>();
    for (int i = 0; i < 10; i++) {
      met.add(routing.roundRobin());
    }
    assertEquals(10, met.size());
    Set<Object> fixed = new HashSet<>();
    for (int i = 0; i < 1024; i++) {
      fixed.add(routing.fixedKnown());
    }
    assertEquals(met, fixed);
    assertTrue(met.contains(routing.fixedNew()));
    Set<Object> called = new HashSet<>();
    for (int i = 0; i < 10; i++) {
      called.add(routing.call());
    }
    assertEquals(met, called);
    routing.close();
  }

  @Test
  void mergedBytesAreAllThatCame() throws Exception {
    MergeBenchmark merge = new MergeBenchmark();
    merge.read();
    int segment = Messages.segment().length;
    long header = FieldCursor.header(1, segment).length;
    assertEquals(MergeBenchmark.SEGMENT_COUNT * (header + segment), merge.segments());
    int identified = 0;
    for (int envoy = 0; envoy < MergeBenchmark.ENVOYS; envoy++) {
      identified += Messages.accessLogWithIdentifier(envoy).length;
    }
    int later = MergeBenchmark.ENVOYS * (MergeBenchmark.GATHERED - 1) * Messages.accessLog().length;
    assertEquals(identified + later, merge.accessLogs());
  }
}
