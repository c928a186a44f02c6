package satellite.helm;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The chart as Helm renders it, for a release called {@code gate} in {@link #NAMESPACE}. */
final class Chart {

  static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  static final Path EXAMPLES = ROOT.resolve("helm/examples");
  static final String NAMESPACE = "observability";

  /** Kubernetes, of those that the chart is for. */
  private static final String OLDEST = "1.25.0";

  private static final Path CHART = ROOT.resolve("helm/satellite");
  private static final Path VALUES = Path.of("src/test/resources/values");

  private Chart() {}

  /**
   * Files of values, each a way to use the chart: those of the tests, and those of the examples.
   */
  static List<Path> ways() throws IOException {
    try (Stream<Path> files = Files.list(VALUES)) {
      return Stream.concat(files, Stream.of(EXAMPLES.resolve("daemonset.yaml"))).sorted().toList();
    }
  }

  /** Fails as {@code helm template} does, with Helm's words. */
  static Rendered render(Path values) {
    return new Rendered(Yaml.objects(text(values)));
  }

  static String text(Path values) {
    return new Helm(CHART)
        .template()
        .withName("gate")
        .withNamespace(NAMESPACE)
        .withKubeVersion(OLDEST)
        .withValuesFile(values)
        .call();
  }

  static Rendered render(String values) throws IOException {
    Path file = Files.createTempFile("values", ".yaml");
    try {
      return render(Files.writeString(file, values));
    } finally {
      Files.delete(file);
    }
  }

  static Rendered way(String name) {
    return render(VALUES.resolve(name + ".yaml"));
  }

  static LintResult lint() {
    return new Helm(CHART).lint().strict().call();
  }

  /** The objects of a release. */
  record Rendered(List<Map<String, Object>> objects) {

    List<Map<String, Object>> all(String kind) {
      return objects.stream().filter(object -> kind.equals(object.get("kind"))).toList();
    }

    Map<String, Object> one(String kind) {
      List<Map<String, Object>> all = all(kind);
      if (all.size() != 1) {
        throw new AssertionError(all.size() + " objects of kind " + kind + ": " + all);
      }
      return all.get(0);
    }

    Map<String, Object> named(String kind, String name) {
      return all(kind).stream()
          .filter(object -> name.equals(Yaml.text(object, "metadata", "name")))
          .findFirst()
          .orElseThrow(() -> new AssertionError("no " + kind + " " + name));
    }

    /** The Deployment, StatefulSet or DaemonSet. */
    Map<String, Object> workload() {
      return objects.stream()
          .filter(object -> Yaml.at(object, "spec", "template") != null)
          .findFirst()
          .orElseThrow(() -> new AssertionError("no workload"));
    }

    Map<String, Object> pod() {
      return Yaml.map(workload(), "spec", "template", "spec");
    }

    Map<String, Object> podLabels() {
      return Yaml.map(workload(), "spec", "template", "metadata", "labels");
    }

    Map<String, Object> container() {
      return Yaml.map(pod(), "containers", 0);
    }

    /** The value of a variable, or what stands in its place. */
    Object env(String name) {
      return Yaml.list(container(), "env").stream()
          .filter(variable -> name.equals(Yaml.text(variable, "name")))
          .map(
              variable ->
                  Yaml.at(
                      variable, Yaml.map(variable).containsKey("value") ? "value" : "valueFrom"))
          .findFirst()
          .orElse(null);
    }
  }
}
