package satellite.pipes.server;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.Consumer;
import satellite.pipes.pipe.Forwarder;
import satellite.pipes.pipe.Outcome;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.pipe.PipeMetrics;
import satellite.pipes.pipe.Storage;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.queue.Batch;
import satellite.queue.Event;
import satellite.queue.MemoryBudget;
import satellite.queue.MemoryQueue;
import satellite.queue.QueueConfig;
import satellite.routing.Connection;
import satellite.routing.LoadBalancing;
import satellite.routing.Router;
import satellite.routing.Upstream;

/** A pipe whose dispatchers never run: what is accepted stays until the test takes it. */
final class StandingPipe {

  private static final Duration SECOND = Duration.ofSeconds(1);

  private static final Forwarder<Connection> NOWHERE =
      new Forwarder<>() {
        @Override
        public Object together(Event event) {
          return null;
        }

        @Override
        public void send(Upstream<Connection> upstream, Batch batch, Consumer<Outcome> done) {
          throw new AssertionError("there is no node");
        }
      };

  private StandingPipe() {}

  static Pipe of(ReceiverPlugin receiver, QueueConfig queue, PipeConfig.Gather gather) {
    var pool = new ScheduledThreadPoolExecutor(1);
    Router<Connection> router =
        new Router<>(
            (node, onChange) -> {
              throw new AssertionError("there is no node");
            },
            pool,
            System::nanoTime,
            SECOND,
            SECOND,
            LoadBalancing.ROUND_ROBIN);
    PipeConfig config =
        new PipeConfig(
            "standing",
            receiver.pluginName(),
            queue,
            gather,
            new PipeConfig.BatchLimits(SECOND, 1000, 1 << 20, 1),
            PipeConfig.Retry.UNTIL_DELIVERED,
            new PipeConfig.Routing(10, SECOND, List.of()),
            false);
    Storage storage = Storage.inMemory(new MemoryBudget(16 << 20));
    Pipe pipe =
        new Pipe(config, router, NOWHERE, storage, PipeMetrics.NOOP, pool, System::nanoTime);
    pool.shutdownNow();
    return pipe;
  }

  /** As when a node has answered for the oldest event. */
  static void settleOldest(Pipe pipe) {
    MemoryQueue.Partition partition = pipe.queue().partitions().get(0);
    Batch batch = new Batch(partition, partition.poll(1, Long.MAX_VALUE));
    pipe.account().forwarded(batch.messages());
    batch.done();
  }
}
