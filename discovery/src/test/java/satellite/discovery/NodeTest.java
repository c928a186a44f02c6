package satellite.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a node is, and how it is named. */
class NodeTest {

  @Test
  void isNamedByHostAndPort() {
    assertEquals("oap-0.oap:11800", new Node("oap-0.oap", 11800).address());
    assertEquals("10.1.2.3:11800", new Node("10.1.2.3", 11800).address());
    assertEquals("10.1.2.3:11800", new Node("10.1.2.3", 11800).toString());
  }

  @Test
  void anIpv6HostStandsInBrackets() {
    assertEquals("[fd00::1]:11800", new Node("fd00::1", 11800).address());
    assertEquals("[::1]:11800", new Node("::1", 11800).address());
  }

  @Test
  void weighsOneUnlessItIsSaid() {
    assertEquals(1, new Node("a", 1).weight());
    assertEquals(new Node("a", 1, 1), new Node("a", 1));
  }

  @Test
  void isTheSamePlaceWhateverItsWeight() {
    assertTrue(new Node("a", 1, 1).sameAddress(new Node("a", 1, 2)));
    assertNotEquals(new Node("a", 1, 1), new Node("a", 1, 2));
    assertFalse(new Node("a", 1).sameAddress(new Node("a", 2)));
    assertFalse(new Node("a", 1).sameAddress(new Node("b", 1)));
  }

  @Test
  void refusesAnEmptyHost() {
    assertThrows(IllegalArgumentException.class, () -> new Node("", 11800));
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 65536})
  void refusesAPortThatIsNone(int port) {
    assertThrows(IllegalArgumentException.class, () -> new Node("a", port));
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, Node.MAX_WEIGHT + 1})
  void refusesAWeightOutOfBounds(int weight) {
    assertThrows(IllegalArgumentException.class, () -> new Node("a", 1, weight));
  }

  @Test
  void takesTheBoundsThemselves() {
    assertEquals("a:65535", new Node("a", 65535, Node.MAX_WEIGHT).address());
    assertEquals("a:1", new Node("a", 1, 1).address());
  }
}
