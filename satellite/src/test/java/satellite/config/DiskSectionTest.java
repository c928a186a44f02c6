package satellite.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import satellite.queue.Acknowledgement;
import satellite.queue.DiskConfig;

/** What is kept on disk, and what a pipe says of it. */
class DiskSectionTest extends ConfigFixture {

  private static final String LOG = "grpc-native-log-receiver";
  private static final String EVENT = "grpc-native-event-receiver";

  private static Set<Acknowledgement> acknowledgements(SatelliteConfig config) {
    return config.pipes().stream()
        .filter(pipe -> pipe.queue() != null)
        .map(pipe -> pipe.queue().acknowledgement())
        .collect(Collectors.toSet());
  }

  private static Acknowledgement acknowledgement(SatelliteConfig config, String receiver) {
    return pipeOf(config, receiver).queue().acknowledgement();
  }

  @Test
  void nothingIsOnDiskUnlessAFolderIsNamed() {
    assertNull(defaults().disk());
    assertNull(load("sharing: {disk: {max_bytes: 2000000000, data_dir: ' '}}").disk());
    assertEquals(Set.of(Acknowledgement.QUEUED), acknowledgements(defaults()));
    assertEquals(Duration.ofMinutes(1), defaults().pipes().get(0).queue().timeToLive());
  }

  @Test
  void theFolderAloneIsEnough() {
    SatelliteConfig config = ConfigFile.load(null, Map.of("SATELLITE_DATA_DIR", "/no/such/folder"));
    assertEquals(
        new DiskConfig(
            Path.of("/no/such/folder"),
            1 << 30,
            4 << 20,
            Duration.ofSeconds(1),
            64 << 20,
            Duration.ofDays(7)),
        config.disk());
    assertEquals(defaults().pipes(), config.pipes());
    assertEquals(List.of(), config.notices());
  }

  @Test
  void whoWaitsForOapDoesNotWaitForABatchToFill() {
    var delivered = ConfigFile.load(null, Map.of("SATELLITE_ACKNOWLEDGEMENT", "delivered"));
    assertEquals(Duration.ofMillis(20), flushTime(delivered, LOG));
    assertEquals(Duration.ofSeconds(1), flushTime(delivered, "grpc-envoy-als-v3-receiver"));
    assertEquals(Duration.ofSeconds(1), flushTime(defaults(), LOG));
    var faster =
        Map.of(
            "SATELLITE_ACKNOWLEDGEMENT", "delivered", "SATELLITE_LOGPIPE_SENDER_FLUSH_TIME", "5");
    assertEquals(Duration.ofMillis(5), flushTime(ConfigFile.load(null, faster), LOG));
  }

  private static Duration flushTime(SatelliteConfig config, String receiver) {
    return pipeOf(config, receiver).batch().flushTime();
  }

  @Test
  void environmentVariablesOfTheDiskHaveEffect() {
    var env =
        Map.of(
            "SATELLITE_DATA_DIR", "data",
            "SATELLITE_DISK_BYTES", "2000000",
            "SATELLITE_DISK_SEGMENT_BYTES", "100000",
            "SATELLITE_DISK_FSYNC_PERIOD", "250ms",
            "SATELLITE_DEAD_LETTER_BYTES", "0",
            "SATELLITE_DEAD_LETTER_AGE", "2");
    assertEquals(
        new DiskConfig(
            Path.of("data"), 2_000_000, 100_000, Duration.ofMillis(250), 0, Duration.ofHours(2)),
        ConfigFile.load(null, env).disk());
  }

  @Test
  void oneVariableSetsTheAcknowledgementOfEveryPipeThatDoesNotSetItsOwn() {
    assertEquals(
        Set.of(Acknowledgement.DELIVERED),
        acknowledgements(ConfigFile.load(null, Map.of("SATELLITE_ACKNOWLEDGEMENT", "delivered"))));
    SatelliteConfig config =
        load(
            "sharing: {disk: {data_dir: data}}\n"
                + pipe(LOG, "      queue: {acknowledgement: queued, time_to_live: 3}")
                + "  - gatherer: {receiver: {plugin_name: "
                + EVENT
                + "}}\n",
            Map.of("SATELLITE_ACKNOWLEDGEMENT", "durable", "SATELLITE_QUEUE_TIME_TO_LIVE", "5m"));
    assertEquals(Acknowledgement.QUEUED, acknowledgement(config, LOG));
    assertEquals(Acknowledgement.DURABLE, acknowledgement(config, EVENT));
    assertEquals(Duration.ofSeconds(3), pipeOf(config, LOG).queue().timeToLive());
    assertEquals(Duration.ofMinutes(5), pipeOf(config, EVENT).queue().timeToLive());
  }

