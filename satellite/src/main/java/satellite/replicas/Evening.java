package satellite.replicas;

/**
 * Decides how many connections a replica gives away, once a second. It begins when it stands
 * clearly above the mean of all, and goes on until it stands at the mean: what comes and goes by
 * chance in between moves nobody. Each time it gives away a part of what is too much, so that
 * clients do not come back in a crowd; where they come back is left to chance, so a part of them
 * comes back here.
 *
 * <p>Only those above the mean do anything, and none of it changes the mean: replicas that decide
 * at the same time, by figures some seconds old, do not overshoot together. One thread.
 */
public final class Evening {

  /** Of what is above the mean. */
  private static final double PART = 0.2;

  /** Of all that it has: so many clients may connect anew at once. */
  private static final double MOST = 0.08;

  /** The last one is not worth a move: somebody has to have it. */
  private static final double LAST = 0.5;

  private final double tolerance;
  private boolean giving;

  /**
   * @param tolerancePercent above the mean, from which on it begins
   */
  public Evening(int tolerancePercent) {
    this.tolerance = tolerancePercent / 100.0;
  }

  /**
   * How many are to go now.
   *
   * @param connections its own
   */
  public int toShed(int connections, View view) {
    double surplus = connections - view.meanConnections();
    boolean standsOut = surplus > Math.max(1, tolerance * view.meanConnections());
    giving = view.othersAccept() && (giving ? surplus > LAST : standsOut);
    if (!giving) {
      return 0;
    }
    double most = Math.max(1, MOST * connections);
    return (int) Math.ceil(Math.min(PART * surplus, most));
  }
}
