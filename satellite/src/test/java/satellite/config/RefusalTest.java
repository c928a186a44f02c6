package satellite.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused, and that the message helps. */
class RefusalTest extends ConfigFixture {

  private static final String LOG = "grpc-native-log-receiver";
  private static final String EVENT = "grpc-native-event-receiver";

  @Test
  void unknownKeyNamesFileLineAndWhatIsPossible() {
    String message =
        refused(
            "logger:\n  level: info\n  tim_pattern: x\n",
            directory.resolve("user.yaml") + ", line 3, column 3: logger.tim_pattern: ");
    assertTrue(
        message.endsWith(
            "unknown key; did you mean time_pattern? (possible: level, log_pattern, time_pattern)"),
        message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "oops: 1 | oops",
        "sharing: {memory: {bytes: 1}} | sharing.memory.bytes",
        "sharing: {clients: [{plugin_name: grpc-client, adr: 1}]} | sharing.clients[0].adr",
        "pipes: [{gatherer: {receiver: {plugin_name: grpc-native-log-receiver, flush_time: 1}}}]"
            + " | pipes[0].gatherer.receiver.flush_time",
      })
  void unknownKeyIsRefusedAnywhere(String yaml, String path) {
    refused(yaml, path + ": unknown key", "possible: ");
  }

  @Test
  void badValueFromTheEnvironmentNamesTheVariable() {
    refused(
        pipe(
            "grpc-native-tracing-receiver",
            "    sender:",
            "      flush_time: ${SATELLITE_TRACINGPIPE_SENDER_FLUSH_TIME:1000}"),
        Map.of("SATELLITE_TRACINGPIPE_SENDER_FLUSH_TIME", "soon"),
        "line 6, ",
        "pipes[0].sender.flush_time (set by the environment variable"
            + " SATELLITE_TRACINGPIPE_SENDER_FLUSH_TIME): must be a duration",
        "found \"soon\"");
  }

  @Test
  void badValueFromTheEnvironmentIsNamedWithoutAFileToo() {
    var refused =
        assertThrows(
            ConfigException.class,
            () -> ConfigFile.load(null, Map.of("SATELLITE_QUEUE_PARTITION", "many")));
    String message = refused.getMessage();
    assertTrue(message.startsWith("built-in satellite_config.yaml, line "), message);
    assertTrue(message.contains("SATELLITE_QUEUE_PARTITION"), message);
  }

  @ParameterizedTest
  @CsvSource({
    "telemetry: 5, 'telemetry: must be a map of keys, found \"5\"'",
    "telemetry: [a], 'telemetry: must be a map of keys, found a list'",
    "telemetry: {cluster: {a: b}}, 'telemetry.cluster: must be a single value'",
    "pipes: {a: b}, 'pipes: must be a list, found a map of keys'",
    "pipes: yes please, 'pipes: must be a list, found \"yes please\"'",
    "pipes: [logpipe], 'pipes[0]: must be a map of keys, found \"logpipe\"'",
    "sharing: {servers: {a: b}}, 'sharing.servers: must be a list'",
    "just text, 'must be a map of keys, found \"just text\"'",
    "[a], 'must be a map of keys, found a list'",
  })
  void wrongTypeIsRefused(String yaml, String part) {
    refused(yaml, part);
  }

  @ParameterizedTest
  @CsvSource({
    "pipes: [{}], 'pipes[0].gatherer.receiver.plugin_name: is missing (possible: grpc-envoy'",
    "'sharing: {clients: [{}]}', 'sharing.clients[0].plugin_name: is missing'",
  })
  void missingNameIsRefused(String yaml, String part) {
    refused(yaml, part);
  }

  @Test
  void unknownPluginsAreRefused() {
    refused(pipe("grpc-native-logs-receiver"), "did you mean grpc-native-log-receiver?");
    refused(
        pipe(LOG, "      queue: {plugin_name: disk-queue}"),
        "pipes[0].gatherer.queue.plugin_name: unknown: \"disk-queue\"",
        "(possible: memory-queue, mmap-queue, none-queue)");
    refused(
        pipe(LOG, "    sender: {fallbacker: {plugin_name: x, y: 1}}"),
        "unknown: \"x\" (possible: none-fallbacker, timer-fallbacker)");
    refused(pipe(LOG, "    sender: {client_name: grpc}"), "sender.client_name", "grpc-client");
    refused(pipe(LOG, "      server_name: grpc"), "gatherer.server_name", "grpc-server");
    refused("sharing: {clients: [{plugin_name: grpc-clint}]}", "did you mean grpc-client?");
    refused("sharing: {servers: [{plugin_name: x}]}", "sharing.servers[0].plugin_name");
    refused(
        pipe(LOG, "    sender: {forwarders: [{plugin_name: native-logs-grpc-forwarder}]}"),
        "did you mean native-log-grpc-forwarder?");
  }

