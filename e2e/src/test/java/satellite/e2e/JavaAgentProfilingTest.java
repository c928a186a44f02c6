package satellite.e2e;

import static satellite.e2e.Eventually.equal;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A real Java agent takes a profiling task from OAP, and what it saw on the stack arrives there.
 * With one OAP: a task, its segment and its snapshots can be read only from one store.
 */
@Order(8)
@ExtendWith(TestEnvironmentResolver.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JavaAgentProfilingTest {

  private static final String SERVICE = "profiled-shop";
  private static final String STRAIGHT = "profiled-shop-straight";
  private static final String INSTANCE = "shop-1";

  private final RealOap oap;
  private final SatelliteProcess satellite;
  private final Map<String, JavaAgent> agents = new HashMap<>();
  private final Map<String, String> tasks = new HashMap<>();

  JavaAgentProfilingTest(TestEnvironment environment) {
    environment.needsSatellite();
    oap = environment.one;
    satellite = SatelliteProcess.inFrontOf("satellite-profiling", oap);
  }

  @BeforeAll
  void profile() throws Exception {
    agents.put(SERVICE, JavaAgent.start(SERVICE, INSTANCE, satellite.address()));
    agents.put(STRAIGHT, JavaAgent.start(STRAIGHT, INSTANCE, oap.address()));
    for (String service : agents.keySet()) {
      agents.get(service).awaitReady();
      tasks.put(service, oap.strings("id", GraphqlQueries.newProfileTask(service, "/slow")).get(0));
    }
    for (String service : agents.keySet()) {
      equal(
          List.of("NOTIFIED", INSTANCE),
          "task of " + service,
          () -> oap.strings("operationType|instanceName", GraphqlQueries.profileTasks(service)));
      agents.get(service).ask("/slow");
    }
  }

  @AfterAll
  void end() {
    agents.values().forEach(JavaAgent::close);
    satellite.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void theSlowMethodIsSeenOnTheStack(String service) {
    Eventually.until(
        "the stacks",
        () -> oap.strings("codeSignature", GraphqlQueries.stacks(segmentOf(service))),
        methods -> methods.stream().anyMatch(m -> m.startsWith("satellite.e2e.Shop.dawdle:")));
  }

  /** By the account of Satellite, which tells how many it got. */
  @Test
  void everySnapshotArrivesOnce() {
    Eventually.until(
        "snapshots that Satellite received, and those that OAP has",
        () -> List.of(received(), seen(SERVICE)),
        both -> both.get(0) > 20 && both.get(0).equals(both.get(1)));
  }

  private long received() throws Exception {
    return satellite
        .metrics()
        .sum("gatherer_receive_count", "pipe=\"profilepipe\"", "status=\"all\"");
  }

  /** How often the bottom of the stack was seen. */
  private long seen(String service) throws Exception {
    return Collections.max(oap.numbers("count", GraphqlQueries.stacks(segmentOf(service))));
  }

  private String segmentOf(String service) throws Exception {
    return oap.strings("segmentId", GraphqlQueries.profiledSegments(tasks.get(service))).get(0);
  }
}
