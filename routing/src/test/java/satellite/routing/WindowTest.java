package satellite.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Permits: how many there are, and who gets them. */
class WindowTest {

  private static final double AT_ONCE = 1;

  private final Window window = new Window(0);
  private long now = 1;

  /** Fills the window, and answers all that was under way. */
  private void round(double share) {
    int permits = 0;
    while (window.tryAcquire()) {
      permits++;
    }
    for (int i = 0; i < permits; i++) {
      window.answered(permits, share);
      window.release();
    }
  }

  private void fail() {
    window.failed(now + 1, now += 2);
  }

  @Test
  void givesAsManyPlacesAsItHas() {
    for (int i = 0; i < Window.INITIAL_LIMIT; i++) {
      assertTrue(window.tryAcquire());
    }
    assertFalse(window.tryAcquire());
    assertEquals(Window.INITIAL_LIMIT, window.inFlight());
    window.release();
    assertTrue(window.tryAcquire());
  }

  @Test
  void doublesWithEachRoundThatIsAnsweredAtOnceUpToItsBound() {
    List<Integer> sizes = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      round(AT_ONCE);
      sizes.add(window.limit());
    }
    assertEquals(List.of(20, 40, 80, 160, 256, 256), sizes);
  }

  @Test
  void doesNotGrowWhileItIsNotUsed() {
    for (int i = 0; i < 1000; i++) {
      assertTrue(window.tryAcquire());
      window.answered(1, AT_ONCE);
      window.release();
    }
    assertEquals(Window.INITIAL_LIMIT, window.limit());
  }

  @Test
  void aFailureHalvesIt() {
    round(AT_ONCE);
    fail();
    assertEquals(Window.INITIAL_LIMIT, window.limit());
    fail();
    assertEquals(Window.INITIAL_LIMIT / 2, window.limit());
  }

  @Test
  void aFailureOfAllThatWasUnderWayHalvesItOnce() {
    round(AT_ONCE);
    for (int i = 0; i < 20; i++) {
      window.failed(5, 10 + i);
    }
    assertEquals(Window.INITIAL_LIMIT, window.limit());
  }

  @Test
  void onePlaceIsLeftWhateverFails() {
    for (int i = 0; i < 20; i++) {
      fail();
    }
    assertEquals(1, window.limit());
  }

  @Test
  void afterAFailureItGrowsByOneEachRound() {
    round(AT_ONCE);
    round(AT_ONCE);
    fail();
    assertEquals(20, window.limit());
    round(AT_ONCE);
    assertEquals(20, window.limit(), "a little less than one");
    round(AT_ONCE);
    assertEquals(21, window.limit());
  }

  @Test
  void aSlowNodeKeepsAFewCallsInItsQueue() {
    for (int i = 0; i < 5; i++) {
      round(AT_ONCE);
    }
    assertEquals(Window.MAX_LIMIT, window.limit());
    for (int i = 0; i < 20; i++) {
      round(0.01);
    }
    assertEquals(Window.BETA, window.limit(), 2);
  }

  @Test
  void aSlowNodeIsNotGivenMoreThanThat() {
    for (int i = 0; i < 100; i++) {
      round(0.01);
    }
    assertTrue(window.limit() <= Window.BETA, () -> window.limit() + " permits");
  }

  @Test
  void aNodeThatIsFastAgainGetsMoreAgain() {
    for (int i = 0; i < 20; i++) {
      round(0.01);
    }
    int before = window.limit();
    for (int i = 0; i < 50; i++) {
      round(AT_ONCE);
    }
    assertTrue(window.limit() > before + 40, () -> window.limit() + " permits");
  }

  @Test
  void restartsWithOne() {
    window.slowStart();
    List<Integer> sizes = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      sizes.add(window.limit());
      assertTrue(window.isInSlowStart());
      round(AT_ONCE);
    }
    assertEquals(List.of(1, 2, 4, 8), sizes);
    assertFalse(window.isInSlowStart());
  }

  // ---- who waits

  private final List<String> granted = new ArrayList<>();

  private void fill() {
    while (window.tryAcquire()) {
      // Until none is left.
    }
  }

  @Test
  void aPlaceThatIsFreedIsTheNextOnes() {
    fill();
    window.onPermit(() -> granted.add("a"));
    window.onPermit(() -> granted.add("b"));
    assertEquals(List.of(), granted);
    window.release();
    assertEquals(List.of("a"), granted);
    assertEquals(Window.INITIAL_LIMIT, window.inFlight(), "it was taken for him");
    window.release();
    assertEquals(List.of("a", "b"), granted);
  }

  @Test
  void whoWaitsIsNotPassed() {
    fill();
    // He is told, and gives it back: all that happens in between is in his name.
    window.onPermit(
        () -> {
          granted.add("first");
          assertFalse(window.tryAcquire());
        });
    window.onPermit(() -> granted.add("second"));
    window.release();
    assertFalse(window.tryAcquire());
    window.release();
    assertEquals(List.of("first", "second"), granted);
  }

  @Test
  void whoWaitsWhereThereIsRoomIsServedAtOnce() {
    window.onPermit(() -> granted.add("a"));
    assertEquals(List.of("a"), granted);
    assertEquals(1, window.inFlight());
  }

  @Test
  void aPlaceThatIsGivenBackGoesOn() {
    fill();
    window.onPermit(window::release);
    window.onPermit(() -> granted.add("second"));
    window.release();
    assertEquals(List.of("second"), granted);
  }

  @Test
  void growthIsHandedOut() {
    fill();
    window.onPermit(() -> granted.add("a"));
    window.onPermit(() -> granted.add("b"));
    window.answered(Window.INITIAL_LIMIT, AT_ONCE);
    window.release();
    assertEquals(List.of("a", "b"), granted);
  }

  @Test
  void aBoundHolds() {
    window.setMaxLimit(0);
    window.onPermit(() -> granted.add("a"));
    window.onPermit(() -> granted.add("b"));
    assertEquals(List.of(), granted);
    window.setMaxLimit(1);
    window.grantWaiting();
    assertEquals(List.of("a"), granted);
    assertEquals(1, window.limit());
  }

  /** Many senders on few permits: each gets through, and never are more under way than permits. */
  @Test
  void noWakeUpIsLost() throws InterruptedException {
    int senders = 8;
    int calls = 20_000;
    window.setMaxLimit(2);
    AtomicInteger underWay = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(senders * calls);
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      for (int i = 0; i < senders; i++) {
        new Object() {
          private int left = calls;

          void next() {
            window.onPermit(() -> pool.execute(this::use));
          }

          void use() {
            most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
            underWay.decrementAndGet();
            window.release();
            done.countDown();
            if (--left > 0) {
              if (window.tryAcquire()) {
                pool.execute(this::use);
              } else {
                next();
              }
            }
          }
        }.next();
      }
      assertTrue(done.await(20, TimeUnit.SECONDS), () -> done.getCount() + " calls hang");
    } finally {
      pool.shutdownNow();
    }
    // On a busy machine no two of them may ever meet.
    assertTrue(most.get() <= 2, most.get() + " at once");
    assertEquals(0, window.inFlight());
  }
}
