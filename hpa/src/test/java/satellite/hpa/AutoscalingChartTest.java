package satellite.hpa;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import satellite.hpa.Autoscaler.Tolerance;
import satellite.hpa.Cluster.Readiness;
import satellite.hpa.Cluster.Snapshot;

/** Draws the demonstration: SVG, by hand as it is little. */
class AutoscalingChartTest {

  private static final int WIDTH = 760;
  private static final int HEIGHT = 300;
  private static final int LEFT = 40;
  private static final int TOP = 50;
  private static final int BOTTOM = 40;
  private static final int MOST = 14;

  /** One line; {@code dash} as SVG has it. */
  private record Line(String name, String colour, String dash, ToDoubleFunction<Snapshot> value) {}

  private static final List<Line> LINES =
      List.of(
          new Line("agents", "#888", "2 3", Snapshot::agents),
          new Line("connections of the first", "#1f6feb", "", snapshot -> connections(snapshot, 0)),
          new Line("of the second", "#d1570a", "", snapshot -> connections(snapshot, 1)),
          new Line("replicas", "#1a7f37", "6 3", Snapshot::wanted));

  @Test
  void thePictureInTheDocumentationIsTheDemonstration() throws IOException {
    Cluster cluster =
        new Cluster(
            Manifests.spec("demonstration.yaml"),
            Tolerance.SINCE_1_33,
            11,
            Readiness.NOT_WITH_ROOM_ELSEWHERE,
            true,
            30,
            1);
    cluster
        .run(300, since -> since / 30)
        .run(300, 10)
        .run(600, 11)
        .run(600, 12)
        .run(300, 10)
        .run(900, 8);
    assertEquals(List.of(1, 2, 1), cluster.course());
    String drawn = draw(cluster.history());
    Path target = Files.createDirectories(Manifests.folder().resolve("target"));
    Files.writeString(target.resolve("autoscaling-simulation.svg"), drawn);
    Path kept = Manifests.folder().resolve("../docs/autoscaling-simulation.svg");
    assertEquals(Files.readString(kept), drawn, "copy that of hpa/target/ to docs/");
  }

  private static double connections(Snapshot snapshot, int replica) {
    return snapshot.connections().size() > replica ? snapshot.connections().get(replica) : 0;
  }

  private static String draw(List<Snapshot> snapshots) {
    long first = snapshots.get(0).seconds();
    long last = snapshots.get(snapshots.size() - 1).seconds();
    String title = "hpa/demonstration.yaml: at most 11 connections per replica";
    StringBuilder svg =
        new StringBuilder(
            String.format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\""
                    + " font-family=\"sans-serif\" font-size=\"12\">\n"
                    + "<title>%s</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
                    + "<text x=\"%d\" y=\"18\" font-size=\"14\">%s</text>\n",
                WIDTH, HEIGHT, title, WIDTH, HEIGHT, LEFT, title));
    for (int value = 0; value <= MOST; value += 2) {
      svg.append(
          String.format(
              Locale.ROOT,
              "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/>"
                  + "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n",
              LEFT,
              y(value),
              WIDTH - 20,
              LEFT - 6,
              y(value) + 4,
              value));
    }
    for (long seconds = 0; seconds <= last - first; seconds += 300) {
      svg.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d min</text>\n",
              x(seconds, last - first),
              HEIGHT - BOTTOM + 18,
              seconds / 60));
    }
    int legend = LEFT;
    for (Line line : LINES) {
      StringBuilder path = new StringBuilder();
      double before = -1;
      for (Snapshot snapshot : snapshots) {
        double value = line.value.applyAsDouble(snapshot);
        if (value != before) {
          path.append(
              String.format(
                  Locale.ROOT,
                  before < 0 ? "M%.1f %.1f" : "H%.1fV%.1f",
                  x(snapshot.seconds() - first, last - first),
                  y(value)));
          before = value;
        }
      }
      path.append("H").append(WIDTH - 20);
      svg.append(
          String.format(
              "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\""
                  + " stroke-dasharray=\"%s\"/>\n"
                  + "<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n",
              path, line.colour, line.dash, legend, TOP - 14, line.colour, line.name));
      legend += 30 + 7 * line.name.length();
    }
    return svg.append("</svg>\n").toString();
  }

  private static double x(long seconds, long all) {
    return LEFT + (double) seconds / all * (WIDTH - LEFT - 20);
  }

  private static double y(double value) {
    return HEIGHT - BOTTOM - value / MOST * (HEIGHT - TOP - BOTTOM);
  }
}
