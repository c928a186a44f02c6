package satellite.queue.disk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import satellite.queue.Account;
import satellite.queue.Acknowledgement;
import satellite.queue.Batch;
import satellite.queue.CountedMemory;
import satellite.queue.DiskConfig;
import satellite.queue.Event;
import satellite.queue.MemoryBudget;
import satellite.queue.MemoryQueue;
import satellite.queue.QueueConfig;
import satellite.queue.QueueConfig.WhenFull;
import satellite.queue.Receipt;

/**
 * Producers, a consumer per partition and the disk thread, all at once, while memory is tight now
 * and then. Each round has its own seed, which its failure names.
 */
class DiskStressTest {

  private static final int ROUNDS = Math.max(3, Rounds.COUNT / 8);
  private static final int PRODUCERS = 6;
  private static final int PARTITIONS = 2;
  private static final int HANG_SECONDS = 60;
  @TempDir Path data;
  private int spilled;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void threadsEnd() throws InterruptedException {
    threads.shutdownNow();
    assertTrue(threads.awaitTermination(HANG_SECONDS, TimeUnit.SECONDS));
  }

  @Test
  void eachSourceStaysInOrderAndNoneIsLost() throws Exception {
    for (int seed = 0; seed < ROUNDS; seed++) {
      new Round(seed, Acknowledgement.QUEUED).runToTheEnd();
    }
    assertTrue(spilled > 0, "memory was never tight");
    for (int seed = 0; seed < ROUNDS; seed++) {
      new Round(seed, Acknowledgement.DURABLE).runToTheEnd();
    }
  }

  @Test
  void whatWasAcknowledgedSurvivesAPowerCutAtAnyMoment() throws Exception {
    for (int seed = 0; seed < ROUNDS; seed++) {
      new Round(seed, Acknowledgement.DURABLE).runAndCut();
    }
  }

  private final class Round {
    private final int seed;
    private final Random random;
    private final Path folder;
    private final FaultyDisk disk = new FaultyDisk();
    private final Account account = new Account();
    private final CountedMemory blocks = new CountedMemory();
    private final MemoryBudget memory;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
    private final DataFolder dataFolder;
    private final MemoryQueue queue;
    private final QueueConfig config;
    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
    private final Set<String> settling = ConcurrentHashMap.newKeySet();
    private final List<Consumer> consumers = new ArrayList<>();
    private final int eventsPerProducer;

    Round(int seed, Acknowledgement acknowledgement) {
      this.seed = seed;
      this.random = new Random(seed);
      this.folder = data.resolve(acknowledgement + "-" + seed + "-" + System.nanoTime());
      this.memory = new MemoryBudget(50_000 + random.nextInt(500_000), blocks);
      this.eventsPerProducer = 500 + random.nextInt(1000);
      this.config =
          new QueueConfig(
              PARTITIONS,
              100 + random.nextInt(2000),
              Duration.ZERO,
              WhenFull.REFUSE,
              acknowledgement,
              Duration.ofMinutes(1));
      this.dataFolder = open(folder, disk, thread);
      this.queue = new MemoryQueue(config, memory, dataFolder, "logs", account);
      dataFolder.recover();
    }

    private DataFolder open(Path path, Disk on, ScheduledExecutorService by) {
      DiskConfig small =
          new DiskConfig(path, 1L << 30, 100_000, Duration.ofMillis(300), 1, Duration.ZERO);
      DataFolder opened = new DataFolder(small, on, by, Clock.SYSTEM, 16 << 10);
      opened.open();
      return opened;
    }

    void runToTheEnd() throws Exception {
      List<Future<?>> producing = start();
      for (Future<?> producer : producing) {
        producer.get(HANG_SECONDS, TimeUnit.SECONDS);
      }
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(HANG_SECONDS);
      while (account.outstanding() > 0 && System.nanoTime() < deadline) {
        consumers.forEach(consumer -> consumer.told.release());
        TimeUnit.MILLISECONDS.sleep(5);
      }
      stop();
      String round = "seed " + seed + ": " + account;
      spilled += disk.writes;
      assertEquals(PRODUCERS * eventsPerProducer, account.forwarded(), round);
      assertEquals(0, account.outstanding(), round);
      assertEquals(0, account.spilled(), round);
      assertEquals(0, memory.usedBytes(), round);
      assertEquals(0, queue.events(), round);
      blocks.assertAllIsGivenBack();
      if (config.acknowledgement() == Acknowledgement.DURABLE) {
        assertEquals(PRODUCERS * eventsPerProducer, acknowledged.size(), round);
      }
      dataFolder.close();
      thread.shutdown();
      assertEquals(0, dataFolder.usedBytes(), round);
    }

