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
record TraceCounts(int traces, int segments, int failed, Map<String, Integer> spans) {

  static TraceCounts of(String service, TestEnvironment environment) throws Exception {
    Set<String> ids =
        new HashSet<>(environment.strings("traceIds", GraphqlQueries.segments(service)));
    Map<String, Integer> spans = new TreeMap<>();
    List<String> words =
        environment.strings("type|endpointName", GraphqlQueries.spans(List.copyOf(ids)));
    for (int i = 0; i < words.size(); i += 2) {
      spans.merge(words.get(i) + " " + words.get(i + 1), 1, Integer::sum);
    }
    return new TraceCounts(
        ids.size(),
        environment.segmentIds(service).size(),
        environment.strings("segmentId", GraphqlQueries.failedSegments(service)).size(),
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
