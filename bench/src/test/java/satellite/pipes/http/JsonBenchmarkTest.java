package satellite.pipes.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** That the benchmark does what it says. */
class JsonBenchmarkTest {

  @Test
  void bodiesHaveTheSizesThatTheReadmeNames() {
    assertEquals(373, JsonBenchmark.logs(1).length);
    int longest = JsonBenchmark.logs(JsonBenchmark.LOGS).length;
    assertTrue(longest > 2_000_000 && longest <= 2 << 20, longest + " bytes");
  }

  @Test
  void everyLogBecomesAMessage() throws Exception {
    JsonBenchmark json = new JsonBenchmark();
    assertTrue(json.aBodyOfOneLog() > 100);
    assertTrue(json.aBodyOf2MiB() > JsonBenchmark.LOGS * 100);
  }
}
