package satellite.pipes.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import satellite.pipes.transport.AcceptLimitConfig;

/** When new connections should go elsewhere. */
class ReadinessTest {

  private int connections;
  private double cpuPercent;
  private double clusterShare;
  private final Readiness readiness = with(new AcceptLimitConfig(11, 75, 0, true));

  private Readiness with(AcceptLimitConfig limits) {
    return new Readiness(limits, () -> connections, () -> cpuPercent, () -> clusterShare);
  }

  private boolean at(int connections, double cpuPercent) {
    this.connections = connections;
    this.cpuPercent = cpuPercent;
    readiness.refresh();
    return readiness.isReady();
  }

  @Test
  void notAtTheLimitAndNotBeforeItIsClearlyBelow() {
    assertTrue(at(0, 0));
    assertTrue(at(10, 0));
    assertFalse(at(11, 0));
    assertFalse(at(10, 0));
    assertTrue(at(9, 0));
    assertTrue(at(10, 0));
  }

  @Test
  void theCpuHasTheSameKindOfLimit() {
    assertTrue(at(1, 74));
    assertFalse(at(1, 75));
    assertFalse(at(1, 66));
    assertTrue(at(1, 65));
    assertFalse(at(1, 99));
    assertFalse(at(10, 10));
    assertTrue(at(9, 10));
  }

  /** It had to be below 0 % to be ready again. */
  @Test
  void oneWithASmallCpuLimitIsReadyAgainAsWell() {
    Readiness small = with(new AcceptLimitConfig(11, 10, 0, true));
    cpuPercent = 10;
    small.refresh();
    assertFalse(small.isReady());
    cpuPercent = 6;
    small.refresh();
    assertFalse(small.isReady());
    cpuPercent = 5;
    small.refresh();
    assertTrue(small.isReady());
  }

  /** An autoscaler counts the ready ones: full ones that are not would never get company. */
  @Test
  void oneThatIsFullStaysReadyWhereTheOthersAreFullAsWell() {
    clusterShare = 1;
    assertTrue(at(11, 0));
    clusterShare = 0.89;
    assertFalse(at(11, 0));
    clusterShare = 0.9;
    assertTrue(at(11, 0));
  }

  @Test
  void itMayStayReadyWhateverComes() {
    Readiness always = with(new AcceptLimitConfig(11, 75, 0, false));
    connections = 11;
    always.refresh();
    assertTrue(always.isReady());
    assertFalse(always.isAccepting());
  }

  @Test
  void withoutACpuLimitTheCpuDoesNotMatter() {
    Readiness free = with(new AcceptLimitConfig(11, 101, 0, true));
    cpuPercent = 100;
    free.refresh();
    assertTrue(free.isReady());
    assertEquals(0, free.cpuShare());
  }

  @Test
  void itsShareIsThatOfTheLimitThatIsNearest() {
    at(5, 60);
    assertEquals(0.8, readiness.share(), 1e-9);
    assertEquals(5 / 11.0, readiness.connectionShare(), 1e-9);
    at(10, 60);
    assertEquals(10 / 11.0, readiness.share(), 1e-9);
    at(20, 100);
    assertEquals(1, readiness.share());
  }
}
