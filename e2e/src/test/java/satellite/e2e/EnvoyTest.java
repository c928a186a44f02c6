package satellite.e2e;

import static satellite.e2e.Eventually.equal;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The access logs and metrics of a real Envoy reach OAP, each entry once. A second Envoy does the
 * same work straight at an OAP; the facts are stated of both.
 */
@Order(3)
@ExtendWith(TestEnvironmentResolver.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ResourceLock(TestEnvironment.ACCESS_LOG_COUNTERS)
class EnvoyTest {

  private static final int GOOD = 150;
  private static final int BAD = 50;
  private static final int CONNECTIONS = 60;
  private static final int BYTES = 100;
  private static final int LOST = 20;

  private final TestEnvironment environment;
  private long receivedBefore;
  private long measuredBefore;
  private Envoy through;
  private Envoy straight;

  EnvoyTest(TestEnvironment environment) {
    this.environment = environment;
  }

  @BeforeAll
  void work() throws Exception {
    receivedBefore = environment.counters("envoy_als_in_count");
    measuredBefore = environment.counters("envoy_als_source_dispatch_count");
    through = Envoy.start("checkout", environment.address());
    straight = Envoy.start("checkout-straight", environment.straight());
    for (Envoy envoy : List.of(through, straight)) {
      for (int i = 0; i < GOOD; i++) {
        envoy.get("/good");
      }
      for (int i = 0; i < BAD; i++) {
        envoy.get("/bad");
      }
      for (int i = 0; i < CONNECTIONS; i++) {
        envoy.echo(BYTES);
      }
      for (int i = 0; i < LOST; i++) {
        envoy.callNobody();
      }
    }
  }

  @AfterAll
  void end() {
    envoys().forEach(Envoy::close);
  }

  private Stream<Envoy> envoys() {
    return Stream.of(through, straight).filter(envoy -> envoy != null);
  }

  @Test
  void everyRequestAndConnectionIsAnEntryThatOapReceives() {
    equal(
        receivedBefore + 2 * (GOOD + BAD + CONNECTIONS + LOST),
        "access log entries",
        () -> environment.counters("envoy_als_in_count"));
  }

  @Test
  void everyRequestAndConnectionIsMeasured() {
    equal(
        measuredBefore + 2 * (GOOD + BAD + CONNECTIONS),
        "measured entries",
        () -> environment.counters("envoy_als_source_dispatch_count"));
  }

  @ParameterizedTest
  @MethodSource("envoys")
  void everyRequestIsACallOfTheService(Envoy envoy) {
    equal((long) GOOD + BAD, "calls", () -> environment.total("sum(service_cpm)", envoy.service()));
  }

  @ParameterizedTest
  @MethodSource("envoys")
  void everyFailedRequestIsALogOfTheService(Envoy envoy) {
    equal((long) BAD, "logs of requests", () -> logs(envoy, "requestMethod"));
  }

  @ParameterizedTest
  @MethodSource("envoys")
  void everyLostConnectionIsALogOfTheService(Envoy envoy) {
    equal((long) LOST, "logs of connections", () -> logs(envoy, "connectionProperties"));
  }

  private long logs(Envoy envoy, String field) throws Exception {
    return environment.strings("content", GraphqlQueries.logs(envoy.service())).stream()
        .filter(content -> content.contains(field))
        .count();
  }

  /** OAP keeps the average of a minute, and all connections are alike. */
  @ParameterizedTest
  @MethodSource("envoys")
  void theBytesOfConnectionsAreMeasured(Envoy envoy) {
    for (String way : List.of("received", "sent")) {
      equal(
          (long) BYTES,
          "bytes " + way,
          () -> environment.highest("latest(service_throughput_" + way + ")", envoy.service()));
    }
  }

  @Test
  void itsMetricsAreTheSameAsStraight() {
    Eventually.until(
        "metrics, the same of both",
        () -> List.of(metrics(through), metrics(straight)),
        both -> both.get(0).contains("envoy_memory_allocated") && both.get(0).equals(both.get(1)));
  }

  private Set<String> metrics(Envoy envoy) throws Exception {
    return environment.measured("envoy_.*", envoy.service(), envoy.instance());
  }
}
