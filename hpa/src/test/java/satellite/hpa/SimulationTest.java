package satellite.hpa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.hpa.Autoscaler.Tolerance;
import satellite.hpa.Cluster.Readiness;
import satellite.hpa.Cluster.Snapshot;

/** What the manifests do, with the figures that stand in the files. */
class SimulationTest {

  private static final int HOUR = 3600;
  private static final int SEEDS = 20;

  @ParameterizedTest
  @CsvSource({
    "SINCE_1_33, NOT_WITH_ROOM_ELSEWHERE, true",
    "BEFORE_1_33, NOT_WITH_ROOM_ELSEWHERE, true",
    "SINCE_1_33, ALWAYS, false",
    "BEFORE_1_33, ALWAYS, false"
  })
  void theEleventhAgentBringsASecondReplicaAndItStaysAtTwo(
      Tolerance tolerance, Readiness readiness, boolean rebalances) {
    for (int seed = 0; seed < SEEDS; seed++) {
      Cluster cluster = demonstration(tolerance, readiness, rebalances, seed);
      cluster.run(300, since -> since / 30).run(HOUR, 10);
      assertEquals(List.of(1), cluster.course(), "ten fit one");

      cluster.run(150, 11);
      assertEquals(2, cluster.last().wanted(), "within two and a half minutes");
      cluster.run(HOUR, 11);
      assertEquals(List.of(1, 2), cluster.course());

      cluster.run(120, 12);
      assertEquals(12, cluster.last().connected());
      assertTrue(cluster.last().connections().get(1) >= 1, "the twelfth is with the second");
      cluster.run(HOUR, 12);
      Random random = new Random(seed);
      for (int minute = 0; minute < 120; minute++) {
        cluster.run(60, 10 + random.nextInt(3));
      }
      assertEquals(List.of(1, 2), cluster.course());

      cluster.run(HOUR, 9);
      assertEquals(List.of(1, 2, 1), cluster.course(), "nine fit one with room");
      assertEquals(9, cluster.last().connected());
    }
  }

  @Test
  void aReplicaThatTakesNinetySecondsToStartBringsNoThird() {
    for (int seed = 0; seed < SEEDS; seed++) {
      AutoscalerSpec spec = Manifests.spec("demonstration.yaml");
      Readiness readiness = Readiness.NOT_WITH_ROOM_ELSEWHERE;
      Cluster cluster =
          new Cluster(spec, Tolerance.values()[seed % 2], 11, readiness, true, 90, seed);
      cluster.run(900, 10).run(HOUR, 11);
      assertEquals(List.of(1, 2), cluster.course());
    }
  }

  @Test
  void aReplicaThatDiesIsReplacedAndTheDemonstrationIsBackAtTwo() {
    for (int seed = 0; seed < SEEDS; seed++) {
      Cluster cluster =
          demonstration(Tolerance.SINCE_1_33, Readiness.NOT_WITH_ROOM_ELSEWHERE, true, seed);
      cluster.run(HOUR, 11).forget().kill().run(HOUR, 11);
      assertTrue(cluster.history().stream().allMatch(m -> m.wanted() >= 2), "never one");
      assertEquals(2, cluster.last().wanted());
    }
  }

  @Test
  void anySizeOfTheDemonstrationSettlesAndHoldsItsAgents() {
    AutoscalerSpec spec = Manifests.spec("demonstration.yaml").withMaxReplicas(20);
    for (int agents = 0; agents < 160; agents++) {
      for (int seed = 0; seed < 2; seed++) {
        Cluster cluster =
            new Cluster(
                spec,
                Tolerance.values()[seed],
                11,
                Readiness.NOT_WITH_ROOM_ELSEWHERE,
                true,
                30,
                seed);
        cluster.run(2 * HOUR, agents).forget().run(2 * HOUR, agents);
        assertEquals(1, cluster.course().size(), agents + ": " + cluster.course());
        assertEquals(Math.max(1, agents / 11 + 1), cluster.last().wanted(), agents + " agents");
        assertEquals(agents, cluster.last().connected());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"swck.yaml", "prometheus-adapter.yaml"})
  void growsWithFortyThousandAgentsInTenMinutes(String file) {
    for (int seed = 0; seed < SEEDS; seed++) {
      Cluster cluster = large(file, seed);
      cluster.run(600, since -> since * 40_000 / 600).run(60, 40_000);
      assertEquals(40_000, cluster.last().connected(), "a minute after the last has come");
      double waited = 0;
      for (Snapshot snapshot : cluster.history()) {
        waited += (double) (snapshot.agents() - snapshot.connected()) * Cluster.STEP / 40_000;
      }
      assertTrue(waited < 30, "each has waited for " + waited + " s");
      cluster.run(2 * HOUR, 40_000);
      assertTrue(turns(cluster.course()) <= 1, cluster.course().toString());
      cluster.forget().run(HOUR, 40_000);
      assertEquals(1, cluster.course().size());
      assertTrue(cluster.last().wanted() >= 15 && cluster.last().wanted() <= 19);
    }
  }

  @Test
  void anySizeSettlesAndHoldsItsAgents() {
    Random random = new Random(4000);
    for (int round = 0; round < 150; round++) {
      int agents = random.nextInt(45_000);
      int begin = 2 + random.nextInt(19);
      Cluster cluster = large("swck.yaml", round).startsWith(begin);
      cluster.run(2 * HOUR, agents).forget().run(2 * HOUR, agents);
      String what = agents + " agents, from " + begin + ": " + cluster.course();
      assertEquals(1, cluster.course().size(), what);
      assertEquals(agents, cluster.last().connected(), what);
      double mean = (double) agents / cluster.last().wanted();
      assertTrue(mean <= 2641, what);
      assertTrue(cluster.last().wanted() <= Math.max(2, Math.ceil(agents / 2159.0)), what);
    }
  }

  @Test
  void agentsThatComeAndGoByAFewPercentChangeNothing() {
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      int agents = 10_000 + random.nextInt(25_000);
      Cluster cluster = large("swck.yaml", seed);
      cluster.run(2 * HOUR, agents);
      int settled = cluster.last().wanted();
      cluster.forget();
      // As many as the dead band of the target leaves on both sides, less a percent.
      int least = (int) Math.max(agents * 0.97, settled * 2160 * 1.01);
      int most = (int) Math.min(agents * 1.03, settled * 2640 * 0.99);
      for (int minute = 0; minute < 120 && least < most; minute++) {
        cluster.run(60, least + random.nextInt(most - least));
      }
      cluster.run(60, Math.max(least, most));
      assertEquals(List.of(settled), cluster.course(), least + " to " + most);
    }
  }

