package satellite.e2e;

import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** A real Java agent works as if it talked to OAP itself. */
@Order(2)
@ExtendWith(LandscapeResolver.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JavaAgentTest {

  private static final String SERVICE = "agent-service";
  private static final String INSTANCE = "agent-instance";

  private final Landscape landscape;
  private JavaAgent agent;

  JavaAgentTest(Landscape landscape) {
    this.landscape = landscape;
  }

  @BeforeAll
  void start() {
    agent = JavaAgent.start(SERVICE, INSTANCE, landscape.address());
  }

  @AfterAll
  void end() {
    if (agent != null) {
      agent.close();
    }
  }

  @Test
  void itsInstanceIsKnownWithItsProperties() {
    Eventually.until(
        "the instance and its process number",
        () -> landscape.strings("name", Questions.instances(SERVICE)),
        names -> names.contains(INSTANCE) && names.contains("Process No."));
  }

  @Test
  void itsHeapIsMeasured() {
    Eventually.until(
        "heap",
        () -> landscape.highest("latest(instance_jvm_memory_heap)", SERVICE, INSTANCE),
        heap -> heap > 0);
  }

  @Test
  void itsStartIsAnEvent() {
    // Its end is none: agent 9.4.0 closes its channel before it reports that.
    exactly(List.of("Start"), "events", () -> landscape.strings("name", Questions.events(SERVICE)));
  }

  @Test
  void itGetsItsConfigurationFromOap() {
    equal(true, "configured", () -> agent.says("Current configurations after the sync"));
  }

  /** OAP 10.1 does not know the service; the agent gives up only on exactly that status. */
  @Test
  void itIsToldThatOapHasNoAsyncProfiler() {
    equal(true, "told", () -> agent.says("Backend doesn't support async-profiler"));
  }

  @Test
  void itTakesAProfilingTask() throws Exception {
    // These OAPs share no store, and the agent may ask any of them.
    for (RealOap oap : landscape.oaps()) {
      oap.query(Questions.newProfileTask(SERVICE, "/hello"));
    }
    Eventually.until(
        "an agent was notified",
        () -> landscape.strings("instanceName", Questions.profileTasks(SERVICE)),
        names -> names.contains(INSTANCE));
  }
}
