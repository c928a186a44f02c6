package satellite.hpa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import satellite.hpa.Autoscaler.Tolerance;
import satellite.hpa.AutoscalerSpec.Kind;
import satellite.hpa.AutoscalerSpec.Metric;
import satellite.hpa.AutoscalerSpec.ScalingPolicy;
import satellite.hpa.AutoscalerSpec.ScalingRules;
import satellite.hpa.AutoscalerSpec.SelectPolicy;
import satellite.hpa.Cluster.Readiness;

/** Why the manifests are as they are: each of these changes one thing, and fails in its own way. */
class NaiveConfigurationTest {

  private static final int HOUR = 3600;

  /** What Kubernetes does where a manifest says nothing. */
  private static final ScalingRules DEFAULT_UP =
      new ScalingRules(
          0,
          List.of(new ScalingPolicy(true, 100, 15), new ScalingPolicy(false, 4, 15)),
          SelectPolicy.MAX);

  private final AutoscalerSpec demonstration = Manifests.spec("demonstration.yaml");
  private final AutoscalerSpec swck = Manifests.spec("swck.yaml");

  @ParameterizedTest
  @EnumSource
  void averageValueFallsBackInAgainAndAgain(Tolerance tolerance) {
    AutoscalerSpec average =
        demonstration.withMetrics(List.of(of(Kind.EXTERNAL_AVERAGE_VALUE, 9500)));
    assertGoesBackAndForth(eleven(average, tolerance, Readiness.ALWAYS, true));
  }

  @Test
  void withATargetOfTenKubernetes133DoesNotScaleOut() {
    AutoscalerSpec ten = demonstration.withMetrics(List.of(of(Kind.EXTERNAL_VALUE, 10_000)));
    assertEquals(List.of(1), eleven(ten, Tolerance.SINCE_1_33, Readiness.ALWAYS, true).course());
  }

  @Test
  void withATargetOfTenAnOlderKubernetesFallsBackIn() {
    AutoscalerSpec ten = demonstration.withMetrics(List.of(of(Kind.EXTERNAL_VALUE, 10_000)));
    List<Integer> course = eleven(ten, Tolerance.BEFORE_1_33, Readiness.ALWAYS, true).course();
    assertEquals(List.of(1, 2, 1, 2), course.subList(0, 4), "and so on: " + course);
    assertTrue(course.size() > 8);
  }

  @Test
  void withATargetATenthBelowTheLimitFullReplicasDoNotScaleOutSince133() {
    for (int limit : new int[] {1100, 2200, 4400, 11_000}) {
      Metric tenth = of(Kind.EXTERNAL_VALUE, limit * 10L / 11 * 1000);
      AutoscalerSpec spec = demonstration.withMetrics(List.of(tenth));
      for (Tolerance tolerance : Tolerance.values()) {
        Cluster cluster = new Cluster(spec, tolerance, limit, Readiness.ALWAYS, true, 30, 1);
        int agents = limit;
        cluster.run(HOUR, agents);
        assertEquals(tolerance == Tolerance.SINCE_1_33 ? 1 : 2, cluster.last().wanted());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aReplicaThatIsNotReadyAtItsLimitNeverScalesOut(Tolerance tolerance) {
    Cluster cluster = eleven(demonstration, tolerance, Readiness.NOT_AT_LIMIT, true);
    cluster.run(HOUR, 30);
    assertEquals(List.of(1), cluster.course());
    assertEquals(0, cluster.last().ready());
    assertEquals(11, cluster.last().connected());
  }

  @Test
  void fullReplicasThatStayUnreadyBecauseNothingEvensOutFallBackIn() {
    assertGoesBackAndForth(
        eleven(demonstration, Tolerance.SINCE_1_33, Readiness.NOT_WITH_ROOM_ELSEWHERE, false));
  }

  @Test
  void withoutAPolicyTheOldElevenIsMultipliedByTwoAndBringsAThird() {
    AutoscalerSpec none = demonstration.withScaleUp(DEFAULT_UP);
    Cluster cluster = eleven(none, Tolerance.SINCE_1_33, Readiness.NOT_WITH_ROOM_ELSEWHERE, true);
    assertEquals(List.of(1, 2, 3), cluster.course().subList(0, 3));
  }

  @Test
  void withoutAPolicyTenFullReplicasBecomeTwiceAsManyAsAreNeeded() {
    AutoscalerSpec upToForty = swck.withMaxReplicas(40); // 17 are needed: 40000 / 2400
    assertTrue(mostOfTenFull(upToForty.withScaleUp(DEFAULT_UP)) >= 34);
    assertTrue(mostOfTenFull(upToForty) <= 20);
  }

  @Test
  void scalingInFasterThanTheFigureFallsBelowWhatIsNeeded() {
    ScalingRules fast =
        new ScalingRules(300, List.of(new ScalingPolicy(false, 1, 60)), SelectPolicy.MAX);
    List<Integer> courses = new ArrayList<>();
    for (AutoscalerSpec spec : List.of(demonstration.withScaleDown(fast), demonstration)) {
      Cluster three =
          new Cluster(
                  spec, Tolerance.SINCE_1_33, 11, Readiness.NOT_WITH_ROOM_ELSEWHERE, true, 30, 1)
              .startsWith(3);
      three.run(HOUR, 11);
      courses.add(three.course().stream().mapToInt(Integer::intValue).min().orElseThrow());
    }
    assertEquals(List.of(1, 2), courses, "the fast one, the file");
  }

  @Test
  void withoutAWindowAMissedMinuteTakesReplicasAway() {
    ScalingRules atOnce =
        new ScalingRules(0, List.of(new ScalingPolicy(true, 100, 15)), SelectPolicy.MAX);
    Cluster cluster =
        new Cluster(
                swck.withScaleDown(atOnce),
                Tolerance.SINCE_1_33,
                4000,
                Readiness.NOT_WITH_ROOM_ELSEWHERE,
                true,
                30,
                1)
            .cpuPercentPerConnection(0.001);
    cluster.run(2 * HOUR, 25_000).forget();
    long begin = cluster.now();
    cluster.reportsAreLost(now -> now >= begin && now < begin + 180).run(600, 25_000);
    assertTrue(
        cluster.history().stream().anyMatch(m -> m.wanted() * 4000 < 25_000),
        cluster.course().toString());
  }

  private int mostOfTenFull(AutoscalerSpec spec) {
    Cluster cluster =
        new Cluster(
                spec, Tolerance.SINCE_1_33, 4000, Readiness.NOT_WITH_ROOM_ELSEWHERE, true, 30, 1)
            .startsWith(10);
    cluster.run(600, 25_000).run(HOUR, 40_000);
    return cluster.history().stream().mapToInt(Cluster.Snapshot::wanted).max().orElseThrow();
  }

  /** Ten agents, and then eleven for two hours. */
  private static Cluster eleven(
      AutoscalerSpec spec, Tolerance tolerance, Readiness readiness, boolean rebalances) {
    return new Cluster(spec, tolerance, 11, readiness, rebalances, 30, 1)
        .run(600, 10)
        .run(2 * HOUR, 11);
  }

  private static void assertGoesBackAndForth(Cluster cluster) {
    List<Integer> course = cluster.course();
    assertTrue(course.size() > 6, course.toString());
    assertEquals(List.of(1, 2, 1, 2, 1), course.subList(0, 5));
  }

  private Metric of(Kind kind, long target) {
    Metric metric = demonstration.metrics().get(0);
    return new Metric(kind, metric.name(), target, metric.labels());
  }
}
