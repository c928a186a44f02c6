package satellite.routing;

import satellite.discovery.Node;

/** Opens connections; keeps routing free of the wire protocol. */
public interface Connector<C extends Connection> {

  /**
   * Starts connecting and returns at once. {@code onChange} is to be run after every change of the
   * connection's state, on any thread.
   */
  C open(Node node, Runnable onChange);
}
