package satellite.pipes.pipe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import satellite.discovery.Node;
import satellite.pipes.Samples;
import satellite.pipes.UpConnection;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.pipes.pipe.PipeConfig.Gather;
import satellite.pipes.pipe.PipeConfig.Retry;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.queue.Account;
import satellite.queue.Batch;
import satellite.queue.DeadLetters;
import satellite.queue.Event;
import satellite.queue.MemoryBudget;
import satellite.queue.MemoryQueue;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;
import satellite.routing.LoadBalancing;
import satellite.routing.Router;
import satellite.routing.StickyRouting;
import satellite.routing.Upstream;

/** A node that goes and comes back while its events are being sorted. */
@Timeout(120)
class OvertakingTest {

  private static final Duration LONG = Duration.ofMinutes(1);

  /** Down for the next so many who ask. */
  private final AtomicInteger downFor = new AtomicInteger();

  private final List<String> sent = new CopyOnWriteArrayList<>();
  private final CountDownLatch all = new CountDownLatch(2);
  private final ScheduledThreadPoolExecutor pool = new ScheduledThreadPoolExecutor(1);

  private final class Blinking extends UpConnection {
    @Override
    public State state() {
      return downFor.getAndUpdate(n -> Math.max(0, n - 1)) > 0 ? State.DOWN : State.UP;
    }
  }

  private final class Recording implements Forwarder<Blinking> {
    @Override
    public Object together(Event event) {
      return event.group();
    }

    @Override
    public void send(Upstream<Blinking> upstream, Batch batch, Consumer<Outcome> done) {
      for (Event event : batch.events()) {
        sent.add(new String(event.parts().get(0)));
        all.countDown();
      }
      done.accept(new Outcome.Delivered());
    }
  }

  @AfterEach
  void end() {
    pool.shutdownNow();
  }

  /** Seen as an overtaken meter while nodes reset their connections. */
  @Test
  void aLaterEventWaitsForOneOfItsSourceThatFoundNoNode() throws InterruptedException {
    var config =
        new PipeConfig(
            "meters",
            ReceiverPlugin.METER.pluginName(),
            new QueueConfig(1, 100, LONG, WhenFull.REFUSE),
            new Gather(Duration.ZERO, 1),
            new BatchLimits(Duration.ofMillis(1), 10, 1 << 20, 4),
            Retry.UNTIL_DELIVERED,
            PipeConfig.Routing.DEFAULT,
            false);
    Account account = new Account();
    MemoryQueue queue = new MemoryQueue(config.queue(), new MemoryBudget(1 << 20));
    Router<Blinking> router =
        new Router<>(
            (node, onChange) -> new Blinking(),
            pool,
            System::nanoTime,
            LONG,
            LONG,
            LoadBalancing.ROUND_ROBIN);
    router.nodes(Set.of(new Node("a", 1)));
    var dispatcher =
        new Dispatcher<>(
            queue.partitions().get(0),
            config,
            new Egress<>(
                router, new StickyRouting<>(router, 10, LONG, System::nanoTime), new Recording()),
            new Settlement(config, account, DeadLetters.NONE, System::nanoTime),
            pool,
            System::nanoTime,
            () -> 0);
    router.onChange(dispatcher::wake);

    // An identity without a node asks for one that is proven, then for any: both times for nothing.
    downFor.set(2);
    for (String text : List.of("first", "second")) {
      byte[][] parts = {text.getBytes()};
      queue
          .partitions()
          .get(0)
          .offer(new Event(Samples.METERS, "a source", "a source", new byte[0], parts, 1, 0));
    }
    // A real connection wakes it when it is back.
    while (!all.await(5, TimeUnit.MILLISECONDS)) {
      dispatcher.wake();
    }
    assertEquals(List.of("first", "second"), sent);
    router.close();
  }
}
