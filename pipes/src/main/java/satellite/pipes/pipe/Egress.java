package satellite.pipes.pipe;

import satellite.routing.Connection;
import satellite.routing.Router;
import satellite.routing.StickyRouting;

/**
 * Where the batches of a pipe go, and how.
 *
 * @param fixed names the node for what has to stay on one
 */
record Egress<C extends Connection>(
    Router<C> router, StickyRouting<C> fixed, Forwarder<C> forwarder) {}
