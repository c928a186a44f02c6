package satellite.e2e;

import static satellite.e2e.Eventually.equal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A real Python agent takes a profiling task from OAP, and what it saw on the stack arrives there.
 * With one OAP: a task, its segment and its snapshots can be read only from one store.
 */
@Order(11)
@ExtendWith(TestEnvironmentResolver.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonAgentProfilingTest {

  private static final String SERVICE = "python-profiled";
  private static final String STRAIGHT = "python-profiled-straight";
  private static final String INSTANCE = "python-profiled-1";

  private final RealOap oap;
  private final SatelliteProcess satellite;
  private final Map<String, PythonAgent> agents = new HashMap<>();
  private final Map<String, String> tasks = new HashMap<>();

  PythonAgentProfilingTest(TestEnvironment environment) {
    environment.needsSatellite();
    oap = environment.one;
    satellite = SatelliteProcess.inFrontOf("satellite-python-profiling", oap);
  }

  @BeforeAll
  void profile() throws Exception {
    start(SERVICE, satellite.address());
    start(STRAIGHT, oap.address());
  }

  private void start(String service, String reportTo) throws Exception {
    tasks.put(service, oap.strings("id", GraphqlQueries.newProfileTask(service, "/slow")).get(0));
    agents.put(service, PythonAgent.forProfiling(service, INSTANCE, reportTo));
  }

  @AfterAll
  void end() {
    agents.values().forEach(PythonAgent::close);
    satellite.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void theTaskIsTakenAndItsEndReported(String service) {
    equal(
        Set.of("NOTIFIED", "EXECUTION_FINISHED"),
        "the task's history",
        () -> Set.copyOf(oap.strings("operationType", GraphqlQueries.profileTasks(service))));
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void everySnapshotArrives(String service) {
    Eventually.until(
        "snapshots that the agent took, and those that OAP has",
        () -> List.of(agents.get(service).snapshots(), seen(service)),
        both -> both.get(0) > 1 && both.get(0).equals(both.get(1)));
  }

  @ParameterizedTest
  @ValueSource(strings = {SERVICE, STRAIGHT})
  void theSlowPlaceIsSeenOnTheStack(String service) {
    Eventually.until(
        "the stacks",
        () -> {
          List<String> places = new ArrayList<>();
          for (String segment : segmentsOf(service)) {
            places.addAll(oap.strings("codeSignature", GraphqlQueries.stacks(segment)));
          }
          return places;
        },
        places -> places.stream().anyMatch(place -> place.contains("program.py.do_GET:")));
  }

  /** How often the bottoms of the stacks were seen. */
  private long seen(String service) throws Exception {
    long seen = 0;
    for (String segment : segmentsOf(service)) {
      seen += Collections.max(oap.numbers("count", GraphqlQueries.stacks(segment)));
    }
    return seen;
  }

  /** One, or two if the agent began between two requests. */
  private Set<String> segmentsOf(String service) throws Exception {
    String task = tasks.get(service);
    return new HashSet<>(oap.strings("segmentId", GraphqlQueries.profiledSegments(task)));
  }
}
