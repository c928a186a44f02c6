package satellite.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A real Kafka cluster of one node, broker and controller at once. Its topics outlive {@link
 * #kill}, and are gone with the next one of that name.
 */
final class KafkaBroker implements AutoCloseable {

  private static final Path LIBS = Path.of("kafka/target/libs").toAbsolutePath();
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final String name;
  private final Path settings;
  private final int port = ChildProcess.freePort();
  private ChildProcess process;

  private KafkaBroker(String name) {
    this.name = name;
    this.settings = ChildProcess.TARGET.resolve(name + ".properties");
  }

  /** Starts one without waiting for it. */
  static KafkaBroker start(String name) {
    if (!Files.isDirectory(LIBS)) {
      throw RequiredPeers.missing("kafka", LIBS + " is not there; mvn verify fills it");
    }
    KafkaBroker broker = new KafkaBroker(name);
    broker.format();
    broker.launch();
    return broker;
  }

  private void format() {
    Path data = ChildProcess.TARGET.resolve(name + "-data");
    int controller = ChildProcess.freePort();
    try {
      deleteAll(data);
      Files.createDirectories(ChildProcess.TARGET);
      Files.writeString(
          settings,
          String.join(
              "\n",
              "process.roles=broker,controller",
              "node.id=1",
              "controller.quorum.voters=1@127.0.0.1:" + controller,
              "controller.listener.names=CONTROLLER",
              "listeners=PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controller,
              "advertised.listeners=PLAINTEXT://" + address(),
              "log.dirs=" + data,
              // Who needs a topic makes it, as in production.
              "auto.create.topics.enable=false",
              // For one node, and without pauses for others to come.
              "offsets.topic.replication.factor=1",
              "offsets.topic.num.partitions=1",
              "transaction.state.log.replication.factor=1",
              "transaction.state.log.min.isr=1",
              "group.initial.rebalance.delay.ms=0",
              ""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    run(name + "-format", "kafka.tools.StorageTool", "format", "-t", "c2F0ZWxsaXRlLWUyZS10ZQ", "-c")
        .awaitEnd(PATIENCE);
  }

  private static void deleteAll(Path directory) throws IOException {
    if (Files.exists(directory)) {
      try (Stream<Path> files = Files.walk(directory)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private void launch() {
    process = run(name, "kafka.Kafka");
  }

  private ChildProcess run(String as, String... program) {
    List<String> command =
        new ArrayList<>(
            List.of(
                ChildProcess.JAVA,
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                LIBS + "/*"));
    command.addAll(Arrays.asList(program));
    command.add(settings.toString());
    return ChildProcess.start(as, Map.of(), command);
  }

  /** Waits until it answers. */
  KafkaBroker awaitReady() {
    try (Admin admin = admin()) {
      process.awaitReady(
          PATIENCE, () -> admin.listTopics().names().get(5, TimeUnit.SECONDS) != null);
    }
    return this;
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  /** SIGKILL, as when its machine fails. */
  void kill() {
    process.kill();
  }

  /** After {@link #kill}; does not wait. */
  void launchAgain() {
    process.close();
    launch();
  }

  void createTopic(String topic) throws Exception {
    try (Admin admin = admin()) {
      admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1))).all().get();
    }
  }

  /**
   * How many partitions some consumer group has said a place in: from there on it misses nothing.
   */
  int partitionsRead() throws Exception {
    try (Admin admin = admin()) {
      int partitions = 0;
      for (var group : admin.listGroups().all().get()) {
        partitions +=
            admin
                .listConsumerGroupOffsets(group.groupId())
                .partitionsToOffsetAndMetadata()
                .get()
                .size();
      }
      return partitions;
    }
  }

  /** All records of a topic that are there now. */
  List<ConsumerRecord<String, byte[]>> records(String topic) {
    List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(client(), new StringDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(partition -> new TopicPartition(topic, partition.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        consumer.poll(Duration.ofMillis(200)).forEach(records::add);
      }
    }
    return records;
  }

  private Admin admin() {
    return Admin.create(client());
  }

  private Map<String, Object> client() {
    return Map.of(
        "bootstrap.servers", address(),
        "request.timeout.ms", 4000,
        "default.api.timeout.ms", 5000);
  }

  @Override
  public void close() {
    process.close();
  }
}
