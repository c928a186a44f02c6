package satellite.hpa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import satellite.hpa.Autoscaler.Pod;
import satellite.hpa.Autoscaler.PodState;
import satellite.hpa.Autoscaler.Tolerance;
import satellite.hpa.AutoscalerSpec.Kind;
import satellite.hpa.AutoscalerSpec.Metric;
import satellite.hpa.AutoscalerSpec.ScalingPolicy;
import satellite.hpa.AutoscalerSpec.ScalingRules;
import satellite.hpa.AutoscalerSpec.SelectPolicy;

/** The published algorithm, fact by fact. */
class AutoscalerTest {

  private static final ScalingRules AT_ONCE =
      new ScalingRules(0, List.of(new ScalingPolicy(true, 1000, 15)), SelectPolicy.MAX);
  private static final ScalingRules DOWN_AT_ONCE =
      new ScalingRules(0, List.of(new ScalingPolicy(true, 100, 15)), SelectPolicy.MAX);

  @Test
  void elevenOfTenIsWithinTheToleranceSince133AndWasNotBefore() {
    assertEquals(1, value(10, 11, 1, 1, Tolerance.SINCE_1_33));
    assertEquals(2, value(10, 11, 1, 1, Tolerance.BEFORE_1_33));
    assertEquals(0.10000000000000009, Math.abs(1.0 - 11 / 10.0));
  }

  @ParameterizedTest
  @EnumSource
  void withinTenPercentNothingIsDone(Tolerance tolerance) {
    assertEquals(10, value(1000, 1099, 10, 10, tolerance));
    assertEquals(12, value(1000, 1101, 10, 10, tolerance));
    assertEquals(10, value(1000, 901, 10, 10, tolerance));
    assertEquals(9, value(1000, 899, 10, 10, tolerance));
  }

  @Test
  void valueIsMultipliedWithReadyPodsOnly() {
    assertEquals(20, value(100, 200, 10, 10, Tolerance.SINCE_1_33));
    assertEquals(10, value(100, 200, 10, 5, Tolerance.SINCE_1_33));
    assertEquals(1, value(100, 200, 10, 0, Tolerance.SINCE_1_33)); // 0, and the minimum is 1
  }

  @Test
  void averageValueOfAnExternalMetricIsASum() {
    Metric sum = new Metric(Kind.EXTERNAL_AVERAGE_VALUE, "m", 100_000, Map.of());
    assertEquals(5, new Hpa(spec(sum), 2).external(450).sync(0, ready(2)));
    assertEquals(4, new Hpa(spec(sum), 4).external(430).sync(0, ready(4))); // 1.075
    assertEquals(4, new Hpa(spec(sum), 5).external(400).sync(0, ready(5)));
  }

  @Test
  void cpuOfPodsThatStartIsLeftOutAndCountsAsNoneWhenScalingOut() {
    Metric cpu = new Metric(Kind.CPU, "cpu", 60_000, Map.of());
    Hpa hpa = new Hpa(spec(cpu), 4);
    List<Pod> pods = new ArrayList<>(pods(PodState.READY, 2, "cpu", 120_000));
    assertEquals(4, new Hpa(spec(cpu), 2).sync(0, pods));
    pods.addAll(pods(PodState.STARTING, 2, "cpu", 900_000)); // 240 / 4 = 60
    assertEquals(4, hpa.sync(0, pods));
    assertEquals(5, new Hpa(spec(cpu), 3).sync(0, pods(PodState.READY, 3, "cpu", 90_000)));
  }

  @Test
  void podsWithoutAValueCountAsFullWhenScalingInAndAsEmptyWhenScalingOut() {
    Metric own = new Metric(Kind.PODS, "connections", 100_000, Map.of());
    List<Pod> low = new ArrayList<>(pods(PodState.READY, 3, "connections", 20_000));
    low.add(new Pod(PodState.READY, Map.of())); // (60 + 100) / 100
    assertEquals(2, new Hpa(spec(own), 4).sync(0, low));
    List<Pod> high = new ArrayList<>(pods(PodState.NOT_READY, 3, "connections", 200_000));
    high.add(new Pod(PodState.READY, Map.of()));
    high.add(new Pod(PodState.PENDING, Map.of()));
    assertEquals(6, new Hpa(spec(own), 5).sync(0, high)); // 600 / 100: ready or not
  }

