package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.apache.skywalking.apm.network.language.profile.v3.ThreadSnapshot;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** Satellite writes into Kafka, and OAP reads from it. */
@Order(8)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KafkaTest {

  private static final String NAMESPACE = "shop";

  /** Seven topics of three partitions: OAP also reads logs in JSON. */
  private static final int PARTITIONS = 21;

  private static final Map<String, String> KINDS =
      Map.of(
          "LOGPIPE", "log",
          "LOGMANAGEMENT", "management",
          "TRACINGPIPE", "tracing",
          "PROFILEPIPE", "profile",
          "JVMPIPE", "jvm",
          "METERPIPE", "meter");

  private KafkaBroker broker;
  private RealOap oap;
  private SatelliteProcess satellite;
  private List<String> segments;
  private List<String> segmentsInSync;
  private List<String> events;
  private int sent;

  @BeforeAll
  void sendEverything() throws Exception {
    broker = KafkaBroker.start("kafka").awaitReady();
    oap =
        RealOap.start(
            "oap-kafka",
            "127.0.0.3",
            ChildProcess.freePort(),
            Map.of(
                "SW_KAFKA_FETCHER",
                "default",
                "SW_KAFKA_FETCHER_SERVERS",
                broker.address(),
                "SW_NAMESPACE",
                NAMESPACE));
    // Before there is a topic: it must find them when they come.
    satellite = SatelliteProcess.inFrontOf("satellite-kafka", intoKafka(NAMESPACE, KINDS), oap);
    oap.awaitReady();
    Eventually.until(
        "OAP reads all topics",
        Duration.ofSeconds(45),
        broker::partitionsRead,
        read -> read == PARTITIONS);
    try (SampleSender feed = new SampleSender(satellite.address())) {
      segments = feed.segments("traced", 500);
      segmentsInSync = feed.segmentsInSync("traced-in-sync", 50);
      feed.jvm("jvm", "jvm-1", 5_000_000);
      feed.meters("metered", "metered-1", 42);
      feed.meterBatch("metered-in-batch", "metered-1", 43);
      feed.logs("logs-a", numbered(100));
      feed.logs("logs-b", numbered(100));
      feed.profileSnapshot(segments.get(0));
      feed.instance("managed", "managed-1", "colour", "green");
      feed.keepAlive("managed", "managed-1");
      events = feed.events("deployed", 20);
      sent = 500 + 1 + 1 + 2 + 1 + 200 + 1 + 1 + 1 + 20;
    }
  }

  private Map<String, String> intoKafka(String namespace, Map<String, String> kinds) {
    Map<String, String> settings = new HashMap<>();
    kinds.forEach(
        (pipe, kind) ->
            settings.put(
                "SATELLITE_" + pipe + "_SENDER_FORWARDER", "native-" + kind + "-kafka-forwarder"));
    settings.put("SATELLITE_KAFKA_BROKERS", broker.address());
    settings.put("SATELLITE_KAFKA_NAMESPACE", namespace);
    return settings;
  }

  @AfterAll
  void close() {
    for (AutoCloseable one : new AutoCloseable[] {satellite, oap, broker}) {
      try {
        if (one != null) {
          one.close();
        }
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
  }

  @Test
  void everySegmentArrivesOnce() {
    exactly(segments, "segments", () -> oap.segmentIds("traced"));
    exactly(segmentsInSync, "segments", () -> oap.segmentIds("traced-in-sync"));
    equal(500L, "calls", () -> oap.figure(GraphqlQueries.figure("sum(service_cpm)", "traced")));
  }

  @Test
  void everyLogArrivesUnderItsService() {
    for (String service : List.of("logs-a", "logs-b")) {
      exactly(numbered(100), "logs", () -> oap.strings("content", GraphqlQueries.logs(service)));
    }
  }

  @Test
  void theHeapArrives() {
    String heap = GraphqlQueries.figure("latest(instance_jvm_memory_heap)", "jvm", "jvm-1");
    equal(5_000_000L, "heap", () -> oap.figure(heap));
  }

  @Test
  void metersArrive() {
    String connections = "latest(satellite_service_grpc_connect_count)";
    equal(42L, "meters", () -> oap.figure(GraphqlQueries.figure(connections, "metered")));
    equal(43L, "meters", () -> oap.figure(GraphqlQueries.figure(connections, "metered-in-batch")));
  }

  @Test
  void instancePropertiesArrive() {
    Eventually.until(
        "the instance with its properties",
        () -> oap.strings("name|value", GraphqlQueries.instances("managed")),
        strings -> strings.containsAll(List.of("managed-1", "green")));
  }

  @Test
  void aSnapshotIsInItsTopic() throws Exception {
    List<ConsumerRecord<String, byte[]>> records =
        Eventually.until(
            "a record", () -> broker.records("shop-skywalking-profilings"), r -> !r.isEmpty());
    assertEquals(1, records.size());
    ThreadSnapshot snapshot = ThreadSnapshot.parseFrom(records.get(0).value());
    assertEquals(segments.get(0), snapshot.getTraceSegmentId());
    assertEquals("task-10", records.get(0).key());
  }

  @Test
  void whatOapDoesNotReadFromKafkaGoesToOapItself() {
    exactly(events, "events", () -> oap.strings("uuid", GraphqlQueries.events("deployed")));
  }

  @Test
  @Order(Integer.MAX_VALUE - 1)
  void theAccountCloses() throws Exception {
    equal((long) sent, "forwarded", () -> satellite.metrics().sum("satellite_forwarded_messages"));
    assertEquals(0, satellite.stop());
    assertTrue(
        Account.ofLastLine(satellite.output()).closedWith(sent), satellite.output().toString());
  }

  @Test
  @Order(Integer.MAX_VALUE)
  void nothingIsLostWhenTheBrokerDiesUnderLoad() throws Exception {
    broker.createTopic("outage-skywalking-segments");
    Map<String, String> settings = intoKafka("outage", Map.of("TRACINGPIPE", "tracing"));
    settings.put("SATELLITE_TRACINGPIPE_SENDER_MAX_BUFFER_SIZE", "10");
    settings.put("SATELLITE_TRACINGPIPE_SENDER_FLUSH_TIME", "50");
    // What comes in during the outage is to wait, however slow the machine.
    settings.put("SATELLITE_QUEUE_EVENT_BUFFER_SIZE", "100000");
    try (var bereaved = SatelliteProcess.inFrontOf("satellite-outage", settings, oap);
        SampleSender feed = new SampleSender(bereaved.address())) {
      ClientStream<SegmentObject> stream = feed.segmentStream();
      CompletableFuture<Void> outage = CompletableFuture.runAsync(() -> outage(bereaved));
      List<String> all = new ArrayList<>();
      while (!outage.isDone()) {
        all.addAll(send(stream, 10));
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(40));
      }
      outage.join();
      all.addAll(send(stream, 200));
      stream.end();
      equal((long) all.size(), "forwarded", () -> forwarded(bereaved));
      List<String> keys =
          broker.records("outage-skywalking-segments").stream().map(ConsumerRecord::key).toList();
      assertEquals(new HashSet<>(all), new HashSet<>(keys));
      System.out.println(all.size() + " segments over an outage, " + keys.size() + " records");
      assertEquals(0, bereaved.stop());
      assertTrue(
          Account.ofLastLine(bereaved.output()).closedWith(all.size()),
          bereaved.output().toString());
    }
  }

  /** Kills the broker at work, lets some be sent meanwhile, and brings it back. */
  private void outage(SatelliteProcess bereaved) {
    Eventually.until("it has work", () -> forwarded(bereaved), n -> n > 300);
    broker.kill();
    Eventually.until(
        "some wait",
        () -> bereaved.metrics().sum("satellite_queued_messages", "pipe=\"tracingpipe\""),
        n -> n > 300);
    broker.launchAgain();
    broker.awaitReady();
    Eventually.until(
        "none wait",
        () -> bereaved.metrics().sum("satellite_queued_messages", "pipe=\"tracingpipe\""),
        n -> n < 300);
  }

  private static long forwarded(SatelliteProcess satellite) throws Exception {
    return satellite.metrics().sum("satellite_forwarded_messages", "pipe=\"tracingpipe\"");
  }

  private static List<String> send(ClientStream<SegmentObject> stream, int count) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String id = Samples.id();
      stream.send(Samples.segment("bereaved", id));
      ids.add(id);
    }
    return ids;
  }

  private static List<String> numbered(int count) {
    return IntStream.range(0, count).mapToObj(i -> "line " + i).toList();
  }
}
