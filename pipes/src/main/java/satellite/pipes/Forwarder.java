package satellite.pipes;

import java.util.function.Consumer;
import satellite.queue.Batch;
import satellite.routing.Upstream;

/** Sends a batch to a node in one call. */
interface Forwarder {

  /** {@code done} is run once, on any thread; nothing is thrown. */
  void send(Upstream<GrpcConnection> upstream, Batch batch, Consumer<Outcome> done);
}