  @Test
  void theGreatestMetricCounts() {
    AutoscalerSpec two =
        spec(value(100))
            .withMetrics(List.of(value(100), new Metric(Kind.CPU, "cpu", 50_000, Map.of())));
    List<Pod> pods = pods(PodState.READY, 4, "cpu", 100_000);
    assertEquals(8, new Hpa(two, 4).external(120).sync(0, pods));
    assertEquals(12, new Hpa(two, 4).external(300).sync(0, pods));
  }

  @Test
  void aMetricThatFailsForbidsScalingInButNotOut() {
    AutoscalerSpec two =
        spec(value(100))
            .withMetrics(List.of(value(100), new Metric(Kind.CPU, "cpu", 50_000, Map.of())));
    assertEquals(4, new Hpa(two, 4).sync(0, pods(PodState.READY, 4, "cpu", 10_000)));
    assertEquals(8, new Hpa(two, 4).sync(0, pods(PodState.READY, 4, "cpu", 100_000)));
    assertEquals(4, new Hpa(spec(value(100)), 4).sync(0, ready(4)));
  }

  @Test
  void goesDownOnlyAsFarAsAllOfTheWindowAsked() {
    Hpa hpa =
        new Hpa(
            spec(value(100))
                .withScaleDown(new ScalingRules(60, DOWN_AT_ONCE.policies(), SelectPolicy.MAX)),
            10);
    hpa.external(100).sync(0, ready(10));
    assertEquals(10, hpa.external(50).sync(15, ready(10)));
    assertEquals(10, hpa.external(70).sync(30, ready(10)));
    assertEquals(10, hpa.external(30).sync(45, ready(10)));
    assertEquals(7, hpa.external(30).sync(60, ready(10)));
    assertEquals(7, hpa.external(50).sync(75, ready(7)));
  }

  @Test
  void goesUpOnlyAsFarAsAllOfTheWindowAsked() {
    Hpa hpa =
        new Hpa(
            spec(value(100))
                .withScaleUp(new ScalingRules(60, AT_ONCE.policies(), SelectPolicy.MAX)),
            2);
    hpa.external(100).sync(0, ready(2));
    assertEquals(2, hpa.external(400).sync(15, ready(2)));
    assertEquals(2, hpa.external(200).sync(30, ready(2)));
    assertEquals(2, hpa.external(400).sync(45, ready(2)));
    assertEquals(4, hpa.external(400).sync(60, ready(2)));
  }

  @Test
  void policiesCountFromWhatThereWasWhenTheirPeriodBegan() {
    ScalingRules onePod =
        new ScalingRules(0, List.of(new ScalingPolicy(false, 1, 60)), SelectPolicy.MAX);
    Hpa up = new Hpa(spec(value(100)).withScaleUp(onePod), 2);
    assertEquals(3, up.external(900).sync(0, ready(2)));
    assertEquals(3, up.sync(15, ready(3)));
    assertEquals(3, up.sync(45, ready(3)));
    assertEquals(4, up.sync(60, ready(3)));

    ScalingRules half =
        new ScalingRules(0, List.of(new ScalingPolicy(true, 50, 60)), SelectPolicy.MAX);
    Hpa down = new Hpa(spec(value(100)).withScaleDown(half), 9);
    assertEquals(4, down.external(1).sync(0, ready(9)));
    assertEquals(4, down.sync(45, ready(4)));
    assertEquals(2, down.sync(60, ready(4)));
  }

  @Test
  void theGreatestPolicyCountsOrTheLeastOrNone() {
    List<ScalingPolicy> both =
        List.of(new ScalingPolicy(false, 1, 60), new ScalingPolicy(true, 50, 60));
    assertEquals(15, upWith(new ScalingRules(0, both, SelectPolicy.MAX)));
    assertEquals(11, upWith(new ScalingRules(0, both, SelectPolicy.MIN)));
    assertEquals(10, upWith(new ScalingRules(0, both, SelectPolicy.DISABLED)));
    assertEquals(5, downWith(new ScalingRules(0, both, SelectPolicy.MAX)));
    assertEquals(9, downWith(new ScalingRules(0, both, SelectPolicy.MIN)));
    assertEquals(10, downWith(new ScalingRules(0, both, SelectPolicy.DISABLED)));
  }

