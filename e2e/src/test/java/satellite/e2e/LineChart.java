package satellite.e2e;

import java.util.List;
import java.util.Locale;

/** Figures over time as a picture: SVG, drawn by hand as it is little. */
final class LineChart {

  private static final int WIDTH = 760;
  private static final int HEIGHT = 300;
  private static final int LEFT = 60;
  private static final int TOP = 40;
  private static final int RIGHT = 20;
  private static final int BOTTOM = 40;
  private static final List<String> COLOURS = List.of("#1f6feb", "#d1570a", "#1a7f37");

  private LineChart() {}

  /**
   * @param lines for each its name and its values
   * @param stepSeconds between two values
   */
  static String of(
      String title, String unit, double stepSeconds, List<String> names, List<double[]> lines) {
    double most = 1;
    int steps = 2;
    for (double[] line : lines) {
      steps = Math.max(steps, line.length);
      for (double value : line) {
        most = Math.max(most, value);
      }
    }
    double round = Math.pow(10, Math.floor(Math.log10(most)));
    double top = Math.ceil(most / round) * round;
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\""
                + " font-family=\"sans-serif\" font-size=\"12\">%n"
                + "<title>%s</title>%n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>%n"
                + "<text x=\"%d\" y=\"20\" font-size=\"14\">%s</text>%n",
            WIDTH, HEIGHT, title, WIDTH, HEIGHT, LEFT, title));
    for (int i = 0; i <= 4; i++) {
      double y = y(top * i / 4, top);
      svg.append(
          String.format(
              Locale.ROOT,
              "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/><text x=\"%d\" y=\"%.1f\""
                  + " text-anchor=\"end\">%.0f</text>%n",
              LEFT,
              y,
              WIDTH - RIGHT,
              LEFT - 6,
              y + 4,
              top * i / 4));
    }
    double seconds = (steps - 1) * stepSeconds;
    int every = Math.max(5, (int) Math.ceil(seconds / 60) * 5);
    for (int second = 0; second <= seconds; second += every) {
      svg.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d s</text>%n",
              x(second / stepSeconds, steps),
              HEIGHT - BOTTOM + 18,
              second));
    }
    svg.append(String.format("<text x=\"%d\" y=\"%d\">%s</text>%n", LEFT, TOP - 6, unit));
    for (int i = 0; i < lines.size(); i++) {
      StringBuilder path = new StringBuilder();
      for (int step = 0; step < lines.get(i).length; step++) {
        path.append(
            String.format(
                Locale.ROOT,
                "%s%.1f %.1f",
                step == 0 ? "M" : "L",
                x(step, steps),
                y(lines.get(i)[step], top)));
      }
      svg.append(
          String.format(
              "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s/>%n"
                  + "<text x=\"%d\" y=\"%d\" fill=\"%s\" text-anchor=\"end\">%s</text>%n",
              path,
              COLOURS.get(i),
              i == 0 ? "" : " stroke-dasharray=\"" + (3 * i) + " 3\"",
              WIDTH - RIGHT,
              TOP + 14 * i,
              COLOURS.get(i),
              names.get(i)));
    }
    return svg.append("</svg>\n").toString();
  }

  private static double x(double step, int steps) {
    return LEFT + step / (steps - 1) * (WIDTH - LEFT - RIGHT);
  }

  private static double y(double value, double top) {
    return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
  }
}