  @Test
  void durableNeedsAFolder() {
    String advice = "needs a folder on disk: set sharing.disk.data_dir (SATELLITE_DATA_DIR)";
    refused(
        pipe(LOG, "      queue: {acknowledgement: durable}"),
        "user.yaml, line 5, ",
        "pipes[0].gatherer.queue.acknowledgement: " + advice,
        "found \"durable\"");
    refused(
        "",
        Map.of("SATELLITE_ACKNOWLEDGEMENT", "durable"),
        "(set by the environment variable SATELLITE_ACKNOWLEDGEMENT): " + advice);
  }

  @Test
  void withoutAQueueTheAnswerIsOapsOwn() {
    SatelliteConfig config =
        load(pipe(LOG, "      queue: {plugin_name: none-queue, acknowledgement: durable}"));
    assertEquals(1, config.notices().size(), config.notices().toString());
    assertTrue(
        config.notices().get(0).contains("queue.acknowledgement: accepted without effect"),
        config.notices().toString());
    // Said for all pipes, it is not said to those that have no queue.
    var env = Map.of("SATELLITE_ACKNOWLEDGEMENT", "delivered");
    assertEquals(List.of(), ConfigFile.load(null, env).notices());
  }

  @Test
  void theGoSatellitesQueueOnDiskIsTaken() {
    String queue =
        "      queue: {plugin_name: mmap-queue, partition: 2, segment_size: 262114,"
            + " queue_capacity_segments: 2000, queue_dir: satellite-mmap-queue}";
    SatelliteConfig config = load("sharing: {disk: {data_dir: data}}\n" + pipe(LOG, queue));
    assertEquals(2, pipeOf(config, LOG).queue().partitions());
    assertEquals(1, config.notices().size(), config.notices().toString());
    String notice = config.notices().get(0);
    assertTrue(notice.contains("line 6, "), notice);
    assertTrue(notice.contains("pipes[0].gatherer.queue: accepted without effect"), notice);
    assertTrue(notice.endsWith("segment_size, queue_capacity_segments, queue_dir"), notice);
  }

  @Test
  void theGoSatellitesFileWithItsQueueOnDiskStarts() {
    String file = text(GO_FILE).replace("memory-queue", "mmap-queue");
    SatelliteConfig config = load(file);
    assertEquals(ConfigFile.load(GO_FILE, Map.of()).pipes(), config.pipes());
    List<String> said =
        config.notices().stream().filter(notice -> notice.contains("mmap-queue")).toList();
    assertEquals(1, said.size(), config.notices().toString());
    assertTrue(said.get(0).contains("SATELLITE_DATA_DIR"), said.get(0));
  }

  @ParameterizedTest
  @CsvSource({
    "SATELLITE_DISK_BYTES, 1048575",
    "SATELLITE_DISK_BYTES, 1G",
    "SATELLITE_DISK_SEGMENT_BYTES, 65535",
    "SATELLITE_DISK_SEGMENT_BYTES, 2147483647",
    "SATELLITE_DISK_FSYNC_PERIOD, 0",
    "SATELLITE_DEAD_LETTER_BYTES, -1",
    "SATELLITE_DEAD_LETTER_AGE, 0",
    "SATELLITE_DEAD_LETTER_AGE, 30d",
    "SATELLITE_QUEUE_TIME_TO_LIVE, 0",
    "SATELLITE_ACKNOWLEDGEMENT, sent",
    "SATELLITE_ACKNOWLEDGEMENT, Queued",
  })
  void badValueIsRefusedAndItsVariableNamed(String variable, String value) {
    for (String folder : List.of("", "data")) {
      var env = new HashMap<>(Map.of(variable, value, "SATELLITE_DATA_DIR", folder));
      refused("", env, "(set by the environment variable " + variable + ")");
    }
  }
}
