package satellite.e2e;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Assumptions;

/**
 * What all test classes share: two OAPs, and the one Satellite in front of both. Started when the
 * first test asks for it, ended after the last.
 *
 * <p>With {@code -De2e.straight} senders talk to the first OAP itself: that tells whether a wrong
 * figure is Satellite's or the peer's.
 */
final class TestEnvironment implements AutoCloseable {

  /** The lock of tests that count all access logs of both OAPs, or send some there. */
  static final String ACCESS_LOG_COUNTERS = "envoy_als_in_count";

  private static final boolean STRAIGHT = System.getProperty("e2e.straight") != null;

  /** Where both OAPs take Zipkin spans. */
  final int zipkinPort = ChildProcess.freePort();

  final RealOap one;
  final RealOap two;
  private final SatelliteProcess satellite;

  TestEnvironment() {
    one = RealOap.start("oap-one", "127.0.0.1", zipkinPort, Map.of());
    two = RealOap.start("oap-two", "127.0.0.2", zipkinPort, Map.of());
    try {
      one.awaitReady();
      two.awaitReady();
      satellite =
          STRAIGHT
              ? null
              : SatelliteProcess.inFrontOf(
                  "satellite-shared",
                  Map.of("SATELLITE_HTTP_ZIPKIN_PORT", "" + zipkinPort),
                  one,
                  two);
    } catch (RuntimeException | Error e) {
      one.close();
      two.close();
      throw e;
    }
  }

  /** Where senders connect to. */
  String address() {
    return STRAIGHT ? one.address() : satellite.address();
  }

  /** Where those who speak HTTP connect to; with a straight run the OAP's REST port. */
  String http() {
    return STRAIGHT ? one.rest() : satellite.http();
  }

  /** Where senders connect to for comparison: an OAP itself. */
  String straight() {
    return one.address();
  }

  /** For tests of what Satellite does, which mean nothing without it. */
  void needsSatellite() {
    Assumptions.assumeFalse(STRAIGHT, "there is no Satellite on the straight way");
  }

  /** The OAPs that still run. */
  List<RealOap> oaps() {
    return List.of(one, two).stream().filter(RealOap::isAlive).toList();
  }

  /** The same strings asked of all OAPs, one after the other. */
  List<String> strings(String field, String graphql) throws Exception {
    List<String> all = new ArrayList<>();
    for (RealOap oap : oaps()) {
      all.addAll(oap.strings(field, graphql));
    }
    return all;
  }

  List<String> segmentIds(String service) throws Exception {
    List<String> all = new ArrayList<>();
    for (RealOap oap : oaps()) {
      all.addAll(oap.segmentIds(service));
    }
    return all;
  }

  /** A figure that adds up over the OAPs. */
  long total(String expression, String service) throws Exception {
    long total = 0;
    for (RealOap oap : oaps()) {
      total += oap.figure(GraphqlQueries.figure(expression, service));
    }
    return total;
  }

  /** A figure that any OAP may hold: the largest. */
  long highest(String expression, String service) throws Exception {
    long highest = 0;
    for (RealOap oap : oaps()) {
      highest = Math.max(highest, oap.figure(GraphqlQueries.figure(expression, service)));
    }
    return highest;
  }

  long highest(String expression, String service, String instance) throws Exception {
    long highest = 0;
    for (RealOap oap : oaps()) {
      highest = Math.max(highest, oap.figure(GraphqlQueries.figure(expression, service, instance)));
    }
    return highest;
  }

  List<String> spanIds(String service) throws Exception {
    List<String> all = new ArrayList<>();
    for (RealOap oap : oaps()) {
      all.addAll(oap.spanIds(service));
    }
    return all;
  }

  List<String> spanIdsOfTrace(String trace) throws Exception {
    List<String> all = new ArrayList<>();
    for (RealOap oap : oaps()) {
      all.addAll(oap.spanIdsOfTrace(trace));
    }
    return all;
  }

  /** The metrics, of those whose names match, that some OAP has a value of. */
  Set<String> measured(String names, String service, String instance) throws Exception {
    Set<String> measured = new TreeSet<>();
    for (RealOap oap : oaps()) {
      for (String name : oap.strings("name", GraphqlQueries.metrics(names))) {
        String latest = GraphqlQueries.figure("latest(" + name + ")", service, instance);
        if (!oap.strings("value", latest).isEmpty()) {
          measured.add(name);
        }
      }
    }
    return measured;
  }

  long counters(String name) throws Exception {
    long total = 0;
    for (RealOap oap : oaps()) {
      total += oap.counter(name);
    }
    return total;
  }

  @Override
  public void close() {
    if (satellite != null) {
      satellite.close();
    }
    one.close();
    two.close();
  }
}
