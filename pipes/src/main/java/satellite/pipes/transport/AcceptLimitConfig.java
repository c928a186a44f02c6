package satellite.pipes.transport;

/**
 * When new connections are refused: {@code accept_limit}.
 *
 * @param connections those beyond this count are closed as they arrive
 * @param cpuPercent from this CPU utilization on (0..100); above 100 never
 * @param clientConnections the same for those of one client, an address; 0 for no such limit
 * @param readiness whether a Satellite that refuses is not ready
 */
public record AcceptLimitConfig(
    int connections, int cpuPercent, int clientConnections, boolean readiness) {

  private static final int NO_CPU_LIMIT = 100;

  public static AcceptLimitConfig of(int connections) {
    return new AcceptLimitConfig(connections, Integer.MAX_VALUE, 0, true);
  }

  public boolean cpuIsLimited() {
    return cpuPercent <= NO_CPU_LIMIT;
  }
}
