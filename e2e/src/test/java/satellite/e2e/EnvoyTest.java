package satellite.e2e;

import static satellite.e2e.Eventually.equal;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** A real Envoy's access logs and metrics reach OAP, each entry once. */
@Order(3)
@ExtendWith(LandscapeResolver.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EnvoyTest {

  private static final String SERVICE = "checkout.shop";
  private static final int GOOD = 150;
  private static final int BAD = 50;

  private final Landscape landscape;
  private Envoy envoy;
  private long accessLogsBefore;

  EnvoyTest(Landscape landscape) {
    this.landscape = landscape;
  }

  @BeforeAll
  void serveRequests() throws Exception {
    accessLogsBefore = landscape.counters("envoy_als_in_count");
    envoy = Envoy.start("envoy", landscape.address());
    for (int i = 0; i < GOOD; i++) {
      envoy.get("/good");
    }
    for (int i = 0; i < BAD; i++) {
      envoy.get("/bad");
    }
  }

  @AfterAll
  void end() {
    if (envoy != null) {
      envoy.close();
    }
  }

  @Test
  void everyRequestIsAnEntryThatOapReceives() {
    equal(
        accessLogsBefore + GOOD + BAD,
        "access log entries",
        () -> landscape.counters("envoy_als_in_count"));
  }

  @Test
  void everyRequestIsACallOfTheService() {
    equal((long) GOOD + BAD, "calls", () -> landscape.total("sum(service_cpm)", SERVICE));
  }

  @Test
  void everyFailedRequestIsALogOfTheService() {
    equal(BAD, "logs", () -> landscape.strings("content", Questions.logs(SERVICE)).size());
  }

  @Test
  void itsMemoryIsMeasured() {
    Eventually.until(
        "memory",
        () -> landscape.highest("latest(envoy_memory_allocated)", SERVICE, "checkout-pod-1"),
        bytes -> bytes > 0);
  }
}
