package satellite.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How the environment gets into a file. */
class SubstitutionTest extends ConfigFixture {

  private static final Map<String, String> ENV =
      Map.of("SET", "from env", "EMPTY", "", "QUOTED", "\"in quotes\"", "TWICE", "\"\"a\"\"");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "${SET:default}           | from env",
        "${UNSET:default}         | default",
        "${EMPTY:default}         | default",
        "${UNSET:}                | ``",
        "${UNSET::1234}           | :1234",
        "${UNSET:http://a:1/b}    | http://a:1/b",
        "${UNSET:\"default\"}     | default",
        "${UNSET:\"\"}            | ``",
        "${UNSET:\"}              | \"",
        "${QUOTED:default}        | in quotes",
        "${TWICE:default}         | \"a\"",
        "${UNSET:${SET:inner}}    | ${SET:inner}",
        "a ${SET:default}         | a ${SET:default}",
        "${SET:default} b         | ${SET:default} b",
        "${SET}                   | ${SET}",
        "$SET                     | $SET",
        "${UNSET:5000}            | 5000",
        "${UNSET:1.5}             | 1.5",
        "${UNSET:TRUE}            | TRUE",
        "'${SET:default}'         | from env",
        "\"${SET:default}\"       | from env",
      })
  void onlyAWholeValueIsReplaced(String yaml, String expected) {
    assertEquals(expected, scalar(yaml).text());
  }

  @Test
  void keysAreNotReplaced() {
    assertEquals(
        List.of("${SET:default}"), List.copyOf(read("${SET:default}: 1").entries().keySet()));
  }

  @Test
  void replacedTextIsReadAsWhatItsKeyNeeds() {
    assertEquals(5000, scalar("${UNSET:5000}").integer(0, 9999));
    assertEquals(5000, scalar("\"5000\"").integer(0, 9999));
    assertEquals(true, scalar("${UNSET:TRUE}").bool());
    assertEquals(true, scalar("true").bool());
    assertEquals(false, scalar("${UNSET:}").bool());
  }

  @Test
  void onlyTextsAndMapsSurviveInAList() {
    var notices = new ArrayList<String>();
    Mapping root =
        new YamlFile("f", ENV, notices)
            .read("list: [a, 1, {b: 1}, true, '2', ~, [c], 1.5, '${SET:5}', '${UNSET:5}']");
    assertEquals(
        List.of("\"a\"", "a map of keys", "\"2\"", "\"from env\"", "\"5\""),
        root.sequence("list").items().stream().map(Value::kind).toList());
    assertEquals("list[9]", root.sequence("list").items().get(4).location().path());
    assertEquals(5, notices.size());
  }

  @Test
  void whatOnlyLooksLikeAVariableIsTold() {
    SatelliteConfig config = load("telemetry: {export_type: none, cluster: \"${CLUSTER}\"}");
    assertEquals("${CLUSTER}", config.telemetry().cluster());
    assertEquals(1, config.notices().size());
    assertTrue(config.notices().get(0).contains("telemetry.cluster"));
  }

  private static Scalar scalar(String yaml) {
    return read("key: " + yaml).scalar("key");
  }

  private static Mapping read(String yaml) {
    return new YamlFile("f", ENV, new ArrayList<>()).read(yaml);
  }
}
