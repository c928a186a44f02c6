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

/** Places: how many there are, and who gets them. */
class WindowTest {

  private static final double AT_ONCE = 1;

  private final Window window = new Window(0);
  private long now = 1;

  /** Fills the window, and answers all that was under way. */
  private void round(double share) {
    int places = 0;
    while (window.tryEnter()) {
      places++;
    }
    for (int i = 0; i < places; i++) {
      window.answered(places, share);
      window.leave();
    }
  }

  private void fail() {
    window.failed(now + 1, now += 2);
  }

  @Test
  void givesAsManyPlacesAsItHas() {
    for (int i = 0; i < Window.FIRST; i++) {
      assertTrue(window.tryEnter());
    }
    assertFalse(window.tryEnter());
    assertEquals(Window.FIRST, window.inFlight());
    window.leave();
    assertTrue(window.tryEnter());
  }

  @Test
  void doublesWithEachRoundThatIsAnsweredAtOnceUpToItsBound() {
    List<Integer> sizes = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      round(AT_ONCE);
      sizes.add(window.places());
    }
    assertEquals(List.of(20, 40, 80, 160, 256, 256), sizes);
  }

  @Test
  void doesNotGrowWhileItIsNotUsed() {
    for (int i = 0; i < 1000; i++) {
      assertTrue(window.tryEnter());
      window.answered(1, AT_ONCE);
      window.leave();
    }
    assertEquals(Window.FIRST, window.places());
  }

  @Test
  void aFailureHalvesIt() {
    round(AT_ONCE);
    fail();
    assertEquals(Window.FIRST, window.places());
    fail();
    assertEquals(Window.FIRST / 2, window.places());
  }

  @Test
  void aFailureOfAllThatWasUnderWayHalvesItOnce() {
    round(AT_ONCE);
    for (int i = 0; i < 20; i++) {
      window.failed(5, 10 + i);
    }
    assertEquals(Window.FIRST, window.places());
  }

  @Test
  void onePlaceIsLeftWhateverFails() {
    for (int i = 0; i < 20; i++) {
      fail();
    }
    assertEquals(1, window.places());
  }

  @Test
  void afterAFailureItGrowsByOneEachRound() {
    round(AT_ONCE);
    round(AT_ONCE);
    fail();
    assertEquals(20, window.places());
    round(AT_ONCE);
    assertEquals(20, window.places(), "a little less than one");
    round(AT_ONCE);
    assertEquals(21, window.places());
  }

  @Test
  void aSlowNodeKeepsAFewCallsInItsQueue() {
    for (int i = 0; i < 5; i++) {
      round(AT_ONCE);
    }
    assertEquals(Window.MOST, window.places());
    for (int i = 0; i < 20; i++) {
      round(0.01);
    }
    assertEquals(Window.MANY, window.places(), 2);
  }

  @Test
  void aSlowNodeIsNotGivenMoreThanThat() {
    for (int i = 0; i < 100; i++) {
      round(0.01);
    }
    assertTrue(window.places() <= Window.MANY, () -> window.places() + " places");
  }

  @Test
  void aNodeThatIsFastAgainGetsMoreAgain() {
    for (int i = 0; i < 20; i++) {
      round(0.01);
    }
    int before = window.places();
    for (int i = 0; i < 50; i++) {
      round(AT_ONCE);
    }
    assertTrue(window.places() > before + 40, () -> window.places() + " places");
  }

  @Test
  void restartsWithOne() {
    window.restart();
    List<Integer> sizes = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      sizes.add(window.places());
      assertTrue(window.isRestarting());
      round(AT_ONCE);
    }
    assertEquals(List.of(1, 2, 4, 8), sizes);
    assertFalse(window.isRestarting());
  }

  // ---- who waits

  private final List<String> granted = new ArrayList<>();

  private void fill() {
    while (window.tryEnter()) {
      // Until none is left.
    }
  }

  @Test
  void aPlaceThatIsFreedIsTheNextOnes() {
    fill();
    window.await(() -> granted.add("a"));
    window.await(() -> granted.add("b"));
    assertEquals(List.of(), granted);
    window.leave();
    assertEquals(List.of("a"), granted);
    assertEquals(Window.FIRST, window.inFlight(), "it was taken for him");
    window.leave();
    assertEquals(List.of("a", "b"), granted);
  }

  @Test
  void whoWaitsIsNotPassed() {
    fill();
    // He is told, and gives it back: all that happens in between is in his name.
    window.await(
        () -> {
          granted.add("first");
          assertFalse(window.tryEnter());
        });
    window.await(() -> granted.add("second"));
    window.leave();
    assertFalse(window.tryEnter());
    window.leave();
    assertEquals(List.of("first", "second"), granted);
  }

  @Test
  void whoWaitsWhereThereIsRoomIsServedAtOnce() {
    window.await(() -> granted.add("a"));
    assertEquals(List.of("a"), granted);
    assertEquals(1, window.inFlight());
  }

  @Test
  void aPlaceThatIsGivenBackGoesOn() {
    fill();
    window.await(window::leave);
    window.await(() -> granted.add("second"));
    window.leave();
    assertEquals(List.of("second"), granted);
  }

  @Test
  void growthIsHandedOut() {
    fill();
    window.await(() -> granted.add("a"));
    window.await(() -> granted.add("b"));
    window.answered(Window.FIRST, AT_ONCE);
    window.leave();
    assertEquals(List.of("a", "b"), granted);
  }

  @Test
  void aBoundHolds() {
    window.bound(0);
    window.await(() -> granted.add("a"));
    window.await(() -> granted.add("b"));
    assertEquals(List.of(), granted);
    window.bound(1);
    window.handOut();
    assertEquals(List.of("a"), granted);
    assertEquals(1, window.places());
  }

  /** Many senders on few places: each gets through, and never are more under way than places. */
  @Test
  void noWakeUpIsLost() throws InterruptedException {
    int senders = 8;
    int calls = 20_000;
    window.bound(2);
    AtomicInteger underWay = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(senders * calls);
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      for (int i = 0; i < senders; i++) {
        new Object() {
          private int left = calls;

          void next() {
            window.await(() -> pool.execute(this::use));
          }

          void use() {
            most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
            underWay.decrementAndGet();
            window.leave();
            done.countDown();
            if (--left > 0) {
              if (window.tryEnter()) {
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