  @Test
  void whatIsNotThereYetIsToldByName() {
    String yet = " is known, but not there yet in this version";
    refused(pipe("http-native-log-receiver"), "http-native-log-receiver" + yet);
  }

  @Test
  void receiverAndForwarderMustBelongTogether() {
    refused(
        pipe(LOG, "    sender: {forwarders: [{plugin_name: native-jvm-grpc-forwarder}]}"),
        "needs the forwarder native-log-grpc-forwarder or native-log-kafka-forwarder, found"
            + " \"native-jvm-grpc-forwarder\"");
    refused(
        pipe(EVENT, "    sender: {forwarders: [{plugin_name: native-log-kafka-forwarder}]}"),
        "needs the forwarder native-event-grpc-forwarder, found \"native-log-kafka-forwarder\"");
    refused(
        pipe(EVENT, "    sender: {forwarders: [{plugin_name: native-event-kafka-forwarder}]}"),
        "unknown: \"native-event-kafka-forwarder\"",
        "native-event-grpc-forwarder");
    refused(
        "",
        Map.of("SATELLITE_JVMPIPE_SENDER_FORWARDER", "kafka"),
        "SATELLITE_JVMPIPE_SENDER_FORWARDER",
        "needs the forwarder native-jvm-grpc-forwarder or native-jvm-kafka-forwarder, found"
            + " \"kafka\"");
  }

  @Test
  void exactlyOneForwarderIsPossible() {
    refused(
        pipe(
            LOG,
            "    sender:",
            "      forwarders:",
            "        - plugin_name: native-log-grpc-forwarder",
            "        - plugin_name: native-log-kafka-forwarder"),
        "pipes[0].sender.forwarders: exactly one forwarder is possible today, found 2");
    refused(pipe(LOG, "    sender: {forwarders: []}"), "exactly one forwarder", "found 0");
  }

  @Test
  void fetchersAndFiltersDoNotExist() {
    refused(
        "pipes: [{gatherer: {fetcher: {plugin_name: a}}}]",
        "pipes[0].gatherer.fetcher: no fetcher exists");
    refused(pipe(LOG, "    processor: {filters: [{plugin_name: a}]}"), "no filter exists");
  }

