package satellite.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import satellite.routing.Connection.State;
import satellite.routing.Upstream.Condition;

/** When a node is left out, for how long, and how it comes back. Node b behaves. */
class CircuitTest extends RouterFixture {

  CircuitTest() {
    super(State.UP);
  }

  @BeforeEach
  void twoNodes() {
    nodes("a", "b");
  }

  /** Until it is up, in seconds. */
  private long secondsLeftOut() {
    long seconds = 0;
    while (!upstream("a").isUp()) {
      time.advance(1, TimeUnit.SECONDS);
      seconds++;
    }
    return seconds;
  }

  @Test
  void halfOfItsCallsAreTooMany() {
    for (int i = 0; i < 9; i++) {
      fail("a", 1);
      answer("a", 1);
    }
    fail("a", 1);
    assertTrue(upstream("a").isUp(), "19 calls");
    answer("a", 1);
    fail("a", 1);
    assertEquals(Condition.EJECTED, upstream("a").condition());
  }

  @Test
  void aFifthOfItsCallsIsNot() {
    for (int i = 0; i < 200; i++) {
      fail("a", 1);
      answer("a", 4);
    }
    assertTrue(upstream("a").isUp());
  }

  @Test
  void aMessageThatIsRefusedIsAnAnswer() {
    for (int i = 0; i < 10; i++) {
      fail("a", 1);
      fail("a", 1);
      begin("a", 1).forEach(call -> call.refused(time.nanoTime()));
      if (i % 3 == 2) {
        time.advance(10, TimeUnit.SECONDS);
      }
    }
    assertTrue(upstream("a").isUp());
  }

  @Test
  void itIsProbedByOneCallAtATime() {
    fail("a", 3);
    secondsLeftOut();
    assertEquals(Condition.PROBED, upstream("a").condition());
    assertEquals(1, upstream("a").window());
    var probe = begin("a", 1);
    assertFalse(upstream("a").tryAcquire());
    probe.get(0).answered(time.nanoTime());
    assertEquals(Condition.SLOW_START, upstream("a").condition());
  }

  @Test
  void afterTheProbeItGetsMoreWithEachAnswer() {
    fail("a", 3);
    secondsLeftOut();
    List<Integer> windows = new ArrayList<>();
    for (int calls = 1; upstream("a").condition() != Condition.UP; calls *= 2) {
      answer("a", calls);
      windows.add(upstream("a").window());
    }
    assertEquals(List.of(2, 4, 8), windows.subList(0, 3));
    assertTrue(windows.get(3) >= Window.INITIAL_LIMIT, () -> "windows " + windows);
  }

  @Test
  void aProbeThatIsRefusedIsAnAnswerToo() {
    fail("a", 3);
    secondsLeftOut();
    begin("a", 1).get(0).refused(time.nanoTime());
    assertEquals(Condition.SLOW_START, upstream("a").condition());
  }

  @Test
  void eachTimeInARowIsTwiceAsLongUpToSixteenTimes() {
    List<Long> seconds = new ArrayList<>();
    fail("a", 3);
    for (int i = 0; i < 7; i++) {
      seconds.add(secondsLeftOut());
      fail("a", 1);
    }
    assertEquals(List.of(5L, 10L, 20L, 40L, 80L, 80L, 80L), seconds);
    assertEquals(8, upstream("a").ejections());
  }

  @Test
  void goodConductShortensTheNextTime() {
    fail("a", 3);
    secondsLeftOut();
    fail("a", 1);
    assertEquals(10, secondsLeftOut());
    answer("a", 1);
    // As long in use as it was out: a step back, then the one that was served.
    time.advance(10, TimeUnit.SECONDS);
    fail("a", 1);
    fail("a", 1);
    fail("a", 1);
    assertEquals(10, secondsLeftOut());
    answer("a", 1);
    time.advance(1, TimeUnit.HOURS);
    fail("a", 1);
    fail("a", 1);
    fail("a", 1);
    assertEquals(5, secondsLeftOut());
  }

  @Test
  void whatWasSentBeforeSaysNothingAboutTheProbe() {
    var late = begin("a", 4);
    fail("a", 3);
    secondsLeftOut();
    late.get(0).failed(time.nanoTime());
    late.get(1).answered(time.nanoTime());
    assertEquals(Condition.PROBED, upstream("a").condition());
    assertFalse(upstream("a").tryAcquire(), "two are still under way");
    late.get(2).failed(time.nanoTime());
    late.get(3).failed(time.nanoTime());
    answer("a", 1);
    assertEquals(Condition.SLOW_START, upstream("a").condition());
  }

