package satellite.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.sun.net.httpserver.Headers;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.config.TelemetryConfig;
import satellite.pipes.transport.AccessToken;

/** Who may see the status page. */
class AccessTest {

  private final Headers headers = new Headers();

  private static Access access(boolean open, String token) {
    return new Access(new TelemetryConfig.Admin(open, AccessToken.of(token)));
  }

  private Access.Refusal refusal(Access access, String from) {
    try {
      return access.refusal(InetAddress.getByName(from), headers);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  private int status(Access access, String from) {
    Access.Refusal refusal = refusal(access, from);
    return refusal == null ? 200 : refusal.status();
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "localhost:1234", "LOCALHOST", "127.0.0.1:80", "[::1]:1234"})
  void whoMeansThisMachineMay(String host) {
    headers.add("Host", host);
    assertNull(refusal(access(false, ""), "127.0.0.1"));
    assertNull(refusal(access(false, ""), "::1"));
    assertNull(refusal(access(false, ""), "::ffff:127.0.0.1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.7", "192.168.1.1", "127.0.0.2", "::2", "fe80::1"})
  void whoComesFromElsewhereMayNot(String from) {
    headers.add("Host", "localhost:1234");
    assertEquals(403, status(access(false, ""), from));
  }

  /** A name on the internet that resolves to 127.0.0.1. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "evil.example:1234",
        "localhost.evil.example",
        "127.0.0.1.evil.example:1234",
        "evil.example#localhost",
        "localhost:1234:evil",
        "::1",
        ""
      })
  void aPageOfAnotherHostMayNot(String host) {
    headers.add("Host", host);
    assertEquals(403, status(access(false, ""), "127.0.0.1"));
  }

  @Test
  void whoNamesNoHostOrTwoMayNot() {
    assertEquals(403, status(access(false, ""), "127.0.0.1"));
    headers.add("Host", "localhost");
    headers.add("Host", "evil.example");
    assertEquals(403, status(access(false, ""), "127.0.0.1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Forwarded", "X-Forwarded-For", "x-forwarded-for", "X-Real-IP", "Via"})
  void whoComesThroughAProxyMayNot(String header) {
    headers.add("Host", "localhost");
    headers.add(header, "127.0.0.1");
    assertEquals(403, status(access(false, ""), "127.0.0.1"));
  }

  @Test
  void everybodyMayWhereItIsOpen() {
    headers.add("X-Forwarded-For", "10.0.0.7");
    assertNull(refusal(access(true, ""), "10.0.0.7"));
  }

  @Test
  void theTokenIsAskedForWhereverSomebodyComesFrom() {
    headers.add("Host", "localhost");
    assertEquals(401, status(access(false, "hush"), "127.0.0.1"));
    assertEquals(401, status(access(true, "hush"), "127.0.0.1"));
    headers.set("Authorization", "Bearer hush");
    assertNull(refusal(access(false, "hush"), "10.0.0.7"));
    assertNull(refusal(access(true, "hush"), "10.0.0.7"));
  }

  @Test
  void aBrowserSendsItAsPassword() {
    headers.set("Authorization", basic("anybody:hush"));
    assertNull(refusal(access(false, "hush"), "10.0.0.7"));
    headers.set("Authorization", basic(":a:b"));
    assertNull(refusal(access(false, "a:b"), "10.0.0.7"));
  }

  @Test
  void somethingElseIsNoToken() {
    for (String wrong :
        new String[] {
          "hush",
          "Bearer",
          "Bearer ",
          "Bearer hush2",
          "Bearer Hush",
          "Digest hush",
          "Basic hush",
          "Basic !!!",
          basic("hush"),
          basic("hush:"),
          basic("hush:x"),
          ""
        }) {
      headers.set("Authorization", wrong);
      assertEquals(401, status(access(false, "hush"), "127.0.0.1"), wrong);
    }
  }

  private static String basic(String credentials) {
    byte[] bytes = credentials.getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(bytes);
  }
}
