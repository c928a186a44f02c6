package satellite.hpa;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;
import satellite.hpa.AutoscalerSpec.Kind;
import satellite.hpa.AutoscalerSpec.Metric;
import satellite.hpa.AutoscalerSpec.ScalingPolicy;
import satellite.hpa.AutoscalerSpec.ScalingRules;
import satellite.hpa.AutoscalerSpec.SelectPolicy;

/**
 * The arithmetic of Kubernetes' HorizontalPodAutoscaler, without Kubernetes: told every {@value
 * #SYNC_SECONDS} seconds what is, it says how many replicas there are to be. Source: the page
 * "Horizontal Pod Autoscaling" of Kubernetes' documentation, and of its source, {@code
 * pkg/controller/podautoscaler}, {@code replica_calculator.go} and {@code horizontal.go}, release
 * 1.33. Simpler than there: all pods request the same CPU, a pod's age is given as a {@link
 * PodState}, and without {@code behavior} the defaults of {@code behavior} hold.
 *
 * <p>Time is an argument, in seconds, and must not go back. For one thread.
 */
public final class Autoscaler {

  /** Of the controller's {@code --horizontal-pod-autoscaler-sync-period}. */
  public static final int SYNC_SECONDS = 15;

  /** How near to 1 the ratio of usage to target must be for nothing to be done: 10 percent. */
  public enum Tolerance {
    /** Compares with 1.0 + 0.1: a ratio of 11/10 is within. */
    SINCE_1_33 {
      @Override
      boolean within(double ratio) {
        return 1.0 - 0.1 <= ratio && ratio <= 1.0 + 0.1;
      }
    },
    /** Compares the difference with 0.1: that of 11/10 is 0.10000000000000009 and not within. */
    BEFORE_1_33 {
      @Override
      boolean within(double ratio) {
        return Math.abs(1.0 - ratio) <= 0.1;
      }
    };

    abstract boolean within(double ratio);
  }

  /** How far a pod has come, as the controller sees it. */
  public enum PodState {
    /** Its containers do not run yet. */
    PENDING,
    /** It runs, and was never ready, or so lately that its CPU was measured before. */
    STARTING,
    READY,
    /** It was ready, and is not now. */
    NOT_READY
  }

  /**
   * A pod that is not being deleted.
   *
   * @param metrics by name; thousandths, for {@code cpu} of a percent of its request
   */
  public record Pod(PodState state, Map<String, Long> metrics) {}

  /** Something that happened: a recommendation, or so many replicas more or less. */
  private record TimestampedReplicas(long seconds, int replicas) {}

  private final AutoscalerSpec spec;
  private final Tolerance tolerance;
  private final List<TimestampedReplicas> recommendations = new ArrayList<>();
  private final List<TimestampedReplicas> added = new ArrayList<>();
  private final List<TimestampedReplicas> removed = new ArrayList<>();

  public Autoscaler(AutoscalerSpec spec, Tolerance tolerance) {
    this.spec = spec;
    this.tolerance = tolerance;
  }

  /**
   * How many replicas there are to be from now on; the caller sees to it.
   *
   * @param current as the Deployment asks for, ready or not
   * @param external the value of an external metric in thousandths; empty when it cannot be had
   */
  public int sync(
      long nowSeconds, int current, List<Pod> pods, Function<Metric, OptionalLong> external) {
    if (recommendations.isEmpty()) {
      recommendations.add(new TimestampedReplicas(nowSeconds, current));
    }
    int desired;
    if (current == 0) {
      desired = 0; // somebody switched it off
    } else if (current > spec.maxReplicas() || current < spec.minReplicas()) {
      desired = current > spec.maxReplicas() ? spec.maxReplicas() : spec.minReplicas();
    } else {
      OptionalInt proposal = proposal(current, pods, external);
      if (proposal.isEmpty()) {
        return current;
      }
      desired = limited(nowSeconds, current, stabilized(nowSeconds, current, proposal.getAsInt()));
    }
    if (desired > current) {
      added.add(new TimestampedReplicas(nowSeconds, desired - current));
    } else if (desired < current) {
      removed.add(new TimestampedReplicas(nowSeconds, current - desired));
    }
    return desired;
  }

  /** The greatest of all metrics; with one that fails, only if that takes no replica away. */
  private OptionalInt proposal(
      int current, List<Pod> pods, Function<Metric, OptionalLong> external) {
    int greatest = -1;
    boolean failed = false;
    for (Metric metric : spec.metrics()) {
      OptionalInt replicas =
          switch (metric.kind()) {
            case EXTERNAL_VALUE -> byValue(metric, current, pods, external.apply(metric));
            case EXTERNAL_AVERAGE_VALUE -> bySum(metric, current, external.apply(metric));
            case PODS, CPU -> byPods(metric, current, pods);
          };
      failed |= replicas.isEmpty();
      greatest = Math.max(greatest, replicas.orElse(-1));
    }
    return greatest < 0 || failed && greatest < current
        ? OptionalInt.empty()
        : OptionalInt.of(greatest);
  }

