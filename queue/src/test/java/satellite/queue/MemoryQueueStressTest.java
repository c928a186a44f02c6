package satellite.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Several producers, one consumer per partition, and no timer: each goes on only when the queue
 * tells it to, so a wake-up that is lost stops a round, and the round fails. Each round has its own
 * seed, which its failure names.
 */
class MemoryQueueStressTest extends QueueFixture {

  private static final int ROUNDS = 100;
  private static final int PRODUCERS = 12;
  private static final int EVENTS_PER_PRODUCER = 40;
  private static final int PARTITIONS = 2;
  private static final int MANY = 1 << 30;

  /** Only a round that hangs waits for so long. */
  private static final int HANG_SECONDS = 30;

  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void threadsEnd() throws InterruptedException {
    threads.shutdownNow();
    assertTrue(threads.awaitTermination(HANG_SECONDS, TimeUnit.SECONDS));
  }

  @Test
  void nobodyIsForgottenWherePlacesAreFew() throws Exception {
    for (int seed = 0; seed < ROUNDS; seed++) {
      new Round(seed, 1 + seed % 3, MANY, false).run();
    }
  }

  @Test
  void nobodyIsForgottenWhereBytesAreFew() throws Exception {
    for (int seed = 0; seed < ROUNDS; seed++) {
      new Round(seed, MANY, 1000 + 1000 * (seed % 3), false).run();
    }
  }

  @Test
  void nobodyIsForgottenWhileTheOldestAreDropped() throws Exception {
    for (int seed = 0; seed < ROUNDS; seed++) {
      new Round(seed, 4, 3000, true).run();
    }
  }

  @Test
  void everyFullBatchIsTold() throws Exception {
    for (int seed = 0; seed < ROUNDS; seed++) {
      takeOnlyFullBatches(seed);
    }
  }

  private void takeOnlyFullBatches(int seed) throws Exception {
    int batchEvents = 1 + new Random(seed).nextInt(10);
    MemoryQueue.Partition partition = queue(1, MANY, budget(MANY)).partition(0);
    Semaphore told = new Semaphore(0);
    partition.listen(() -> {}, told::release, batchEvents, Long.MAX_VALUE);
    List<Future<?>> producers = new ArrayList<>();
    for (int i = 0; i < PRODUCERS; i++) {
      producers.add(
          threads.submit(
              () -> {
                for (int j = 0; j < EVENTS_PER_PRODUCER * batchEvents; j++) {
                  assertTrue(offer(partition, new Event("", "", "", NONE, new byte[0][], 1, 0)));
                }
              }));
    }
    for (int rest = PRODUCERS * EVENTS_PER_PRODUCER; rest > 0; ) {
      assertTrue(told.tryAcquire(HANG_SECONDS, TimeUnit.SECONDS), "not told, seed " + seed);
      while (partition.waiting() >= batchEvents) {
        List<Event> events = partition.poll(batchEvents, Long.MAX_VALUE);
        assertEquals(batchEvents, events.size());
        account.forwarded(events.size());
        new Batch(partition, events).done();
        rest--;
      }
    }
    for (Future<?> producer : producers) {
      producer.get();
    }
  }

  private static final byte[] NONE = {};

  /** Producers fill two queues on one budget, so that each waits for the other one's space too. */
  private final class Round {
    private final int seed;
    private final int maxEvents;
    private final boolean dropping;
    private final MemoryBudget budget;
    private final List<MemoryQueue> queues;
    private final List<Consumer> consumers = new ArrayList<>();

    Round(int seed, int maxEvents, int maxBytes, boolean dropping) {
      this.seed = seed;
      this.maxEvents = maxEvents;
      this.dropping = dropping;
      this.budget = budget(maxBytes);
      this.queues =
          List.of(queue(PARTITIONS, maxEvents, budget), queue(PARTITIONS, maxEvents, budget));
    }

    void run() throws Exception {
      for (MemoryQueue queue : queues) {
        for (MemoryQueue.Partition partition : queue.partitions()) {
          consumers.add(new Consumer(partition, new Random(seed * 31 + consumers.size())));
        }
      }
      List<Future<?>> consuming = submit(consumers);
      List<Producer> producers = new ArrayList<>();
      for (int i = 0; i < PRODUCERS; i++) {
        producers.add(new Producer(i, new Random(seed * 37 + i)));
      }
      for (Future<?> producer : submit(producers)) {
        producer.get();
      }
      consumers.forEach(Consumer::end);
      for (Future<?> consumer : consuming) {
        consumer.get();
      }
      assertEquals(0, account.outstanding(), () -> "seed " + seed + ": " + account);
      assertEquals(0, budget.usedBytes(), () -> "seed " + seed);
      queues.forEach(queue -> assertEquals(0, queue.events(), () -> "seed " + seed));
    }

