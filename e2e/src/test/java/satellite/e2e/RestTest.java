package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a script posts as JSON reaches OAP as if it had been posted to OAP's own REST port. One
 * script does that; the facts are stated of both.
 */
@Order(10)
@ExtendWith(TestEnvironmentResolver.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RestTest {

  private static final int COUNT = 20;

  private final TestEnvironment environment;
  private List<Script> scripts;

  RestTest(TestEnvironment environment) {
    this.environment = environment;
  }

  /** Names what it sends after its service. */
  private record Script(String service, String rest, String zipkin) {

    List<String> names(String kind) {
      return IntStream.range(0, COUNT).mapToObj(i -> service + "-" + kind + "-" + i).toList();
    }

    void run() throws Exception {
      long now = System.currentTimeMillis();
      post(
          "/v3/management/reportProperties",
          """
          {%s, "properties": [{"key": "language", "value": "Lua"}, {"key": "OS", "value": "tiny"}]}
          """
              .formatted(who()));
      post("/v3/management/keepAlive", "{" + who() + "}");
      List<String> segments = names("segment").stream().map(id -> segment(id, now)).toList();
      post("/v3/segment", segments.get(0));
      post("/v3/segments", array(segments.subList(1, COUNT)));
      post("/v3/logs", array(names("log").stream().map(text -> log(text, now)).toList()));
      post("/v3/events", array(names("event").stream().map(name -> event(name, now)).toList()));
      HttpResponse<String> spans =
          post(
              zipkin,
              "/api/v2/spans",
              array(IntStream.range(0, COUNT).mapToObj(i -> span(i, now)).toList()));
      assertEquals(202, spans.statusCode(), spans.body());
    }

    private void post(String path, String json) throws Exception {
      HttpResponse<String> answer = post(rest, path, json);
      assertEquals(200, answer.statusCode(), () -> path + " answered " + answer.body());
    }

    private static HttpResponse<String> post(String address, String path, String json)
        throws Exception {
      return Http.postJson(address, path, json.getBytes(StandardCharsets.UTF_8));
    }

    private static String array(List<String> elements) {
      return elements.stream().collect(Collectors.joining(",", "[", "]"));
    }

    private String who() {
      return "\"service\": \"%s\", \"serviceInstance\": \"%s-1\"".formatted(service, service);
    }

    private String segment(String id, long now) {
      return """
          {"traceId": "%s", "traceSegmentId": "%s", %s,
           "spans": [{"spanId": 0, "parentSpanId": -1, "startTime": %d, "endTime": %d, "operationName": "/rest",
                      "spanType": "Entry", "spanLayer": "Http", "componentId": 6000}]}
          """
          .formatted(id, id, who(), now, now + 5);
    }

    private String log(String text, long now) {
      return "{%s, \"timestamp\": %d, \"body\": {\"text\": {\"text\": \"%s\"}}}"
          .formatted(who(), now, text);
    }

    private String event(String name, long now) {
      return """
          {"uuid": "%s", "name": "%s", "source": {%s}, "type": "Normal", "message": "m",
           "startTime": %d, "layer": "GENERAL"}
          """
          .formatted(name, name, who(), now);
    }

    private String span(int number, long now) {
      return """
          {"traceId": "%016x", "id": "%016x", "name": "get", "timestamp": %d000, "duration": 500, "kind": "SERVER",
           "localEndpoint": {"serviceName": "%s"}}
          """
          .formatted(service.hashCode() & 0xffffffffL, number + 1, now, service);
    }

    /** For the names of tests. */
    @Override
    public String toString() {
      return service;
    }
  }

  @BeforeAll
  void run() throws Exception {
    environment.needsSatellite();
    String http = environment.http();
    String oap = environment.one.rest();
    scripts =
        List.of(
            new Script("rest", http, http),
            new Script("rest-straight", oap, "127.0.0.1:" + environment.zipkinPort));
    for (Script script : scripts) {
      script.run();
    }
  }

  private Stream<Script> scripts() {
    return scripts.stream();
  }

  @ParameterizedTest
  @MethodSource("scripts")
  void everySegmentIsStoredOnce(Script script) {
    exactly(script.names("segment"), "segments", () -> environment.segmentIds(script.service));
    equal((long) COUNT, "calls", () -> environment.total("sum(service_cpm)", script.service));
  }

  @ParameterizedTest
  @MethodSource("scripts")
  void everyLogIsStoredOnce(Script script) {
    exactly(
        script.names("log"),
        "logs",
        () -> environment.strings("content", GraphqlQueries.logs(script.service)));
  }

  @ParameterizedTest
  @MethodSource("scripts")
  void everyEventIsStoredOnce(Script script) {
    exactly(
        script.names("event"),
        "events",
        () -> environment.strings("name", GraphqlQueries.events(script.service)));
  }

  @ParameterizedTest
  @MethodSource("scripts")
  void theInstanceIsKnownWithItsProperties(Script script) {
    Eventually.until(
        "properties",
        () -> environment.strings("name|language|value", GraphqlQueries.instances(script.service)),
        all -> all.containsAll(List.of(script.service + "-1", "LUA", "tiny")));
  }

  @ParameterizedTest
  @MethodSource("scripts")
  void everyZipkinSpanIsStored(Script script) {
    equal(COUNT, "spans", () -> environment.spanIds(script.service).size());
  }
}