  /** {@code Value}: what is READY is multiplied by the ratio. */
  private OptionalInt byValue(Metric metric, int current, List<Pod> pods, OptionalLong value) {
    if (value.isEmpty() || pods.isEmpty()) {
      return OptionalInt.empty();
    }
    double ratio = (double) value.getAsLong() / metric.target();
    long ready = pods.stream().filter(pod -> pod.state() == PodState.READY).count();
    return OptionalInt.of(tolerance.within(ratio) ? current : ceil(ratio * ready));
  }

  /** {@code AverageValue} of an external metric: takes the value for a sum. */
  private OptionalInt bySum(Metric metric, int current, OptionalLong value) {
    if (value.isEmpty()) {
      return OptionalInt.empty();
    }
    double perTarget = (double) value.getAsLong() / metric.target();
    return OptionalInt.of(tolerance.within(perTarget / current) ? current : ceil(perTarget));
  }

  /** One value per pod; those that have none are taken for what changes the least. */
  private OptionalInt byPods(Metric metric, int current, List<Pod> pods) {
    boolean cpu = metric.kind() == Kind.CPU;
    List<Long> values = new ArrayList<>();
    int unready = 0;
    int missing = 0;
    for (Pod pod : pods) {
      Long value = pod.metrics().get(metric.name());
      if (pod.state() == PodState.PENDING) {
        unready++;
      } else if (value == null) {
        missing++;
      } else if (cpu && pod.state() == PodState.STARTING) {
        unready++; // what it burns is its start
      } else {
        values.add(value);
      }
    }
    if (values.isEmpty()) {
      return OptionalInt.empty();
    }
    double ratio = ratio(values, metric);
    boolean up = ratio > 1;
    if (missing == 0 && !(up && unready > 0)) {
      return OptionalInt.of(tolerance.within(ratio) ? current : ceil(ratio * values.size()));
    }
    if (ratio != 1) {
      long lazy = cpu ? Math.max(100_000, metric.target()) : metric.target();
      for (int i = 0; i < missing; i++) {
        values.add(up ? 0 : lazy);
      }
    }
    for (int i = 0; up && i < unready; i++) {
      values.add(0L);
    }
    double careful = ratio(values, metric);
    int replicas = ceil(careful * values.size());
    boolean turned = up ? careful < 1 || replicas < current : careful > 1 || replicas > current;
    return OptionalInt.of(tolerance.within(careful) || turned ? current : replicas);
  }

  /** Of the mean, which is cut to whole thousandths, or for CPU to whole percent. */
  private static double ratio(List<Long> values, Metric metric) {
    long mean = values.stream().mapToLong(Long::longValue).sum() / values.size();
    return (double) (metric.kind() == Kind.CPU ? mean / 1000 * 1000 : mean) / metric.target();
  }

  /** Up only as far as all of its window asked for, down only as far as any of its window did. */
  private int stabilized(long now, int current, int proposal) {
    int up = proposal;
    int down = proposal;
    for (TimestampedReplicas each : recommendations) {
      if (each.seconds > now - spec.scaleUp().windowSeconds()) {
        up = Math.min(up, each.replicas);
      }
      if (each.seconds > now - spec.scaleDown().windowSeconds()) {
        down = Math.max(down, each.replicas);
      }
    }
    int window = Math.max(spec.scaleUp().windowSeconds(), spec.scaleDown().windowSeconds());
    recommendations.removeIf(each -> each.seconds < now - window);
    recommendations.add(new TimestampedReplicas(now, proposal));
    return Math.min(Math.max(current, up), down);
  }

  /** Within the policies and the bounds. */
  private int limited(long now, int current, int wanted) {
    if (wanted > current) {
      int most = Math.max(current, allowed(now, current, spec.scaleUp(), true));
      return Math.min(wanted, Math.min(most, spec.maxReplicas()));
    }
    if (wanted < current) {
      int least = Math.min(current, allowed(now, current, spec.scaleDown(), false));
      return Math.max(wanted, Math.max(least, spec.minReplicas()));
    }
    return wanted;
  }

  /**
   * How many replicas the policies allow: each counts from what there was when its period began.
   */
  private int allowed(long now, int current, ScalingRules rules, boolean up) {
    if (rules.selectPolicy() == SelectPolicy.DISABLED) {
      return current;
    }
    List<Integer> allowed = new ArrayList<>();
    for (ScalingPolicy policy : rules.policies()) {
      long since = now - policy.periodSeconds();
      int began = current - sumSince(since, added) + sumSince(since, removed);
      double change = (up ? policy.value() : -policy.value()) / (policy.percent() ? 100.0 : 1);
      double pods = policy.percent() ? began * (1 + change) : began + change;
      allowed.add(up ? ceil(pods) : (int) pods);
    }
    boolean greater = up == (rules.selectPolicy() == SelectPolicy.MAX);
    return greater
        ? allowed.stream().mapToInt(Integer::intValue).max().orElse(current)
        : allowed.stream().mapToInt(Integer::intValue).min().orElse(current);
  }

  private static int sumSince(long since, List<TimestampedReplicas> events) {
    return events.stream()
        .filter(e -> e.seconds > since)
        .mapToInt(TimestampedReplicas::replicas)
        .sum();
  }

  private static int ceil(double replicas) {
    return (int) Math.ceil(replicas);
  }
}