    /** What came before the cut and what comes after it is all that was acknowledged. */
    void runAndCut() throws Exception {
      List<Future<?>> producing = start();
      for (int cut = 0; cut < 3; cut++) {
        TimeUnit.MILLISECONDS.sleep(random.nextInt(60));
        Path copy = folder.resolveSibling(folder.getFileName() + "-cut" + cut);
        Set<String> promised = Set.copyOf(acknowledged);
        disk.powerCut(folder, copy, random);
        Set<String> perhapsSettled = Set.copyOf(settling);
        ManualDiskThread time = new ManualDiskThread();
        TestProcess next =
            new TestProcess(
                copy, TestProcess.Settings.DURABLE.partitions(PARTITIONS), new FaultyDisk(), time);
        Set<String> came = new HashSet<>(next.drain());
        Set<String> lost = new HashSet<>(promised);
        lost.removeAll(came);
        lost.removeAll(perhapsSettled);
        assertEquals(
            List.of(), lost.stream().sorted().limit(5).toList(), "seed " + seed + ", cut " + cut);
        next.accountBalances();
      }
      for (Future<?> producer : producing) {
        producer.get(HANG_SECONDS, TimeUnit.SECONDS);
      }
      stop();
      dataFolder.close();
      thread.shutdown();
    }

    private List<Future<?>> start() {
      for (MemoryQueue.Partition partition : queue.partitions()) {
        consumers.add(new Consumer(partition, new Random(seed * 31 + partition.index())));
      }
      consumers.forEach(consumer -> consumer.running = threads.submit(consumer));
      List<Future<?>> producing = new ArrayList<>();
      for (int i = 0; i < PRODUCERS; i++) {
        int number = i;
        producing.add(threads.submit(() -> produce(number, new Random(seed * 37 + number))));
      }
      return producing;
    }

    private void stop() throws Exception {
      for (Consumer consumer : consumers) {
        consumer.ended = true;
        consumer.told.release();
        consumer.running.get(HANG_SECONDS, TimeUnit.SECONDS);
      }
    }

    private Void produce(int number, Random dice) throws Exception {
      for (int i = 0; i < eventsPerProducer; i++) {
        String key = number + ":" + i;
        byte[][] parts = {new byte[dice.nextInt(400)]};
        Event event =
            new Event(
                "/a/B", key, null, context(number), parts, 1, System.nanoTime(), receipt(key));
        Semaphore space = new Semaphore(0);
        account.received(1, event.payloadBytes());
        while (!queue.partition(number).offer(event)) {
          queue.onSpace(space::release);
          if (queue.partition(number).offer(event)) {
            break;
          }
          // It may be told of space that is not enough; the others must be told then.
          space.tryAcquire(20, TimeUnit.MILLISECONDS);
          queue.wakeNext();
        }
      }
      return null;
    }

    private static byte[] context(int producer) {
      return new byte[] {(byte) producer, 7};
    }

    private Receipt receipt(String key) {
      return new Receipt() {
        @Override
        public void acknowledged() {
          acknowledged.add(key);
        }

        @Override
        public void failed(String reason, String detail) {}
      };
    }

    /** Slow and fast in turn, so that memory is tight and then is not. */
    private final class Consumer implements Runnable {
      private final MemoryQueue.Partition partition;
      private final Random dice;
      private final Semaphore told = new Semaphore(0);
      private final Map<String, Integer> latest = new HashMap<>();
      private volatile boolean ended;
      private Future<?> running;

      Consumer(MemoryQueue.Partition partition, Random dice) {
        this.partition = partition;
        this.dice = dice;
        partition.listen(told::release, told::release, 50, 20_000);
      }

      @Override
      public void run() {
        try {
          while (!ended) {
            told.tryAcquire(50, TimeUnit.MILLISECONDS);
            if (dice.nextInt(4) == 0) {
              TimeUnit.MILLISECONDS.sleep(dice.nextInt(10));
            }
            List<Event> events;
            while (!(events = partition.poll(1 + dice.nextInt(100), 100_000)).isEmpty()) {
              events.forEach(this::checkOrder);
              // Before it can be known to be done.
              events.forEach(event -> settling.add(event.key()));
              account.forwarded(events.size());
              new Batch(partition, events).done();
            }
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }

      private void checkOrder(Event event) {
        String[] key = event.key().split(":");
        int index = Integer.parseInt(key[1]);
        assertArrayEquals(context(Integer.parseInt(key[0])), event.context());
        Integer before = latest.put(key[0], index);
        assertEquals(index - 1, before == null ? -1 : before, "order, seed " + seed);
      }
    }
  }
}
