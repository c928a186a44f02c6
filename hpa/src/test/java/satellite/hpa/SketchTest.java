package satellite.hpa;

import org.junit.jupiter.api.Test;
import satellite.hpa.Autoscaler.Tolerance;
import satellite.hpa.Cluster.Readiness;

class SketchTest {
  @Test
  void sketch() {
    for (var r : Readiness.values())
      for (boolean e : new boolean[] {true, false})
        for (Tolerance t : Tolerance.values()) {
          Cluster c = new Cluster(Manifests.spec("demonstration.yaml"), t, 11, r, e, 30, 1);
          c.run(600, s -> Math.min(11, s / 30)).run(3600, 11);
          System.out.println(r + " " + e + " " + t + " " + c.course() + " " + c.last());
        }
    for (String m : new String[] {"swck.yaml", "prometheus-adapter.yaml"})
      for (int seed = 0; seed < 3; seed++) {
        Cluster c =
            new Cluster(
                    Manifests.spec(m),
                    Tolerance.SINCE_1_33,
                    4000,
                    Readiness.NOT_WITH_ROOM_ELSEWHERE,
                    true,
                    30,
                    seed)
                .cpuPercentPerConnection(0.012);
        c.run(600, s -> s * 40000 / 600).run(7200, 40000);
        long w = c.history().stream().mapToLong(x -> (x.agents() - x.connected()) * 5L).sum();
        long lastw =
            c.history().stream()
                .filter(x -> x.agents() != x.connected())
                .mapToLong(x -> x.seconds())
                .max()
                .orElse(0);
        System.out.println(
            m
                + " "
                + c.course()
                + " waited agent-seconds "
                + w
                + " last waiting "
                + lastw
                + " "
                + c.last());
        c.forget().run(3 * 3600, 5000);
        System.out.println(c.course());
      }
  }
}
