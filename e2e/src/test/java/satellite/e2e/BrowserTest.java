package satellite.e2e;

import static satellite.e2e.Eventually.equal;
import static satellite.e2e.Eventually.exactly;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a page in a real browser reports reaches OAP, from a site that is not Satellite's. A second
 * browser's reports come to an OAP by way of the site itself; the facts are stated of both.
 */
@Order(9)
@ExtendWith(TestEnvironmentResolver.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BrowserTest {

  /** Of a page that is opened, left for itself, and left. */
  private static final long VISITS = 2;

  private final TestEnvironment environment;
  private final List<Visitor> visitors = new ArrayList<>();

  BrowserTest(TestEnvironment environment) {
    this.environment = environment;
  }

  private record Visitor(String service, WebShop shop, Chromium browser) implements AutoCloseable {

    static Visitor of(String service, WebShop shop) throws Exception {
      return new Visitor(service, shop, Chromium.open("browser-" + service, shop.url()));
    }

    @Override
    public void close() {
      browser.close();
      shop.close();
    }

    /** For the names of tests. */
    @Override
    public String toString() {
      return service;
    }
  }

  @BeforeAll
  void open() throws Exception {
    environment.needsSatellite();
    String straight = "shop-ui-straight";
    visitors.add(Visitor.of(straight, WebShop.passingOnTo(environment.one.rest(), straight)));
    String through = "shop-ui";
    visitors.add(Visitor.of(through, WebShop.reportingTo(environment.http(), through)));
  }

  @AfterAll
  void end() {
    visitors.forEach(Visitor::close);
  }

  private Stream<Visitor> visitors() {
    return visitors.stream();
  }

  @ParameterizedTest
  @MethodSource("visitors")
  void everyVisitIsAPageView(Visitor visitor) {
    equal(VISITS, "page views", () -> environment.total("sum(browser_app_pv)", visitor.service));
  }

  @ParameterizedTest
  @MethodSource("visitors")
  void everyErrorIsALog(Visitor visitor) {
    exactly(
        List.of("Uncaught Error: the cart is broken", "Uncaught Error: the cart is lost"),
        "errors",
        () -> environment.strings("message", GraphqlQueries.pageErrors(visitor.service)));
  }

  @ParameterizedTest
  @MethodSource("visitors")
  void everyRequestOfThePageIsASegment(Visitor visitor) {
    equal((int) VISITS, "requests", () -> visitor.shop.callers().size());
    exactly(visitor.shop.callers(), "segments", () -> environment.segmentIds(visitor.service));
  }
}
