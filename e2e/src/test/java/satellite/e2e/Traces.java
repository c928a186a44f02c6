package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the OAPs hold of a service's traces, in numbers.
 *
 * @param traces how many
 * @param segments how many, over all traces
 * @param failed how many of the segments have a span that failed
 * @param spans how many of each kind and name, as in {@code Entry /order}
 */
record Traces(int traces, int segments, int failed, Map<String, Integer> spans) {

  static Traces of(String service, Landscape landscape) throws Exception {
    Set<String> ids = new HashSet<>(landscape.strings("traceIds", Questions.segments(service)));
    Map<String, Integer> spans = new TreeMap<>();
    List<String> words = landscape.strings("type|endpointName", Questions.spans(List.copyOf(ids)));
    for (int i = 0; i < words.size(); i += 2) {
      spans.merge(words.get(i) + " " + words.get(i + 1), 1, Integer::sum);
    }
    return new Traces(
        ids.size(),
        landscape.segmentIds(service).size(),
        landscape.strings("segmentId", Questions.failedSegments(service)).size(),
        spans);
  }

  /** So many segments of a service are in OAP, and none of them twice. */
  static void assertSegments(RealOap oap, String service, int segments) {
    List<String> ids =
        Eventually.until(
            segments + " segments of " + service,
            () -> oap.segmentIds(service),
            found -> found.size() >= segments);
    assertEquals(segments, ids.size(), service);
    assertEquals(segments, Set.copyOf(ids).size(), service);
  }
}
