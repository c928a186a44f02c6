package satellite.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A real OAP server with a store of its own in memory, and the questions that tests ask it. Data
 * can be read some seconds after it came in (persistentPeriod in {@code oap/config}).
 */
final class RealOap implements AutoCloseable {

  private static final Path HOME = Path.of("oap").toAbsolutePath();
  private static final DateTimeFormatter MINUTE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HHmm").withZone(ZoneOffset.UTC);

  private final int grpcPort = ChildProcess.freePort();
  private final int restPort = ChildProcess.freePort();
  private final int metricsPort = ChildProcess.freePort();
  private final int zipkinQueryPort = ChildProcess.freePort();
  private final String host;
  private final ChildProcess process;

  private RealOap(String name, String host, int zipkinPort, Map<String, String> settings) {
    this.host = host;
    Map<String, String> environment = new HashMap<>();
    environment.put("SW_CORE_GRPC_HOST", host);
    environment.put("SW_CORE_GRPC_PORT", "" + grpcPort);
    environment.put("SW_CORE_REST_PORT", "" + restPort);
    environment.put("SW_TELEMETRY_PROMETHEUS_PORT", "" + metricsPort);
    environment.put("SW_RECEIVER_ZIPKIN_REST_HOST", host);
    environment.put("SW_RECEIVER_ZIPKIN_REST_PORT", "" + zipkinPort);
    environment.put("SW_QUERY_ZIPKIN_REST_PORT", "" + zipkinQueryPort);
    environment.putAll(settings);
    process =
        ChildProcess.start(
            name,
            environment,
            List.of(
                ChildProcess.JAVA,
                "-Xms256m",
                "-Xmx1g",
                // Two of them start at once: without the second compiler both are ready sooner.
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Duser.timezone=UTC",
                "-cp",
                HOME.resolve("config") + ":" + HOME.resolve("target/libs") + "/*",
                "org.apache.skywalking.oap.server.starter.OAPServerStartUp"));
  }

  /** Starts one without waiting for it; several can start side by side. */
  static RealOap start(String name) {
    return start(name, "127.0.0.1", ChildProcess.freePort(), Map.of());
  }

  /**
   * The same, on a loopback address of its own: nodes differ by address, and the port for Zipkin
   * spans is one for all of them.
   *
   * @param settings environment variables of OAP
   */
  static RealOap start(String name, String host, int zipkinPort, Map<String, String> settings) {
    if (!Files.isDirectory(HOME.resolve("target/libs"))) {
      throw RequiredPeers.missing("oap", HOME + "/target/libs is not there; mvn verify fills it");
    }
    return new RealOap(name, host, zipkinPort, settings);
  }

  RealOap awaitReady() {
    process.awaitReady(Duration.ofSeconds(120), () -> query("{ version }").contains("\"version\""));
    return this;
  }

  /** Where senders and Satellites connect to. */
  String address() {
    return host + ":" + grpcPort;
  }

  /** Its REST port, where agents may report over HTTP. */
  String rest() {
    return host + ":" + restPort;
  }

  /** The answer to a GraphQL query as text; DURATION in it stands for the last quarter hour. */
  String query(String graphql) throws IOException, InterruptedException {
    Instant now = Instant.now();
    String duration =
        String.format(
            "{start: \"%s\", end: \"%s\", step: MINUTE}",
            MINUTE.format(now.minus(Duration.ofMinutes(15))),
            MINUTE.format(now.plus(Duration.ofMinutes(1))));
    String text = graphql.replace("DURATION", duration).replace("\n", " ").replace("\"", "\\\"");
    return Http.postJson(restPort, "/graphql", "{\"query\": \"" + text + "\"}").body();
  }

  /**
   * Every string that stands under a field so named (a pattern), alone or first in a list, in the
   * order of the answer.
   */
  List<String> strings(String field, String graphql) throws IOException, InterruptedException {
    return values(field, "\\[?\"((?:[^\"\\\\]|\\\\.)*)\"", graphql);
  }

  /** The same for whole numbers. */
  List<Long> numbers(String field, String graphql) throws IOException, InterruptedException {
    return values(field, "(-?\\d+)", graphql).stream().map(Long::valueOf).toList();
  }

  private List<String> values(String field, String value, String graphql)
      throws IOException, InterruptedException {
    Pattern pattern = Pattern.compile("\"(?:" + field + ")\":" + value);
    String answer = query(graphql);
    if (answer.contains("\"errors\":")) {
      throw new IOException(graphql + " was answered with " + answer);
    }
    List<String> values = new ArrayList<>();
    for (Matcher m = pattern.matcher(answer); m.find(); ) {
      values.add(m.group(1));
    }
    return values;
  }

  List<String> segmentIds(String service) throws IOException, InterruptedException {
    return strings("segmentId", GraphqlQueries.segments(service));
  }

  /** The answer to one of the {@link GraphqlQueries} for a figure; 0 while there is none. */
  long figure(String question) throws IOException, InterruptedException {
    List<String> values = strings("value", question);
    return values.isEmpty() ? 0 : (long) Double.parseDouble(values.get(0));
  }

  /** The answer of its Zipkin API, such as {@code /zipkin/api/v2/services}. */
  String zipkin(String path) throws IOException, InterruptedException {
    return Http.get(zipkinQueryPort, path).body();
  }

  /** The ids of all spans in the traces of a service, of what came over Zipkin or OTLP. */
  List<String> spanIds(String service) throws IOException, InterruptedException {
    return spanIdsAt("/zipkin/api/v2/traces?limit=1000&serviceName=" + service);
  }

  /**
   * @param trace its id in hex
   */
  List<String> spanIdsOfTrace(String trace) throws IOException, InterruptedException {
    return spanIdsAt("/zipkin/api/v2/trace/" + trace);
  }

  private List<String> spanIdsAt(String path) throws IOException, InterruptedException {
    Matcher ids = Pattern.compile("\"id\":\"(\\w+)\"").matcher(zipkin(path));
    return ids.results().map(id -> id.group(1)).toList();
  }

  /** A counter among the OAP's own metrics, summed over its labels. */
  long counter(String name) throws IOException, InterruptedException {
    return Metrics.parse(Http.get(metricsPort, "/metrics").body()).sum(name);
  }

  /** SIGKILL, as when its machine fails. */
  void kill() {
    process.kill();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public void close() {
    process.close();
  }
}
