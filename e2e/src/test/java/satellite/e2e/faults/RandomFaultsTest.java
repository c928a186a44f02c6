package satellite.e2e.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Rounds of random faults, each on a Satellite of its own, three at a time. {@code
 * -Dsatellite.rounds} says how many, {@code -Dsatellite.seed} which ones ({@code random}: others in
 * each run), {@code -Dsatellite.round} that only this one is run, {@code -Dsatellite.minutes} when
 * no more are begun.
 */
@Order(33)
class RandomFaultsTest {

  private static final int AT_ONCE = 3;
  private static final int MAX_FAILURES = 5;

  private final long seed = seed();
  private final ResultTable table = new ResultTable();
  private final List<String> failures = Collections.synchronizedList(new ArrayList<>());
  private final long beginNanos = System.nanoTime();

  private static long seed() {
    String seed = System.getProperty("satellite.seed", "1");
    return seed.equals("random") ? new Random().nextInt(1_000_000) : Long.parseLong(seed);
  }

  @Test
  @Tag("slow")
  void nothingIsLostInAnyRound() throws InterruptedException {
    int count = Integer.getInteger("satellite.rounds", 3);
    Integer only = Integer.getInteger("satellite.round");
    List<Integer> numbers =
        only != null ? List.of(only) : IntStream.rangeClosed(1, count).boxed().toList();
    System.out.println("rounds of random faults, seed " + seed + ": " + numbers.size());
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    for (int number : numbers) {
      RandomFaultRun round = new RandomFaultRun(seed, number);
      if (AckMode.chosen().contains(round.mode())) {
        threads.execute(() -> run(round, numbers.size()));
      }
    }
    threads.shutdown();
    threads.awaitTermination(1, TimeUnit.DAYS);
    System.out.println("rounds of random faults, seed " + seed + "\n" + table);
    assertEquals(List.of(), failures);
  }

  private void run(RandomFaultRun round, int rounds) {
    Duration limit = Duration.ofMinutes(Long.getLong("satellite.minutes", 60L));
    if (System.nanoTime() - beginNanos > limit.toNanos() || failures.size() >= MAX_FAILURES) {
      return;
    }
    long begin = System.nanoTime();
    String outcome = "ok";
    try {
      table.add(round.mode(), round.run());
    } catch (AssertionError | RuntimeException e) {
      outcome =
          "FAILED, again with -Dsatellite.seed="
              + seed
              + " -Dsatellite.round="
              + round.number()
              + "\n"
              + e.getMessage();
      failures.add(outcome);
    }
    System.out.printf(
        "round %d of %d, %s, %.1f s: %s: %s%n",
        round.number(),
        rounds,
        round.mode().word(),
        (System.nanoTime() - begin) / 1e9,
        round.story(),
        outcome);
  }
}
