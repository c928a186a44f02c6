package satellite.replicas;

/**
 * Rebalancing of connections: decides how many a replica sheds, once a second. It begins when it
 * stands clearly above the mean of all, and goes on until it stands at the mean: what comes and
 * goes by chance in between moves nobody. Each time it gives away a part of what is too much, so
 * that clients do not come back all at once; where they come back is left to chance, so a part of
 * them comes back here.
 *
 * <p>Where all of them do, as with a Service that keeps a client where it was, sending away is of
 * no use: so no more than {@value #MOVES_SAVED} moves of each connection at once, and then one in
 * ten minutes.
 *
 * <p>Only those above the mean do anything, and none of it changes the mean: replicas that decide
 * at the same time, by figures some seconds old, do not overshoot together. One thread.
 */
public final class Rebalancing {

  /** Of what is above the mean. */
  private static final double SHED_FRACTION = 0.2;

  /** Of all that it has: so many clients may connect anew at once. */
  private static final double MAX_SHED_FRACTION = 0.08;

  /** The last one is not worth a move: somebody has to have it. */
  private static final double LAST = 0.5;

  /** Of each connection: as many as it takes when one replica becomes a hundred. */
  private static final int MOVES_SAVED = 5;

  private static final double MOVES_A_ROUND = 1 / 600.0;

  private final double tolerance;
  private boolean shedding;
  private double moves = MOVES_SAVED;

  /**
   * @param tolerancePercent above the mean, from which on it begins
   */
  public Rebalancing(int tolerancePercent) {
    this.tolerance = tolerancePercent / 100.0;
  }

  /**
   * How many are to go now.
   *
   * @param connections its own
   */
  public int toShed(int connections, ReplicasSummary summary) {
    double surplus = connections - summary.meanConnections();
    boolean standsOut = surplus > Math.max(1, tolerance * summary.meanConnections());
    shedding = summary.othersAccept() && (shedding ? surplus > LAST : standsOut);
    moves = Math.min(MOVES_SAVED, moves + MOVES_A_ROUND);
    if (!shedding) {
      return 0;
    }
    double most = Math.max(1, MAX_SHED_FRACTION * connections);
    int shed =
        (int) Math.min(Math.ceil(Math.min(SHED_FRACTION * surplus, most)), moves * connections);
    moves -= (double) shed / connections;
    return shed;
  }
}
