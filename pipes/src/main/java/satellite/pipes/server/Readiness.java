package satellite.pipes.server;

import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;
import satellite.pipes.transport.AcceptLimitConfig;

/**
 * Whether new connections should be sent here. Not while a limit is reached, from then on until it
 * is left clearly behind: at nine tenths of the connections, and ten points of CPU utilization
 * below, or half of a small limit.
 *
 * <p>Where replicas know each other, one that is full is not ready only as long as the others have
 * room. Otherwise nobody would be left to send connections to, and an autoscaler that counts ready
 * replicas would take full ones for none; RATIONALE.md has the arithmetic.
 *
 * <p>{@link #refresh} on one thread, the rest on any.
 */
public final class Readiness {

  private static final double ROOM = 0.9;
  private static final int CPU_ROOM_POINTS = 10;

  private final AcceptLimitConfig limits;
  private final IntSupplier connections;
  private final DoubleSupplier cpuPercent;
  private final DoubleSupplier clusterShare;
  private volatile boolean full;
  private volatile boolean ready = true;

  /**
   * @param cpuPercent the CPU utilization now, 0..100
   * @param clusterShare how much of their limits all replicas use on average, 0..1; 0 where
   *     replicas do not know each other, and 1 for one that is alone
   */
  public Readiness(
      AcceptLimitConfig limits,
      IntSupplier connections,
      DoubleSupplier cpuPercent,
      DoubleSupplier clusterShare) {
    this.limits = limits;
    this.connections = connections;
    this.cpuPercent = cpuPercent;
    this.clusterShare = clusterShare;
  }

  /** Evaluates the limits; to be called about once a second. */
  public void refresh() {
    if (isAtLimit()) {
      full = true;
    } else if (hasRoom()) {
      full = false;
    }
    ready = !full || !limits.readiness() || clusterShare.getAsDouble() >= ROOM;
  }

  private boolean isAtLimit() {
    return connections.getAsInt() >= limits.connections()
        || (limits.cpuIsLimited() && cpuPercent.getAsDouble() >= limits.cpuPercent());
  }

  private boolean hasRoom() {
    double cpuRoom = Math.max(limits.cpuPercent() - CPU_ROOM_POINTS, limits.cpuPercent() / 2.0);
    boolean cpuHasRoom = !limits.cpuIsLimited() || cpuPercent.getAsDouble() <= cpuRoom;
    return cpuHasRoom && connections.getAsInt() <= ROOM * limits.connections();
  }

  public boolean isReady() {
    return ready;
  }

  /** Whether it takes new connections, ready or not. */
  public boolean isAccepting() {
    return !isAtLimit();
  }

  /** How much of the limit that is nearest is used, 0..1. */
  public double share() {
    return Math.min(1, Math.max(connectionShare(), cpuShare()));
  }

  public int connectionLimit() {
    return limits.connections();
  }

  public double connectionShare() {
    return (double) connections.getAsInt() / limits.connections();
  }

  /** 0 where there is no such limit. */
  public double cpuShare() {
    return limits.cpuIsLimited() ? cpuPercent.getAsDouble() / limits.cpuPercent() : 0;
  }
}
