package satellite.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import satellite.e2e.PromQl.Matching;
import satellite.e2e.PromQl.Selector;

/** What an expression asks for, told from what it does with it. */
@Order(1)
class PromQlTest {

  @Test
  void tellsMetricsFromFunctionsGroupingAndRanges() {
    assertEquals(
        new PromQl(
            List.of(
                new Selector("calls_bucket", List.of(new Matching("instance", null))),
                new Selector("up", List.of())),
            Set.of("le", "node")),
        PromQl.parse(
            "histogram_quantile(0.99, sum by (le) (rate(calls_bucket{instance=~\"$instance\"}[5m])))"
                + " > on (node) up offset 5m"));
  }

  @Test
  void anExactValueIsAskedForAndAVariableIsNot() {
    assertEquals(
        List.of(
            new Selector(
                "reports_total",
                List.of(new Matching("result", "failed"), new Matching("cluster", null))),
            new Selector("b", List.of())),
        PromQl.parse(
                "increase(reports_total{result=\"failed\",cluster=\"$cluster\"}[10m]) and b > 0.5")
            .selectors());
  }
}