  @Test
  void pipeNamesAndReceiversAreTakenOnce() {
    String pipe =
        "  - common_config: {pipe_name: %s}\n    gatherer: {receiver: {plugin_name: %s}}\n";
    refused(
        "pipes:\n" + pipe.formatted("a", LOG) + pipe.formatted("a", "grpc-native-jvm-receiver"),
        "line 4, ",
        "pipes[1].common_config.pipe_name: \"a\" is taken already, see ",
        "line 2, ");
    refused(
        "pipes:\n" + pipe.formatted("a", LOG) + pipe.formatted("b", LOG),
        "pipes[1].gatherer.receiver.plugin_name: \"" + LOG + "\" is taken already");
    refused(pipe(LOG, "    common_config: {pipe_name: ''}"), "pipe_name: must not be empty");
    refused("pipes: []", "no pipe is listed");
    refused(
        "sharing: {clients: [{plugin_name: grpc-client}, {plugin_name: grpc-client}]}",
        "stands in the list twice");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "host",
        "host:",
        ":11800",
        "host:0",
        "host:65536",
        "host:99999999999",
        "host:-1",
        "http://host:1",
        "a b:1",
        "::1:11800",
        "[::1]",
        "[::1]:",
        "[:::1]:1",
        "[1]:1",
        "a:1=",
        "a:1=0",
        "a:1=101",
        "a:1=x",
        "a:1,b",
        "a:1=1,a:1=2",
        ",",
        " "
      })
  void badNodeAddressIsRefused(String nodes) {
    refused("", Map.of("SATELLITE_GRPC_CLIENT", nodes), "server_addr", "SATELLITE_GRPC_CLIENT");
  }

  @Test
  void noNodeAtAllIsRefused() {
    refused(
        "sharing: {clients: [{plugin_name: grpc-client, server_addr: ''}]}",
        "server_addr: needs at least one host:port");
  }

  @ParameterizedTest
  @ValueSource(strings = {"11800", "host", ":x", ":65536", "[::g]:1", "a:1:2"})
  void badListenAddressIsRefused(String address) {
    refused("", Map.of("SATELLITE_GRPC_ADDRESS", address), "must be an address: host:port");
    refused("", Map.of("SATELLITE_TELEMETRY_PROMETHEUS_ADDRESS", address), "must be an address");
  }

  @ParameterizedTest
  @CsvSource({
    "SATELLITE_QUEUE_EVENT_BUFFER_SIZE, 0",
    "SATELLITE_QUEUE_EVENT_BUFFER_SIZE, -1",
    "SATELLITE_QUEUE_EVENT_BUFFER_SIZE, 2147483648",
    "SATELLITE_QUEUE_EVENT_BUFFER_SIZE, 1.5",
    "SATELLITE_QUEUE_EVENT_BUFFER_SIZE, 1e999999999",
    "SATELLITE_QUEUE_EVENT_BUFFER_SIZE, 5k",
    "SATELLITE_QUEUE_PARTITION, 0",
    "SATELLITE_QUEUE_PARTITION, 1025",
    "SATELLITE_QUEUE_BYTES, -1",
    "SATELLITE_QUEUE_BYTES, 9223372036854775808",
    "SATELLITE_QUEUE_FULL_TIMEOUT, -1s",
    "SATELLITE_QUEUE_WHEN_FULL, drop",
    "SATELLITE_LOGPIPE_SENDER_FLUSH_TIME, 0",
    "SATELLITE_LOGPIPE_SENDER_FLUSH_TIME, -5",
    "SATELLITE_LOGPIPE_SENDER_FLUSH_TIME, 5d",
    "SATELLITE_LOGPIPE_SENDER_FLUSH_TIME, 5s5",
    "SATELLITE_LOGPIPE_SENDER_FLUSH_TIME, 99999999999",
    "SATELLITE_LOGPIPE_SENDER_MAX_BUFFER_SIZE, 0",
    "SATELLITE_LOGPIPE_SENDER_MIN_FLUSH_EVENTS, -1",
    "SATELLITE_SENDER_MAX_BATCH_BYTES, 0",
    "SATELLITE_SENDER_MAX_IN_FLIGHT, 0",
    "SATELLITE_GRPC_MAX_RECV_MSG_SIZE, 0",
    "SATELLITE_GRPC_MAX_CONCURRENT_STREAMS, 0",
    "SATELLITE_GRPC_ACCEPT_LIMIT_CPU_UTILIZATION, 0",
    "SATELLITE_GRPC_ACCEPT_LIMIT_CONNECTION_COUNT, 0",
    "SATELLITE_GRPC_CHECK_PERIOD, 0",
    "SATELLITE_GRPC_TIMEOUT_UNARY, 0s",
    "SATELLITE_GRPC_TIMEOUT_STREAM, ''' '''",
    "SATELLITE_METERPIPE_FORWARD_ROUTING_RULE_LRU_CACHE_SIZE, 0",
    "SATELLITE_METERPIPE_FORWARD_ROUTING_RULE_LRU_CACHE_TTL, 0",
    "SATELLITE_ENVOY_ALS_V3_PIPE_RECEIVER_LIMIT_COUNT, 0",
    "SATELLITE_OTLP_LOGS_JOIN, maybe",
    "SATELLITE_GRPC_ENABLE_TLS, 2",
    "SATELLITE_LOGGER_LEVEL, loud",
    "SATELLITE_TELEMETRY_EXPORT_TYPE, promethius",
    "SATELLITE_TELEMETRY_PROMETHEUS_ENDPOINT, m",
    "SATELLITE_TELEMETRY_METRICS_SERVICE_CLIENT_NAME, x",
    "SATELLITE_GRPC_CLIENT_FINDER, consul",
    "SATELLITE_SENDER_FALLBACKER, x",
  })
  void badValueIsRefusedAndItsVariableNamed(String variable, String value) {
    refused("", Map.of(variable, value), "(set by the environment variable " + variable + ")");
  }

  @Test
  void onlyTcpIsListenedOn() {
    refused("sharing: {servers: [{plugin_name: grpc-server, network: unix}]}", "possible: tcp");
  }

  @Test
  void halfOfAServersTlsIsRefused() {
    Path file = write("a.pem", "");
    refused("", Map.of("SATELLITE_GRPC_TLS_CERT_FILE", file.toString()), "tls_key_file: TLS needs");
    refused("", Map.of("SATELLITE_GRPC_TLS_KEY_FILE", file.toString()), "tls_cert_file: TLS needs");
    refused(
        "",
        Map.of(
            "SATELLITE_GRPC_TLS_CERT_FILE", file.toString(),
            "SATELLITE_GRPC_TLS_KEY_FILE", directory.toString()),
        "tls_key_file",
        "must be a file that can be read");
  }

  @Test
  void clientsCertificatesNeedTls() {
    String file = write("a.pem", "").toString();
    refused(
        "", Map.of("SATELLITE_GRPC_TLS_CLIENT_CA_FILE", file), "tls_client_ca_file", "need TLS");
    refused(
        "",
        Map.of(
            "SATELLITE_GRPC_TLS_CERT_FILE", file,
            "SATELLITE_GRPC_TLS_KEY_FILE", file,
            "SATELLITE_GRPC_TLS_CLIENT_CA_FILE", file + ".missing"),
        "tls_client_ca_file",
        "must be a file that can be read");
  }

  @ParameterizedTest
  @ValueSource(strings = {" hush", "hush ", "hüsch", "hu\tsh"})
  void aTokenThatNoClientCouldSendIsRefusedAndNotShown(String token) {
    Map.of(
            "SATELLITE_GRPC_SERVER_AUTHENTICATION", "sharing.servers[0].authentication",
            "SATELLITE_ADMIN_TOKEN", "telemetry.admin.token",
            "SATELLITE_GRPC_AUTHENTICATION", "sharing.clients[0].authentication")
        .forEach(
            (variable, key) -> {
              var env = Map.of(variable, token);
              var refused = assertThrows(ConfigException.class, () -> ConfigFile.load(null, env));
              String message = refused.getMessage();
              assertTrue(message.contains(key), message);
              assertTrue(message.contains("must be printable ASCII"), message);
              assertFalse(message.contains(token.strip()), message);
            });
  }

  @Test
  void clientTlsNeedsTheFilesThatAreAskedFor() {
    refused("", Map.of("SATELLITE_GRPC_ENABLE_TLS", "true"), "ca_pem_path", "found \"ca.pem\"");
    refused(
        "",
        Map.of(
            "SATELLITE_GRPC_ENABLE_TLS", "true",
            "SATELLITE_GRPC_INSECURE_SKIP_VERIFY", "true",
            "SATELLITE_GRPC_CLIENT_PEM_PATH", write("mine.pem", "").toString()),
        "client_key_path: must be a file",
        "found \"client.key\"");
  }

  @Test
  void fileMustBeAFileOfText() throws IOException {
    Path missing = directory.resolve("missing.yaml");
    assertEquals(missing + ": no such file", messageOf(missing));
    assertEquals(directory + ": is a directory, not a file", messageOf(directory));
    Path latin = Files.write(directory.resolve("latin.yaml"), new byte[] {'a', (byte) 0xe4, 'b'});
    assertEquals(latin + ": is not UTF-8 text", messageOf(latin));
    assertTrue(messageOf(write("long.yaml", " ".repeat(4 << 20))).contains("longer than"));
  }

  private static String messageOf(Path file) {
    return assertThrows(ConfigException.class, () -> ConfigFile.load(file, Map.of())).getMessage();
  }

  @Test
  void badYamlNamesLineAndColumn() {
    refused("logger:\n  level: [info\n", "line 3, column 1: bad YAML: ");
    refused("logger:\n\tlevel: info\n", "line 2, column 1: bad YAML: ");
    refused("a: b: c\n", "line 1, column 5: bad YAML: ");
    refused("a: \u0000\n", "bad YAML: ");
    refused("a: *nowhere\n", "bad YAML: ", "nowhere");
  }

  @Test
  void severalDocumentsAreRefused() {
    refused("logger: {level: info}\n---\nlogger: {level: info}\n", "line 2, ", "single document");
  }

  @Test
  void duplicateKeyNamesBothLines() {
    refused(
        "logger:\n  level: info\n  level: warn\n",
        "line 3, column 3: logger.level: the key stands here twice; it was first set in line 2");
  }

  @Test
  void keyMustBeAName() {
    refused("? [a, b]\n: c\n", "a key must be a single name");
  }

  @Test
  void aliasBombsAreRefused() {
    var bomb = new StringBuilder("a0: &a0 [x, x]\n");
    for (int i = 1; i < 24; i++) {
      bomb.append("a%d: &a%d [{k: *a%d}, {k: *a%d}]\n".formatted(i, i, i - 1, i - 1));
    }
    refused(bomb.toString(), "too many values");
    refused("a: &a {b: *a}\n", "too many values, or too deep");
    refused("a: &a [x]\nb: [" + "{k: *a}, ".repeat(60) + "]\n", "bad YAML: ");
    refused("[".repeat(60) + "]".repeat(60), "bad YAML: ");
  }

  @Test
  void longValueIsShownInPart() {
    String message = refused("telemetry: {prometheus: {endpoint: " + "x".repeat(5000) + "}}");
    assertTrue(message.length() < 400, message);
    assertFalse(message.contains("x".repeat(100)), message);
  }

  @Test
  void longNumberIsRefusedAtOnce() {
    refused("sharing: {memory: {queue_bytes: " + "9".repeat(1 << 20) + "}}", "whole number");
  }
}