  @Test
  void anotherProcessIsProbedAtOnce() {
    fail("a", 3);
    connections.to("a").become(State.DOWN);
    connections.to("a").become(State.UP);
    assertTrue(upstream("a").isUp());
    assertEquals(Condition.PROBED, upstream("a").condition());
  }

  @Test
  void aConnectionThatWasRefusedStartsSlowly() {
    answer("a", 10);
    connections.to("a").become(State.DOWN);
    connections.to("a").become(State.UP);
    assertEquals(Condition.SLOW_START, upstream("a").condition());
    assertEquals(1, upstream("a").window());
  }

  @Test
  void callsThatCannotWaitGoToProvenNodes() {
    fail("a", 3);
    secondsLeftOut();
    assertEquals(2, router.up().size());
    for (int i = 0; i < 4; i++) {
      assertEquals("b", host(router.cursor().nextNow()));
    }
    fail("b", 3);
    assertEquals("a", host(router.cursor().nextNow()), "better than none");
  }

  // ---- when no node is left

  @Test
  void whenAllFailAllAreTriedWithOneCallAtATime() {
    fail("a", 3);
    fail("b", 3);
    assertEquals(2, router.up().size());
    for (String host : List.of("a", "b")) {
      assertEquals(Condition.PROBED, upstream(host).condition());
      assertFalse(upstream(host).tryAcquire(), "not at once");
    }
    time.advance(100, TimeUnit.MILLISECONDS);
    for (String host : List.of("a", "b")) {
      assertTrue(upstream(host).tryAcquire());
      assertFalse(upstream(host).tryAcquire());
      upstream(host).release();
    }
  }

  /** However many want to send. */
  @Test
  void nodesThatAllFailAreNotStormed() {
    fail("a", 3);
    fail("b", 3);
    int calls = 0;
    for (int millis = 0; millis < 60_000; millis += 10) {
      for (String host : List.of("a", "b")) {
        while (upstream(host).tryAcquire()) {
          upstream(host).call(router.minLatency("any"), time.nanoTime()).failed(time.nanoTime());
          calls++;
        }
      }
      assertFalse(router.up().isEmpty());
      time.advance(10, TimeUnit.MILLISECONDS);
    }
    assertTrue(calls > 100 && calls < 140, calls + " calls in a minute");
    assertEquals(List.of(1L, 0L), List.of(upstream("a").ejections(), upstream("b").ejections()));
  }

  @Test
  void theLastNodeIsUsedAgainByTheFirstAnswer() {
    nodes("a");
    fail("a", 3);
    for (int i = 0; i < 10; i++) {
      time.advance(5, TimeUnit.SECONDS);
      fail("a", 1);
    }
    time.advance(5, TimeUnit.SECONDS);
    answer("a", 1);
    assertEquals(Condition.SLOW_START, upstream("a").condition());
    assertEquals(0, upstream("a").ejections(), "it was never left out");
    fail("a", 1);
    fail("a", 1);
    fail("a", 1);
    time.advance(100, TimeUnit.MILLISECONDS);
    assertTrue(upstream("a").tryAcquire(), "the pauses begin anew");
    upstream("a").release();
  }

  @Test
  void aNodeThatIsLeftOutIsBackWhenTheOthersAreGone() {
    fail("a", 3);
    assertFalse(upstream("a").isUp());
    nodes("a");
    assertTrue(upstream("a").isUp());
    nodes("a", "b");
    time.advance(100, TimeUnit.MILLISECONDS);
    fail("a", 1);
    assertFalse(upstream("a").isUp());
    connections.to("b").become(State.DOWN);
    assertTrue(upstream("a").isUp());
  }

  @Test
  void whoWaitsForAPlaceGetsItWhenThePauseIsOver() {
    nodes("a");
    fail("a", 3);
    List<String> granted = new ArrayList<>();
    upstream("a").onPermit(() -> granted.add("first"));
    upstream("a").onPermit(() -> granted.add("second"));
    assertEquals(List.of(), granted);
    time.advance(100, TimeUnit.MILLISECONDS);
    assertEquals(List.of("first"), granted);
    upstream("a").call(router.minLatency("any"), time.nanoTime()).answered(time.nanoTime());
    assertEquals(List.of("first", "second"), granted);
  }
}
