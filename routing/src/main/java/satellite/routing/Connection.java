package satellite.routing;

/** The way to one node, as far as routing needs to know it. */
public interface Connection extends AutoCloseable {

  /** Whether calls can be sent. */
  enum State {
    CONNECTING,
    UP,
    DOWN
  }

  State state();

  /** Why it is down, in words for people; empty where that is not known, or it is not down. */
  String why();

  /** Tries a connection that is down again now, instead of after its own pause. Does not block. */
  void reconnect();

  /** Takes no new calls; those under way may end. Does not block. */
  @Override
  void close();

  /** Ends the calls under way too. */
  void closeNow();
}
