package satellite.pipes.http;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import satellite.pipes.json.JsonMessages;

/** From the JSON of an HTTP body to the messages that it means. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class JsonBenchmark {

  /** As many as fill the longest body by default, 2 MiB. */
  static final int LOGS = 5_400;

  private final JsonMessages messages = route("/v3/logs").json();
  private final byte[] one = logs(1);
  private final byte[] longest = logs(LOGS);

  private static Route route(String path) {
    return Route.TABLE.stream().filter(row -> row.path().equals(path)).findFirst().orElseThrow();
  }

  static byte[] logs(int count) {
    return IntStream.range(0, count)
        .mapToObj(JsonBenchmark::log)
        .collect(Collectors.joining(",", "[", "]"))
        .getBytes(StandardCharsets.UTF_8);
  }

  private static String log(int number) {
    return """
        {"timestamp": 1700000000000, "service": "agent::songs", "serviceInstance": "2f5b1c@10.20.3.40",
         "layer": "GENERAL", "endpoint": "/songs/%d", "traceContext": {"traceId": "2f5b1c.61.17000000", "spanId": 0},
         "tags": {"data": [{"key": "level", "value": "INFO"}, {"key": "logger", "value": "songs.Controller"}]},
         "body": {"type": "TEXT", "text": {"text": "listed %d songs"}}}"""
        .formatted(number, number);
  }

  @Benchmark
  public int aBodyOfOneLog() throws JsonMessages.Malformed {
    return bytes(one);
  }

  @Benchmark
  public int aBodyOf2MiB() throws JsonMessages.Malformed {
    return bytes(longest);
  }

  private int bytes(byte[] body) throws JsonMessages.Malformed {
    int bytes = 0;
    for (var message : messages.array(new ByteArrayInputStream(body))) {
      bytes += message.toByteArray().length;
    }
    return bytes;
  }
}