    private List<Future<?>> submit(List<? extends Callable<?>> work) {
      List<Future<?>> futures = new ArrayList<>();
      work.forEach(one -> futures.add(threads.submit(one)));
      return futures;
    }

    /** Like a client's stream: one partition, and the next event only when this one was taken. */
    private final class Producer implements Callable<Void> {
      private final int number;
      private final Random random;
      private final MemoryQueue queue;
      private final MemoryQueue.Partition partition;
      private boolean registered;
      private boolean waiting;
      private boolean told;
      private boolean woken;

      Producer(int number, Random random) {
        this.number = number;
        this.random = random;
        this.queue = queues.get(number % queues.size());
        this.partition = queue.partition(random.nextInt(PARTITIONS));
      }

      @Override
      public Void call() throws Exception {
        for (int i = 0; i < EVENTS_PER_PRODUCER; i++) {
          byte[][] parts = {new byte[random.nextInt(400)]};
          Event event = new Event("/a/B", number + ":" + i, null, NONE, parts, 1, 0);
          synchronized (this) {
            waiting = true;
          }
          if (offer(event)) {
            account.received(1, event.payloadBytes());
          } else {
            account.refused("queue_full", 1);
          }
          goOn();
        }
        return null;
      }

      private boolean offer(Event event) throws InterruptedException {
        while (!partition.offer(event)) {
          if (dropping && random.nextInt(3) == 0) {
            account.dropped("queue_full", partition.dropOldest(event.bytes()).size());
          } else if (!register()) {
            if (random.nextInt(4) == 0) {
              // Its patience ends; its place in line stays.
              return false;
            }
            awaitTold();
          }
        }
        return true;
      }

      /** False when it already waits in line; else it has to try again before it waits. */
      private synchronized boolean register() {
        if (registered) {
          return false;
        }
        registered = true;
        woken = false;
        queue.onSpace(this::told);
        return true;
      }

      private void told() {
        synchronized (this) {
          registered = false;
          if (waiting) {
            told = true;
            notifyAll();
            return;
          }
        }
        queue.wakeNext();
      }

      private synchronized void awaitTold() throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(HANG_SECONDS);
        while (!told) {
          assertTrue(System.nanoTime() < deadline, () -> "a waiter is forgotten, seed " + seed);
          TimeUnit.SECONDS.timedWait(this, HANG_SECONDS);
        }
        told = false;
        woken = true;
      }

      private void goOn() {
        boolean wasTold;
        synchronized (this) {
          waiting = false;
          wasTold = told || woken;
          told = false;
          woken = false;
        }
        if (wasTold) {
          queue.wakeNext();
        }
      }
    }

    /**
     * Sleeps until it is told, takes until there is nothing, and lets batches stay open a while.
     */
    private final class Consumer implements Callable<Void> {
      private final MemoryQueue.Partition partition;
      private final Random random;
      private final Semaphore told = new Semaphore(0);
      private final Deque<Batch> open = new ArrayDeque<>();
      private final Map<String, Integer> latest = new HashMap<>();
      private volatile boolean ended;

      Consumer(MemoryQueue.Partition partition, Random random) {
        this.partition = partition;
        this.random = random;
        partition.listen(
            told::release, told::release, 1 + random.nextInt(5), 1 + random.nextInt(2000));
      }

      void end() {
        ended = true;
        if (partition.waiting() == 0) {
          told.release();
        }
      }

      @Override
      public Void call() throws Exception {
        boolean last;
        do {
          last = ended && partition.waiting() == 0;
          if (!last) {
            assertTrue(
                told.tryAcquire(HANG_SECONDS, TimeUnit.SECONDS),
                () -> partition.waiting() + " events are forgotten, seed " + seed);
          }
          List<Event> events;
          while (!(events = partition.poll(1 + random.nextInt(5), random.nextInt(2000)))
              .isEmpty()) {
            events.forEach(this::checkOrder);
            open.add(new Batch(partition, events));
            while (open.size() > random.nextInt(4)) {
              settle();
            }
          }
          while (!open.isEmpty()) {
            settle();
          }
        } while (!last);
        return null;
      }

      private void settle() {
        // What is held includes what is open, and passes its bounds by no more than a race of
        // producers.
        assertTrue(partition.events() <= (long) maxEvents + PRODUCERS - 1, () -> "seed " + seed);
        Batch batch = open.remove();
        account.forwarded(batch.messages());
        batch.done();
      }

      private void checkOrder(Event event) {
        String[] key = event.key().split(":");
        int index = Integer.parseInt(key[1]);
        Integer before = latest.put(key[0], index);
        assertTrue(before == null || before < index, () -> "order, seed " + seed);
      }
    }
  }
}
