package satellite.e2e;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A Prometheus text page, read. */
public record Metrics(List<Sample> samples) {

  private static final Pattern LINE =
      Pattern.compile("([a-zA-Z_:][\\w:]*)(?:\\{(.*)\\})?\\s+(\\S+)(?:\\s+\\d+)?");

  /** One line; labels as they are written, {@code pipe="tracingpipe",status="all"}. */
  record Sample(String name, String labels, double value) {}

  static Metrics parse(String page) {
    List<Sample> samples = new ArrayList<>();
    for (String line : page.split("\n")) {
      Matcher m = LINE.matcher(line.strip());
      if (!line.startsWith("#") && m.matches()) {
        String labels = m.group(2) == null ? "" : m.group(2);
        samples.add(new Sample(m.group(1), labels, Double.parseDouble(m.group(3))));
      }
    }
    return new Metrics(samples);
  }

  /** What that label says, over all samples of that name. */
  public Set<String> values(String name, String label) {
    Pattern value = Pattern.compile("\\b" + label + "=\"([^\"]*)\"");
    return samples.stream()
        .filter(s -> s.name().equals(name))
        .map(s -> value.matcher(s.labels()))
        .filter(Matcher::find)
        .map(m -> m.group(1))
        .collect(Collectors.toSet());
  }

  /** The sum of all samples of that name (with or without _total) that carry all the labels. */
  public long sum(String name, String... labels) {
    return (long)
        samples.stream()
            .filter(s -> s.name().equals(name) || s.name().equals(name + "_total"))
            .filter(s -> Arrays.stream(labels).allMatch(s.labels()::contains))
            .mapToDouble(Sample::value)
            .sum();
  }
}
