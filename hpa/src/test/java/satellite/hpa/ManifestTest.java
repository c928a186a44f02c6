package satellite.hpa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.hpa.AutoscalerSpec.Kind;
import satellite.hpa.AutoscalerSpec.Metric;
import satellite.hpa.AutoscalerSpec.ScalingPolicy;

/** The files, and the inequalities that their comments and docs/autoscaling.md promise. */
class ManifestTest {

  /** What the adapter's figure is behind at most, and the time a replica takes to be ready. */
  private static final int LAG_SECONDS = 145;

  private static final int START_SECONDS = 30;

  @ParameterizedTest
  @ValueSource(
      strings = {"swck.yaml", "demonstration.yaml", "prometheus-adapter.yaml", "resource.yaml"})
  void scalesTheDeploymentOfTheNamespaceItIsAppliedIn(String file) {
    Map<?, ?> manifest = Manifests.yaml(file);
    AutoscalerSpec spec = AutoscalerSpec.of(manifest);
    assertEquals(Map.of("name", "satellite"), manifest.get("metadata"));
    assertEquals(
        Map.of("apiVersion", "apps/v1", "kind", "Deployment", "name", "satellite"),
        ((Map<?, ?>) manifest.get("spec")).get("scaleTargetRef"));
    assertTrue(spec.minReplicas() >= 1 && spec.maxReplicas() > spec.minReplicas());
    for (AutoscalerSpec.ScalingRules rules : List.of(spec.scaleUp(), spec.scaleDown())) {
      assertTrue(rules.windowSeconds() <= 3600);
      for (ScalingPolicy policy : rules.policies()) {
        assertTrue(policy.value() > 0 && policy.periodSeconds() > 0);
        assertTrue(policy.periodSeconds() <= 1800, "the API server takes no more");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"swck.yaml", "demonstration.yaml"})
  void theServiceIsSpeltInLabels(String file) {
    Metric connections = Manifests.spec(file).metrics().get(0);
    assertEquals("skywalking.apache.org|satellite_service_grpc_connect_count", connections.name());
    assertEquals(
        "satellite::satellite-service", SwckAdapter.argument("service", connections.labels()));
    for (String value : connections.labels().values()) {
      assertTrue(value.matches("(?=.{1,63}$)[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?"), value);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"swck.yaml", "demonstration.yaml"})
  void policiesLastLongerThanTheFigureIsBehind(String file) {
    AutoscalerSpec spec = Manifests.spec(file);
    for (ScalingPolicy up : spec.scaleUp().policies()) {
      assertTrue(up.periodSeconds() > LAG_SECONDS + START_SECONDS);
    }
    for (ScalingPolicy down : spec.scaleDown().policies()) {
      assertTrue(down.periodSeconds() > LAG_SECONDS);
    }
    assertTrue(spec.scaleDown().windowSeconds() > 2 * LAG_SECONDS);
  }

  @Test
  void theTargetOfTheDemonstrationLiesBetweenTenAndElevenAgents() {
    Metric metric = Manifests.spec("demonstration.yaml").metrics().get(0);
    double target = metric.target() / 1000.0;
    assertEquals(Kind.EXTERNAL_VALUE, metric.kind());
    assertTrue(10 <= 1.1 * target - 0.1 && 11 >= 1.1 * target + 0.1, "not by rounding");
    // What a replica more may hold: no size asks for less than it needs, though means are cut.
    for (int replicas = 2; replicas <= 100; replicas++) {
      for (int agents = 11 * (replicas - 1); agents <= 11 * replicas; agents++) {
        double needed = replicas * (double) (agents / replicas) / target;
        assertTrue(needed > replicas - 1, agents + " on " + replicas);
      }
    }
  }

  @Test
  void theTargetForFourThousandLeavesRoom() {
    Metric metric = Manifests.spec("swck.yaml").metrics().get(0);
    double scalesOut = 1.1 * metric.target() / 1000;
    assertEquals(Kind.EXTERNAL_VALUE, metric.kind());
    assertTrue(scalesOut < 0.9 * 4000, "from there on, full replicas stay ready");
    assertTrue(3 * scalesOut / 2 < 4000, "one of three may die");
    assertEquals(
        metric.target(), Manifests.spec("prometheus-adapter.yaml").metrics().get(0).target());
  }

  @ParameterizedTest
  @ValueSource(strings = {"swck.yaml", "prometheus-adapter.yaml", "resource.yaml"})
  void cpuScalesOutBeforeSatelliteRefuses(String file) {
    Metric cpu =
        Manifests.spec(file).metrics().stream()
            .filter(metric -> metric.kind() == Kind.CPU)
            .findAny()
            .orElseThrow();
    assertEquals("cpu", cpu.name());
    assertTrue(1.1 * cpu.target() / 1000 < 0.9 * 75);
  }

  @Test
  void theRuleOfPrometheusAdapterNamesTheMetricOfTheManifest() {
    Metric metric = Manifests.spec("prometheus-adapter.yaml").metrics().get(0);
    assertEquals(Kind.PODS, metric.kind());
    Map<?, ?> rules = (Map<?, ?>) Manifests.yaml("prometheus-adapter.values.yaml").get("rules");
    Map<?, ?> rule = (Map<?, ?>) ((List<?>) rules.get("custom")).get(0);
    assertTrue(rule.get("seriesQuery").toString().startsWith(metric.name() + "{"));
  }
}
