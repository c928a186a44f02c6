package satellite.queue.disk;

/** How many random rounds there are: {@code -Dsatellite.test.rounds} asks for more. */
final class Rounds {

  static final int COUNT = Integer.getInteger("satellite.test.rounds", 40);

  private Rounds() {}
}
