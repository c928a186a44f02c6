package satellite.hpa;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a HorizontalPodAutoscaler of {@code autoscaling/v2} asks for, as far as {@link Autoscaler}
 * knows it. Unset fields have the defaults of Kubernetes.
 */
public record AutoscalerSpec(
    int minReplicas,
    int maxReplicas,
    List<Metric> metrics,
    ScalingRules scaleUp,
    ScalingRules scaleDown) {

  /** Where a metric comes from and how it is compared with its target. */
  public enum Kind {
    /** External, {@code Value}: the value stands for one of the ready pods. */
    EXTERNAL_VALUE,
    /** External, {@code AverageValue}: the value stands for all pods together. */
    EXTERNAL_AVERAGE_VALUE,
    /** Pods, {@code AverageValue}: one value per pod. */
    PODS,
    /** Resource {@code cpu}, {@code Utilization}: percent of the request, one value per pod. */
    CPU
  }

  /**
   * @param target in thousandths, for CPU too (60 percent is 60000)
   * @param labels the selector's {@code matchLabels}
   */
  public record Metric(Kind kind, String name, long target, Map<String, String> labels) {}

  /** What one direction allows: {@code behavior.scaleUp} or {@code behavior.scaleDown}. */
  public record ScalingRules(
      int windowSeconds, List<ScalingPolicy> policies, SelectPolicy selectPolicy) {}

  /** So many pods, or percent of the pods, in any so many seconds. */
  public record ScalingPolicy(boolean percent, int value, int periodSeconds) {}

  /** Which of several policies counts: that of the greatest change, of the least, or none. */
  public enum SelectPolicy {
    MAX,
    MIN,
    DISABLED
  }

  private static final ScalingRules SCALE_UP =
      new ScalingRules(
          0,
          List.of(new ScalingPolicy(true, 100, 15), new ScalingPolicy(false, 4, 15)),
          SelectPolicy.MAX);
  private static final ScalingRules SCALE_DOWN =
      new ScalingRules(300, List.of(new ScalingPolicy(true, 100, 15)), SelectPolicy.MAX);

  /**
   * Of a manifest as a YAML parser returns it.
   *
   * @throws IllegalArgumentException when it asks for something that is not known here
   */
  public static AutoscalerSpec of(Map<?, ?> manifest) {
    if (!"autoscaling/v2".equals(manifest.get("apiVersion"))
        || !"HorizontalPodAutoscaler".equals(manifest.get("kind"))) {
      throw new IllegalArgumentException("no HorizontalPodAutoscaler of autoscaling/v2");
    }
    Map<?, ?> spec = map(manifest.get("spec"));
    Map<?, ?> behavior = map(spec.get("behavior"));
    List<Metric> metrics = new ArrayList<>();
    for (Object metric : list(spec.get("metrics"))) {
      metrics.add(metric(map(metric)));
    }
    return new AutoscalerSpec(
        number(spec, "minReplicas", 1),
        number(spec, "maxReplicas", 0),
        List.copyOf(metrics),
        rules(map(behavior.get("scaleUp")), SCALE_UP),
        rules(map(behavior.get("scaleDown")), SCALE_DOWN));
  }

  public AutoscalerSpec withMaxReplicas(int max) {
    return new AutoscalerSpec(minReplicas, max, metrics, scaleUp, scaleDown);
  }

  public AutoscalerSpec withMetrics(List<Metric> others) {
    return new AutoscalerSpec(minReplicas, maxReplicas, others, scaleUp, scaleDown);
  }

  public AutoscalerSpec withScaleUp(ScalingRules others) {
    return new AutoscalerSpec(minReplicas, maxReplicas, metrics, others, scaleDown);
  }

  public AutoscalerSpec withScaleDown(ScalingRules others) {
    return new AutoscalerSpec(minReplicas, maxReplicas, metrics, scaleUp, others);
  }

  private static Metric metric(Map<?, ?> metric) {
    String type = String.valueOf(metric.get("type"));
    Map<?, ?> source = map(metric.get(type.toLowerCase(Locale.ROOT)));
    Map<?, ?> target = map(source.get("target"));
    Map<?, ?> named = map(source.get("metric"));
    String name = String.valueOf(type.equals("Resource") ? source.get("name") : named.get("name"));
    Map<String, String> labels = new TreeMap<>();
    map(map(named.get("selector")).get("matchLabels"))
        .forEach((label, value) -> labels.put(label.toString(), value.toString()));
    return switch (type + " " + target.get("type")) {
      case "External Value" ->
          new Metric(Kind.EXTERNAL_VALUE, name, milli(target.get("value")), labels);
      case "External AverageValue" ->
          new Metric(Kind.EXTERNAL_AVERAGE_VALUE, name, milli(target.get("averageValue")), labels);
      case "Pods AverageValue" ->
          new Metric(Kind.PODS, name, milli(target.get("averageValue")), labels);
      case "Resource Utilization" ->
          new Metric(Kind.CPU, name, milli(target.get("averageUtilization")), labels);
      default ->
          throw new IllegalArgumentException("unknown: " + type + " with " + target.get("type"));
    };
  }

  private static ScalingRules rules(Map<?, ?> rules, ScalingRules defaults) {
    List<ScalingPolicy> policies = new ArrayList<>();
    for (Object each : list(rules.get("policies"))) {
      Map<?, ?> policy = map(each);
      policies.add(
          new ScalingPolicy(
              "Percent".equals(policy.get("type")),
              number(policy, "value", 0),
              number(policy, "periodSeconds", 0)));
    }
    Object select = rules.get("selectPolicy");
    return new ScalingRules(
        number(rules, "stabilizationWindowSeconds", defaults.windowSeconds),
        policies.isEmpty() ? defaults.policies : List.copyOf(policies),
        select == null
            ? defaults.selectPolicy
            : SelectPolicy.valueOf(select.toString().toUpperCase(Locale.ROOT)));
  }

  /** A quantity of Kubernetes in thousandths: {@code 9500m}, {@code 9.5}, {@code 2400}. */
  static long milli(Object quantity) {
    String text = String.valueOf(quantity);
    boolean milli = text.endsWith("m");
    BigDecimal number = new BigDecimal(milli ? text.substring(0, text.length() - 1) : text);
    return number.movePointRight(milli ? 0 : 3).setScale(0, RoundingMode.CEILING).longValueExact();
  }

  private static int number(Map<?, ?> map, String key, int otherwise) {
    Object value = map.get(key);
    return value == null ? otherwise : Integer.parseInt(value.toString());
  }

  private static Map<?, ?> map(Object value) {
    return value instanceof Map<?, ?> map ? map : Map.of();
  }

  private static List<?> list(Object value) {
    return value instanceof List<?> list ? list : List.of();
  }
}
