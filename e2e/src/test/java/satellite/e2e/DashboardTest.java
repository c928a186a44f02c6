package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

/**
 * Grafana's dashboard and Prometheus' alert rules of the chart: whatever they ask for, the packaged
 * program says when everything is switched on and has happened once.
 */
@Order(4)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DashboardTest {

  private static final Path FILES = SatelliteProcess.ROOT.resolve("helm/satellite/files");

  private static final Pattern LEGEND_LABEL = Pattern.compile("\\{\\{(\\w+)}}");
  private static final Pattern ALERT_LABEL = Pattern.compile("\\$labels\\.(\\w+)");
  private static final Pattern LABEL_VALUES =
      Pattern.compile("label_values\\((.*), (\\w+)\\)", Pattern.DOTALL);

  private final RefusingNode node = new RefusingNode();
  private final JsonObject dashboard;
  private final List<Map<String, Object>> rules = new ArrayList<>();
  private SatelliteProcess satellite;
  private Metrics page;

  DashboardTest() throws IOException {
    dashboard =
        JsonParser.parseString(Files.readString(FILES.resolve("dashboard.json"))).getAsJsonObject();
    Map<String, List<Map<String, Object>>> alerts =
        new Yaml().load(Files.readString(FILES.resolve("alerts.yaml")));
    for (Map<String, Object> group : alerts.get("groups")) {
      @SuppressWarnings("unchecked")
      var ofGroup = (List<Map<String, Object>>) group.get("rules");
      rules.addAll(ofGroup);
    }
  }

  /** Meters with a reason, a status or a node are there when it has happened. */
  @BeforeAll
  void letEverythingHappenOnce(@TempDir Path data) throws Exception {
    satellite =
        SatelliteProcess.inFrontOf(
            "satellite-dashboard",
            Map.of(
                "SATELLITE_GRPC_CLIENT",
                node.address(),
                "SATELLITE_DATA_DIR",
                data.toString(),
                "SATELLITE_TELEMETRY_EXPORT_TYPE",
                "prometheus,metrics_service",
                "SATELLITE_TELEMETRY_INSTANCE",
                "satellite-0",
                "SATELLITE_REPLICAS_FINDER",
                "static",
                "SATELLITE_REPLICAS",
                "127.0.0.1:" + ChildProcess.freePort()));
    try (SampleSender feed = new SampleSender(satellite.address())) {
      feed.segments("watched", 3);
      Eventually.equal(3, "segments taken", () -> node.taken().size());
      node.refuses(true);
      feed.segments("watched", 1);
      feed.logs("", List.of("of no service"));
    }
    Http.postJson(satellite.http(), "/v3/logs", "no JSON".getBytes(StandardCharsets.UTF_8));
    page =
        Eventually.until(
            "dead, dropped and refused",
            satellite::metrics,
            metrics ->
                Stream.of("dead", "dropped", "refused")
                    .allMatch(end -> metrics.sum("satellite_" + end + "_messages") > 0));
  }

  @AfterAll
  void stop() {
    if (satellite != null) {
      satellite.close();
    }
    node.close();
  }

  @Test
  void whatTheDashboardShowsIsThere() {
    Set<String> missing = new TreeSet<>();
    int queries = 0;
    for (JsonObject panel : panels()) {
      String where = panel.get("title").getAsString();
      for (JsonElement target : array(panel, "targets")) {
        String expression = target.getAsJsonObject().get("expr").getAsString();
        String legend = target.getAsJsonObject().get("legendFormat").getAsString();
        missing.addAll(missing(where, expression, labels(LEGEND_LABEL, legend)));
        queries++;
      }
    }
    for (JsonElement variable : array(dashboard.getAsJsonObject("templating"), "list")) {
      JsonElement query = variable.getAsJsonObject().get("query");
      if (query.isJsonObject()) {
        var values = LABEL_VALUES.matcher(query.getAsJsonObject().get("query").getAsString());
        assertTrue(values.matches(), query::toString);
        missing.addAll(missing("variable", values.group(1), Set.of(values.group(2))));
        queries++;
      }
    }
    assertEquals(Set.of(), missing);
    assertTrue(queries > 40, "only " + queries + " queries were found");
  }

  @Test
  void whatTheAlertsWatchIsThere() {
    Set<String> missing = new TreeSet<>();
    for (Map<String, Object> rule : rules) {
      missing.addAll(
          missing(
              rule.get("alert").toString(),
              rule.get("expr").toString(),
              labels(ALERT_LABEL, rule.get("annotations").toString())));
    }
    assertEquals(Set.of(), missing);
    assertTrue(rules.size() > 10, "only " + rules.size() + " rules were found");
  }

  @Test
  void everyAlertSaysHowBadItIsAndWhatToDo() {
    Set<Object> names = new HashSet<>();
    for (Map<String, Object> rule : rules) {
      assertTrue(names.add(rule.get("alert")), rule::toString);
      assertTrue(rule.get("for").toString().matches("\\d+[smh]"), rule::toString);
      Map<?, ?> labels = (Map<?, ?>) rule.get("labels");
      assertTrue(Set.of("warning", "critical").contains(labels.get("severity")), rule::toString);
      Map<?, ?> annotations = (Map<?, ?>) rule.get("annotations");
      assertFalse(annotations.get("summary").toString().isBlank(), rule::toString);
      assertTrue(annotations.get("description").toString().length() > 100, rule::toString);
    }
  }

  @Test
  void panelsHaveTheirOwnNumberAndPlace() {
    Set<Integer> numbers = new HashSet<>();
    Set<String> places = new HashSet<>();
    for (JsonObject panel : panels()) {
      assertTrue(numbers.add(panel.get("id").getAsInt()), panel::toString);
      JsonObject at = panel.getAsJsonObject("gridPos");
      assertTrue(at.get("x").getAsInt() + at.get("w").getAsInt() <= 24, panel::toString);
      assertTrue(places.add(at.get("x") + "," + at.get("y")), panel::toString);
    }
  }

  private List<JsonObject> panels() {
    List<JsonObject> panels = new ArrayList<>();
    array(dashboard, "panels").forEach(panel -> panels.add(panel.getAsJsonObject()));
    return panels;
  }

  private static JsonArray array(JsonObject of, String name) {
    return of.has(name) ? of.getAsJsonArray(name) : new JsonArray();
  }

  private static Set<String> labels(Pattern pattern, String text) {
    Set<String> labels = new HashSet<>();
    pattern.matcher(text).results().forEach(found -> labels.add(found.group(1)));
    return labels;
  }

  /** What that query names and the page does not have; {@code used} are labels of its result. */
  private Set<String> missing(String where, String expression, Set<String> used) {
    PromQl query = PromQl.parse(expression);
    Set<String> missing = new TreeSet<>();
    Set<String> carried = new HashSet<>();
    for (PromQl.Selector selector : query.selectors()) {
      String metric = selector.metric();
      if (page.samples().stream().noneMatch(sample -> sample.name().equals(metric))) {
        missing.add(where + ": " + metric);
        continue;
      }
      for (PromQl.Matching matching : selector.labels()) {
        Set<String> values = page.values(metric, matching.label());
        if (values.isEmpty() || matching.value() != null && !values.contains(matching.value())) {
          missing.add(where + ": " + metric + matching);
        }
      }
      Stream.concat(query.groupedBy().stream(), used.stream())
          .filter(label -> !page.values(metric, label).isEmpty())
          .forEach(carried::add);
    }
    Stream.concat(query.groupedBy().stream(), used.stream())
        .filter(label -> !carried.contains(label))
        .forEach(label -> missing.add(where + ": no metric of it has the label " + label));
    return missing;
  }
}
