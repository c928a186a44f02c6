package satellite.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import satellite.discovery.Node;
import satellite.pipes.kafka.KafkaConfig;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.tls.ClientTlsConfig;

/** How a pipe is sent into Kafka instead of to OAP's nodes. */
class KafkaSectionTest extends ConfigFixture {

  private static final String LOG = "grpc-native-log-receiver";
  private static final String TRACING = "grpc-native-tracing-receiver";

  private static final Map<String, String> LOGS_INTO_KAFKA =
      Map.of("SATELLITE_LOGPIPE_SENDER_FORWARDER", "native-log-kafka-forwarder");

  @Test
  void nothingGoesIntoKafkaUnlessAForwarderSaysSo() {
    assertNull(defaults().kafka());
    assertTrue(defaults().pipes().stream().allMatch(pipe -> pipe.kafka() == null));
    String unused = "sharing: {clients: [{plugin_name: kafka-client, brokers: \"a:1\"}]}";
    assertEquals(defaults(), load(unused));
  }

  @Test
  void defaultsOfTheKafkaClient() {
    SatelliteConfig config = ConfigFile.load(null, LOGS_INTO_KAFKA);
    assertEquals(
        new KafkaConfig(
            List.of(new Node("localhost", 9092)),
            "",
            null,
            "Satellite",
            "none",
            1_000_000,
            Duration.ofMillis(100),
            Duration.ofMinutes(10)),
        config.kafka());
    assertEquals(new PipeConfig.Kafka("skywalking-logs"), pipeOf(config, LOG).kafka());
    assertEquals(List.of(), config.notices());
  }

  @ParameterizedTest
  @CsvSource({
    "LOGPIPE, log",
    "TRACINGPIPE, tracing",
    "JVMPIPE, jvm",
    "METERPIPE, meter",
    "LOGMANAGEMENT, management",
    "PROFILEPIPE, profile"
  })
  void onePipeIsSentIntoKafkaByItsVariable(String pipe, String kind) {
    String name = "SATELLITE_" + pipe + "_SENDER_FORWARDER";
    SatelliteConfig config =
        ConfigFile.load(null, Map.of(name, "native-" + kind + "-kafka-forwarder"));
    assertEquals(
        List.of("grpc-native-" + kind + "-receiver"),
        config.pipes().stream().filter(p -> p.kafka() != null).map(PipeConfig::receiver).toList());
  }

  @Test
  void theSameFileAsTheReferenceListensToTheVariableToo() {
    String file = pipe(LOG, "    sender: {forwarders: [{plugin_name: \"${FORWARDER:x}\"}]}");
    SatelliteConfig config = load(file, Map.of("FORWARDER", "native-log-kafka-forwarder"));
    assertEquals(new PipeConfig.Kafka("skywalking-logs"), config.pipes().get(0).kafka());
    Path reference = Path.of("../configs/satellite_config.yaml");
    assertEquals(
        ConfigFile.load(null, LOGS_INTO_KAFKA).pipes(),
        ConfigFile.load(reference, LOGS_INTO_KAFKA).pipes());
  }

  @Test
  void environmentVariablesOfTheKafkaClientHaveEffect() {
    var env = new HashMap<>(LOGS_INTO_KAFKA);
    env.put("SATELLITE_LOGPIPE_SENDER_TOPIC", "mine");
    env.put("SATELLITE_KAFKA_BROKERS", "a:1, [::1]:2");
    env.put("SATELLITE_KAFKA_NAMESPACE", "test");
    env.put("SATELLITE_KAFKA_CLIENT_ID", "me");
    env.put("SATELLITE_KAFKA_COMPRESSION_CODEC", "4");
    env.put("SATELLITE_KAFKA_MAX_MESSAGE_BYTES", "7");
    env.put("SATELLITE_KAFKA_RETRY_BACKOFF", "8");
    env.put("SATELLITE_KAFKA_REFRESH_PERIOD", "9");
    SatelliteConfig config = ConfigFile.load(null, env);
    assertEquals(
        new KafkaConfig(
            List.of(new Node("a", 1), new Node("::1", 2)),
            "test",
            null,
            "me",
            "zstd",
            7,
            Duration.ofMillis(8),
            Duration.ofMinutes(9)),
        config.kafka());
    assertEquals(new PipeConfig.Kafka("mine"), pipeOf(config, LOG).kafka());
  }

