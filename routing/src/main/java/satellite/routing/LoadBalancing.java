package satellite.routing;

import java.util.List;

/**
 * How calls are divided among the nodes where any will do: {@code strategy} and {@code zone}.
 *
 * @param zone nodes of this zone come first, those of others when none of it has room for a call;
 *     empty where zones do not matter
 */
public record LoadBalancing(Policy strategy, String zone) {

  /** The names of the configuration, in upper case. */
  public enum Policy {
    /** {@link RoundRobin}. */
    ROUND_ROBIN,
    /** {@link LeastOutstanding}. */
    LEAST_OUTSTANDING
  }

  public static final LoadBalancing ROUND_ROBIN = new LoadBalancing(Policy.ROUND_ROBIN, "");

  <C extends Connection> Strategy<C> of(List<Upstream<C>> upstreams) {
    List<Upstream<C>> near = upstreams.stream().filter(this::isNear).toList();
    if (near.isEmpty() || near.size() == upstreams.size()) {
      return among(upstreams);
    }
    Strategy<C> first = among(near);
    Strategy<C> then = among(upstreams.stream().filter(upstream -> !isNear(upstream)).toList());
    return (position, usable) -> {
      Upstream<C> found = first.pick(position, usable);
      return found != null ? found : then.pick(position, usable);
    };
  }

  private boolean isNear(Upstream<?> upstream) {
    return zone.isEmpty() || zone.equals(upstream.node().zone());
  }

  private <C extends Connection> Strategy<C> among(List<Upstream<C>> upstreams) {
    return switch (strategy) {
      case ROUND_ROBIN -> RoundRobin.of(upstreams);
      case LEAST_OUTSTANDING -> LeastOutstanding.of(upstreams);
    };
  }
}
