package satellite.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.pipes.http.HttpConfig;
import satellite.pipes.transport.AccessToken;

/** The port for HTTP: on unless somebody says otherwise. */
class HttpSectionTest extends ConfigFixture {

  @Test
  void isOnByDefault() {
    assertEquals(
        new HttpConfig(
            "",
            12800,
            AccessToken.NONE,
            true,
            2 << 20,
            1000,
            Duration.ofSeconds(60),
            List.of("*"),
            9411),
        defaults().http());
  }

  @Test
  void isOnWithAFileThatListsNoServers() {
    assertEquals(defaults().http(), load("telemetry: {cluster: mine}").http());
    assertEquals(defaults().http(), load("sharing: {clients: []}").http());
  }

  /** Its port may be taken, by OAP's own REST server on the same machine. */
  @Test
  void isOffWithAFileThatListsServersButNotThisOne() {
    assertNull(load("sharing: {servers: [{plugin_name: grpc-server}]}").http());
    assertNull(load(text(GO_FILE)).http());
  }

  @Test
  void isOnWhenItIsListed() {
    String yaml = "sharing: {servers: [{plugin_name: http-server, address: ':99'}]}";
    assertEquals(99, load(yaml).http().port());
    assertEquals(defaults().server(), load(yaml).server());
  }

  @Test
  void isSwitchedOffByTheEnvironment() {
    assertNull(load("", Map.of("SATELLITE_HTTP_ENABLED", "false")).http());
  }

  @Test
  void asksForTheTokenOfTheOtherServerUnlessToldNotTo() {
    Map<String, String> env = Map.of("SATELLITE_GRPC_SERVER_AUTHENTICATION", "secret");
    assertEquals(AccessToken.of("secret"), load("", env).http().token());
    var open = new HashMap<>(env);
    open.put("SATELLITE_HTTP_ASK_FOR_TOKEN", "false");
    assertEquals(AccessToken.NONE, load("", open).http().token());
  }

  @Test
  void takesOrigins() {
    Map<String, String> env =
        Map.of("SATELLITE_HTTP_CORS_ORIGINS", "https://a.example, http://b:1");
    assertEquals(List.of("https://a.example", "http://b:1"), load("", env).http().corsOrigins());
  }

  @ParameterizedTest
  @ValueSource(strings = {"shop.example", "https://shop.example/page", "https://", "%"})
  void anOriginIsSchemeAndHost(String origin) {
    refused(
        "",
        Map.of("SATELLITE_HTTP_CORS_ORIGINS", "https://a.example," + origin),
        "cors_origins",
        "must be * or an origin such as https://shop.example, found \"" + origin + "\"");
  }

  @Test
  void aWrongAddressIsRefusedWithItsKey() {
    refused("", Map.of("SATELLITE_HTTP_ADDRESS", "x"), "sharing.servers[1].address", "found \"x\"");
  }
}