  @Test
  void anOapThatRestartsChangesNothing() {
    for (int seed = 0; seed < SEEDS; seed++) {
      Cluster cluster = large("swck.yaml", seed);
      cluster.run(2 * HOUR, 25_000).forget();
      long begin = cluster.now() + seed * 7;
      cluster.oapIsAway(now -> now >= begin && now < begin + 300).run(HOUR, 25_000);
      assertEquals(1, cluster.course().size(), cluster.course().toString());
    }
  }

  @Test
  void minutesThatOapHasMissedChangeNothingForAsLongAsTheWindow() {
    for (int seed = 0; seed < SEEDS; seed++) {
      Cluster cluster = large("swck.yaml", seed);
      cluster.run(2 * HOUR, 25_000).forget();
      long begin = cluster.now() + seed * 7;
      cluster.reportsAreLost(now -> now >= begin && now < begin + 480).run(HOUR, 25_000);
      assertEquals(1, cluster.course().size(), cluster.course().toString());
    }
  }

  @Test
  void aReplicaThatDiesIsReplacedAndTheOthersTakeItsAgentsMeanwhile() {
    for (int seed = 0; seed < SEEDS; seed++) {
      Cluster cluster = large("swck.yaml", seed);
      cluster.run(2 * HOUR, 7_000).run(HOUR, 7_800);
      int before = cluster.last().wanted();
      assertEquals(3, before);
      cluster.forget().kill().run(30, 7_800);
      assertEquals(7_800, cluster.last().connected(), "the others have taken its agents");
      cluster.run(2 * HOUR, 7_800);
      assertTrue(cluster.history().stream().allMatch(m -> m.wanted() >= before));
      assertTrue(cluster.history().stream().allMatch(m -> m.wanted() <= 2 * before));
      assertTrue(cluster.last().wanted() <= 4);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"swck.yaml", "prometheus-adapter.yaml"})
  void scalesInAfterAgentsHaveLeftAndAllStayConnected(String file) {
    for (int seed = 0; seed < SEEDS; seed++) {
      Cluster cluster = large(file, seed);
      cluster.run(2 * HOUR, 30_000).forget();
      cluster.run(600, since -> 30_000 - since * 25_000 / 600).run(3 * HOUR, 5_000);
      assertEquals(0, turns(cluster.course()), cluster.course().toString());
      assertEquals(3, cluster.last().wanted(), "5000 / 2400");
      assertEquals(5_000, cluster.last().connected());
      for (Snapshot snapshot : cluster.history()) {
        assertTrue(snapshot.wanted() * 2640 >= snapshot.agents(), snapshot.toString());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"swck.yaml", "prometheus-adapter.yaml", "resource.yaml"})
  void busyAgentsScaleOutByCpu(String file) {
    for (int seed = 0; seed < SEEDS; seed++) {
      Cluster cluster = large(file, seed).cpuPercentPerConnection(0.1);
      cluster.run(600, since -> since * 4_000 / 600).run(HOUR, 4_000).forget().run(HOUR, 4_000);
      assertEquals(1, cluster.course().size(), cluster.course().toString());
      assertTrue(cluster.last().wanted() >= 6, "400 % / 66 %");
      assertTrue(cluster.last().wanted() <= 8, "400 % / 54 %");
    }
  }

  private static Cluster demonstration(
      Tolerance tolerance, Readiness readiness, boolean rebalances, long seed) {
    return new Cluster(
        Manifests.spec("demonstration.yaml"), tolerance, 11, readiness, rebalances, 30, seed);
  }

  private static Cluster large(String file, long seed) {
    Tolerance tolerance = Tolerance.values()[(int) (seed % 2)];
    return new Cluster(
            Manifests.spec(file),
            tolerance,
            4000,
            Readiness.NOT_WITH_ROOM_ELSEWHERE,
            true,
            30,
            seed)
        .cpuPercentPerConnection(0.012);
  }

  /** How often it went the other way. */
  private static int turns(List<Integer> course) {
    int turns = 0;
    for (int i = 2; i < course.size(); i++) {
      if (course.get(i) > course.get(i - 1) != course.get(i - 1) > course.get(i - 2)) {
        turns++;
      }
    }
    return turns;
  }
}
