package satellite.pipes.pipe;

import java.util.function.Consumer;
import satellite.queue.Batch;
import satellite.queue.Event;
import satellite.routing.Connection;
import satellite.routing.Upstream;

/** Sends a batch to a node in one call. */
public interface Forwarder<C extends Connection> {

  /** What the events of one call have in common: those with equal answers may share one. */
  Object together(Event event);

  /** {@code done} is run once, on any thread; nothing is thrown. */
  void send(Upstream<C> upstream, Batch batch, Consumer<Outcome> done);
}