  @Test
  void aFileAsForTheGoSatelliteIsTaken() {
    String go =
        """
        sharing:
          clients:
            - plugin_name: kafka-client
              brokers: "localhost:9092,localhost:9093"
              version: 2.1.0.0
              required_acks: 1
              producer_max_retry: 5
              meta_max_retry: 5
              idempotent_writes: false
            - plugin_name: grpc-client
        """
            + pipe(
                LOG,
                "    sender:",
                "      client_name: kafka-client",
                "      forwarders:",
                "        - plugin_name: native-log-kafka-forwarder",
                "          topic: log-topic");
    SatelliteConfig config = load(go);
    assertEquals(new PipeConfig.Kafka("log-topic"), config.pipes().get(0).kafka());
    assertEquals(2, config.kafka().brokers().size());
    assertEquals(5, config.notices().size(), config.notices().toString());
    assertTrue(
        config.notices().stream().allMatch(notice -> notice.contains("accepted without effect")));
    assertEquals(defaults().finders().nodes(), config.finders().nodes());
  }

  @Test
  void theClientMustBeTheOneThatTheForwarderSendsWith() {
    String kafka = "forwarders: [{plugin_name: native-tracing-kafka-forwarder}]";
    refused(
        pipe(TRACING, "    sender: {client_name: grpc-client, " + kafka + "}"),
        "pipes[0].sender.client_name: ",
        "native-tracing-kafka-forwarder sends with kafka-client",
        "found \"grpc-client\"");
    refused(
        pipe(TRACING, "    sender: {client_name: kafka-client}"),
        "native-tracing-grpc-forwarder sends with grpc-client");
    refused(pipe(TRACING, "    sender: {client_name: kafka}"), "unknown: \"kafka\"");
    refused(
        pipe(TRACING, "      queue: {plugin_name: none-queue}", "    sender: {" + kafka + "}"),
        "needs memory-queue, found \"none-queue\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "BROKERS | localhost | must be an address",
        "BROKERS | :9092 | must be an address",
        "BROKERS | , | needs at least one host:port",
        "NAMESPACE | a b | must be 1 to 200 letters",
        "COMPRESSION_CODEC | 5 | within 0..4",
        "REFRESH_PERIOD | 0 | longer than zero",
        "REFRESH_PERIOD | often | a number of minutes",
        "MAX_MESSAGE_BYTES | 0 | whole number",
      })
  void aBadValueIsRefused(String variable, String value, String message) {
    var env = new HashMap<>(LOGS_INTO_KAFKA);
    env.put("SATELLITE_KAFKA_" + variable, value);
    refused("", env, "SATELLITE_KAFKA_" + variable, message);
  }

  @Test
  void aBadTopicIsRefused() {
    var env = new HashMap<>(LOGS_INTO_KAFKA);
    env.put("SATELLITE_LOGPIPE_SENDER_TOPIC", "logs of mine");
    refused("", env, "SATELLITE_LOGPIPE_SENDER_TOPIC", "must be 1 to 200 letters");
  }

  @Test
  void tlsTrustsItsCaAndNeverAnyCertificate() {
    Path ca = write("ca.pem", "");
    var env = new HashMap<>(LOGS_INTO_KAFKA);
    env.put("SATELLITE_KAFKA_ENABLE_TLS", "true");
    assertEquals(
        new ClientTlsConfig(null, null, null, false), ConfigFile.load(null, env).kafka().tls());
    env.put("SATELLITE_KAFKA_CA_PEM_PATH", ca.toString());
    assertEquals(
        new ClientTlsConfig(ca, null, null, false), ConfigFile.load(null, env).kafka().tls());
    env.put("SATELLITE_KAFKA_INSECURE_SKIP_VERIFY", "true");
    refused("", env, "insecure_skip_verify", "name the brokers' CA in ca_pem_path");
    env.remove("SATELLITE_KAFKA_INSECURE_SKIP_VERIFY");
    env.put("SATELLITE_KAFKA_CA_PEM_PATH", directory.resolve("none.pem").toString());
    refused("", env, "SATELLITE_KAFKA_CA_PEM_PATH", "must be a file that can be read");
  }
}
