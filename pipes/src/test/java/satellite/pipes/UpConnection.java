package satellite.pipes;

import satellite.routing.Connection;

/** A way to a node that is up, and carries nothing. */
public class UpConnection implements Connection {

  @Override
  public State state() {
    return State.UP;
  }

  @Override
  public String why() {
    return "";
  }

  @Override
  public void reconnect() {}

  @Override
  public void close() {}

  @Override
  public void closeNow() {}
}
