package satellite.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Discovery} promises. An implementation says how it is made with a source that
 * knows these nodes, and how it is brought to look at its source again; all of it on the test's
 * thread.
 */
abstract class DiscoveryContract {

  static final Node A = new Node("10.0.0.1", 11800);
  static final Node B = new Node("10.0.0.2", 11800);

  private final List<Set<Node>> told = new ArrayList<>();
  private Discovery discovery;

  /** Not started; its source answers with {@code nodes}. */
  abstract Discovery discovery(Set<Node> nodes);

  /** Lets it ask its source once more; one that asks only at its start does nothing. */
  void lookAgain() {}

  private void start(Node... nodes) {
    discovery = discovery(Set.of(nodes));
    discovery.start(told::add);
  }

  @AfterEach
  void neverTellsAnEqualSetTwiceInARowNorAfterItsEnd() {
    for (int i = 1; i < told.size(); i++) {
      assertNotEquals(told.get(i - 1), told.get(i));
    }
    if (discovery != null) {
      discovery.close();
      int before = told.size();
      lookAgain();
      assertEquals(before, told.size());
    }
  }

  @Test
  void tellsTheCompleteSet() {
    start(A, B);
    assertEquals(List.of(Set.of(A, B)), told);
  }

  @Test
  void tellsAnEmptyAnswer() {
    start();
    assertEquals(List.of(Set.of()), told);
  }

  @Test
  void tellsTheSameAnswerOnce() {
    start(A, B);
    lookAgain();
    lookAgain();
    assertEquals(1, told.size());
  }

  @Test
  void saysNothingBeforeItsStart() {
    discovery = discovery(Set.of(A));
    assertTrue(told.isEmpty());
  }

  @Test
  void tellsASetThatNobodyChanges() {
    start(A);
    assertThrows(UnsupportedOperationException.class, () -> told.get(0).add(B));
  }

  @Test
  void closesWithoutStart() {
    discovery = discovery(Set.of(A));
    discovery.close();
    assertTrue(told.isEmpty());
  }

  @Test
  void closesTwice() {
    start(A);
    discovery.close();
    discovery.close();
    assertEquals(1, told.size());
  }
}