  @Test
  void staysWithinItsBoundsAndLeavesZeroAlone() {
    AutoscalerSpec bound = new AutoscalerSpec(2, 5, List.of(value(100)), AT_ONCE, DOWN_AT_ONCE);
    assertEquals(5, new Hpa(bound, 4).external(900).sync(0, ready(4)));
    assertEquals(2, new Hpa(bound, 4).external(0).sync(0, ready(4)));
    assertEquals(2, new Hpa(bound, 1).sync(0, ready(1)));
    assertEquals(5, new Hpa(bound, 9).sync(0, ready(9)));
    assertEquals(0, new Hpa(bound, 0).external(900).sync(0, List.of()));
  }

  @Test
  void whatIsNotSaidIsAsInKubernetes() {
    AutoscalerSpec spec =
        AutoscalerSpec.of(
            Map.of(
                "apiVersion",
                "autoscaling/v2",
                "kind",
                "HorizontalPodAutoscaler",
                "spec",
                Map.of("maxReplicas", 4)));
    assertEquals(1, spec.minReplicas());
    assertEquals(0, spec.scaleUp().windowSeconds());
    assertEquals(300, spec.scaleDown().windowSeconds());
    assertEquals(
        List.of(new ScalingPolicy(true, 100, 15), new ScalingPolicy(false, 4, 15)),
        spec.scaleUp().policies());
  }

  @Test
  void quantitiesAreThoseOfKubernetes() {
    assertEquals(9500, AutoscalerSpec.milli("9500m"));
    assertEquals(9500, AutoscalerSpec.milli("9.5"));
    assertEquals(2_400_000, AutoscalerSpec.milli(2400));
    assertThrows(NumberFormatException.class, () -> AutoscalerSpec.milli("many"));
  }

  private static int upWith(ScalingRules rules) {
    return new Hpa(spec(value(100)).withScaleUp(rules), 10).external(900).sync(0, ready(10));
  }

  private static int downWith(ScalingRules rules) {
    return new Hpa(spec(value(100)).withScaleDown(rules), 10).external(1).sync(0, ready(10));
  }

  private static int value(long target, long value, int replicas, int ready, Tolerance tolerance) {
    List<Pod> pods = new ArrayList<>(ready(ready));
    pods.addAll(pods(PodState.NOT_READY, replicas - ready, "none", 0));
    return new Autoscaler(spec(value(target)), tolerance)
        .sync(0, replicas, pods, metric -> OptionalLong.of(value * 1000));
  }

  private static Metric value(long target) {
    return new Metric(Kind.EXTERNAL_VALUE, "m", target * 1000, Map.of());
  }

  private static AutoscalerSpec spec(Metric metric) {
    return new AutoscalerSpec(1, 100, List.of(metric), AT_ONCE, DOWN_AT_ONCE);
  }

  private static List<Pod> ready(int count) {
    return pods(PodState.READY, count, "none", 0);
  }

  private static List<Pod> pods(PodState state, int count, String metric, long value) {
    List<Pod> pods = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      pods.add(new Pod(state, Map.of(metric, value)));
    }
    return pods;
  }

  /** One with the number of replicas that it has asked for last. */
  private static final class Hpa {
    private final Autoscaler autoscaler;
    private int replicas;
    private OptionalLong external = OptionalLong.empty();

    Hpa(AutoscalerSpec spec, int replicas) {
      this.autoscaler = new Autoscaler(spec, Tolerance.SINCE_1_33);
      this.replicas = replicas;
    }

    Hpa external(long value) {
      external = OptionalLong.of(value * 1000);
      return this;
    }

    int sync(long now, List<Pod> pods) {
      replicas = autoscaler.sync(now, replicas, pods, metric -> external);
      return replicas;
    }
  }
}
