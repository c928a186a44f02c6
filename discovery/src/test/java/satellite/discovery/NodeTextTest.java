package satellite.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NodeTextTest {

  @Test
  void readsHostAndPortWithWeightAndZone() {
    assertEquals(new Node("oap", 11800), NodeText.parse("oap:11800"));
    assertEquals(new Node("oap", 11800), NodeText.parse("  oap:11800\t"));
    assertEquals(new Node("oap-0.oap", 1, 3), NodeText.parse("oap-0.oap:1=3"));
    assertEquals(new Node("oap", 1).withZone("eu-1a"), NodeText.parse("oap:1@eu-1a"));
    assertEquals(new Node("oap", 1, 100).withZone("eu/1"), NodeText.parse("oap:1 = 100 @ eu/1"));
    assertEquals(new Node("fd00::1", 65535, 2), NodeText.parse("[fd00::1]:65535=2"));
  }

  @ParameterizedTest
  @CsvSource({
    "FD00:0:0::1, fd00::1",
    "::, ::",
    "::1, ::1",
    "fd00::, fd00::",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "1:0:0:2:0:0:0:3, 1:0:0:2::3",
    "::ffff:10.0.0.1, 10.0.0.1"
  })
  void thereIsOneTextForAnIpv6Address(String found, String host) throws UnknownHostException {
    assertEquals(host, NodeText.parse("[" + found + "]:1").host());
    assertEquals(host, NodeText.host(InetAddress.getByName(found)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "oap",
        ":11800",
        "oap:",
        "oap:port",
        "oap:1 2",
        "oap:1=",
        "oap:1@",
        "oap:1@a=3",
        "oap:1=2=3",
        "o ap:1",
        "fd00::1:11800",
        "[fd00::1]",
        "http://oap:1",
        "oap:1@a b",
        "oap:1/2"
      })
  void saysHowANodeIsWritten(String text) {
    assertEquals(
        "\"" + text + "\" must be host:port or [IPv6]:port, then =weight and @zone if wanted",
        assertThrows(IllegalArgumentException.class, () -> NodeText.parse(text)).getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "oap:0, must have a port within 1..65535",
    "oap:65536, must have a port within 1..65535",
    "oap:1=0, must have a weight within 1..100",
    "oap:1=101, must have a weight within 1..100",
    "oap:1=-1, must have a weight within 1..100",
    "oap:1=99999999999, must have a weight within 1..100",
    "[fd00]:1, must have an IPv6 address in its brackets",
    "[fd00:::1]:1, must have an IPv6 address in its brackets",
    "[10.0.0.1]:1, must have an IPv6 address in its brackets"
  })
  void saysWhichPartIsWrong(String text, String what) {
    assertEquals(
        "\"" + text + "\" " + what,
        assertThrows(IllegalArgumentException.class, () -> NodeText.parse(text)).getMessage());
  }

  @Test
  void readsOrRefusesWhateverItIsGiven() {
    var random = new Random(7);
    String letters = "ab01:.-=@[] \t#_%\u00e9\u0000";
    int read = 0;
    for (int i = 0; i < 50_000; i++) {
      var text = new StringBuilder(random.nextBoolean() ? "a:1" : "");
      for (int n = random.nextInt(12); n > 0; n--) {
        text.append(letters.charAt(random.nextInt(letters.length())));
      }
      try {
        assertNotNull(NodeText.parse(text.toString()));
        read++;
      } catch (IllegalArgumentException e) {
        assertTrue(e.getMessage().startsWith("\""), e.getMessage());
      }
    }
    assertTrue(read > 500);
  }
}
