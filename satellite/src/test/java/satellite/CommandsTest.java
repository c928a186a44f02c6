package satellite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import satellite.standin.StandInOap;

/**
 * {@code validate}, {@code print-config} and {@code check}: what they say, and their exit codes.
 */
@Timeout(120)
class CommandsTest {

  private static final String HEALTH = "grpc.health.v1.Health/Check";

  private static String text(Program program) {
    return String.join("\n", program.lines());
  }

  @Test
  void aConfigurationThatCanBeUsedIsValid() {
    try (Program program = new Program(Map.of("SATELLITE_GRPC_CLIENT", "oap:11800"), "validate")) {
      assertEquals(0, program.exitCode());
      assertEquals(
          "the built-in configuration can be used: 23 pipes, no warnings", program.lastLine());
    }
  }

  @Test
  void whatWillNotWorkIsAWarningAndWithStrictAnError(@TempDir Path folder) throws Exception {
    Path below = Files.createFile(folder.resolve("file")).resolve("data");
    Map<String, String> itself =
        Map.of(
            "SATELLITE_GRPC_ADDRESS",
            ":11800",
            "SATELLITE_ZONE",
            "z1",
            "SATELLITE_DATA_DIR",
            below.toString());
    try (Program program = new Program(itself, "validate");
        Program strict = new Program(itself, "validate", "--strict")) {
      assertEquals(0, program.exitCode(), text(program));
      assertTrue(text(program).contains("is where Satellite itself listens"), text(program));
      assertTrue(text(program).contains("no node says its zone"), text(program));
      assertTrue(text(program).contains("cannot be made or written to"), text(program));
      assertEquals(1, strict.exitCode());
    }
  }

  @Test
  void kubernetesOutsideOfAClusterIsAWarning() {
    try (Program program =
        new Program(Map.of("SATELLITE_GRPC_CLIENT_FINDER", "kubernetes"), "validate")) {
      assertEquals(0, program.exitCode());
      assertTrue(text(program).contains("KUBERNETES_SERVICE_HOST is not set"), text(program));
      assertTrue(text(program).contains("matches every pod"), text(program));
    }
  }

  @Test
  void aConfigurationThatCannotBeUsedIsOneLine(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("c.yaml"), "logger: {level: loud}");
    try (Program program = new Program(Map.of(), "validate", "-c", file.toString())) {
      assertEquals(1, program.exitCode());
      assertEquals(1, program.lines().size(), text(program));
      assertTrue(program.lastLine().contains("line 1"), program.lastLine());
    }
  }

  @Test
  void printsTheEffectiveConfigurationWithoutSecrets() {
    try (Program program =
        new Program(
            Map.of("SATELLITE_GRPC_CLIENT", "oap:11800", "SATELLITE_GRPC_AUTHENTICATION", "geheim"),
            "print-config")) {
      assertEquals(0, program.exitCode());
      assertTrue(text(program).contains("server_addr: oap:11800"), text(program));
      assertTrue(text(program).contains("authentication: '******'"), text(program));
      assertFalse(text(program).contains("geheim"), text(program));
    }
  }

  @Test
  void checkFindsThatAllWorks(@TempDir Path folder) throws Exception {
    try (StandInOap oap = new StandInOap().start(0)) {
      Path nodes = Files.writeString(folder.resolve("nodes"), "127.0.0.1:" + oap.port() + "\n");
      Map<String, String> environment =
          Map.of(
              "SATELLITE_GRPC_CLIENT_FINDER",
              "file",
              "SATELLITE_GRPC_CLIENT_FILE",
              nodes.toString(),
              "SATELLITE_DATA_DIR",
              folder.resolve("data").toString());
      try (Program program = new Program(environment, "check")) {
        assertEquals(0, program.exitCode(), text(program));
        assertTrue(text(program).contains("ok    node 127.0.0.1:" + oap.port() + ": answers"));
        assertTrue(text(program).contains("can be written to"), text(program));
        assertEquals("all of it works", program.lastLine());
      }
    }
  }

  @Test
  void checkNamesWhatDoesNotWork() {
    StandInOap away = new StandInOap().start(0);
    int port = away.port();
    away.close();
    try (StandInOap strict = new StandInOap().start(0)) {
      strict.endAfter(HEALTH, 0, Status.PERMISSION_DENIED.withDescription("no token"));
      Map<String, String> environment =
          Map.of(
              "SATELLITE_GRPC_CLIENT",
              "127.0.0.1:" + port + ",127.0.0.1:" + strict.port(),
              "SATELLITE_GRPC_TIMEOUT_UNARY",
              "1s",
              "SATELLITE_DATA_DIR",
              "/proc/no/such");
      try (Program program = new Program(environment, "check")) {
        assertEquals(1, program.exitCode(), text(program));
        String said = text(program);
        assertTrue(said.contains("FAIL  node 127.0.0.1:" + port + ": Connection refused"), said);
        assertTrue(said.contains("it does not take the token"), said);
        assertTrue(said.contains("FAIL  data folder: /proc/no/such cannot be written to"), said);
      }
    }
  }

  @Test
  void checkAsksTheOtherReplicas() throws Exception {
    HttpServer replica = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    byte[] load = "{\"id\": \"another\", \"connections\": 7}".getBytes(StandardCharsets.UTF_8);
    replica.createContext(
        "/load",
        exchange -> {
          exchange.sendResponseHeaders(200, load.length);
          exchange.getResponseBody().write(load);
          exchange.close();
        });
    replica.start();
    try (StandInOap oap = new StandInOap().start(0)) {
      String there = "127.0.0.1:" + replica.getAddress().getPort();
      Map<String, String> environment =
          Map.of(
              "SATELLITE_GRPC_CLIENT",
              "127.0.0.1:" + oap.port(),
              "SATELLITE_REPLICAS_FINDER",
              "static",
              "SATELLITE_REPLICAS",
              there + ",127.0.0.1:1");
      try (Program program = new Program(environment, "check")) {
        assertEquals(0, program.exitCode(), text(program));
        String said = text(program);
        assertTrue(said.contains("ok    replicas, static: 2 nodes: "), said);
        assertTrue(said.contains("ok    replica " + there + ": answers, 7 connections"), said);
        assertTrue(said.contains("warn  replica 127.0.0.1:1: does not answer on its "), said);
      }
    } finally {
      replica.stop(0);
    }
  }

  @Test
  void everyPodAsAReplicaIsAWarning() {
    try (Program program =
        new Program(Map.of("SATELLITE_REPLICAS_FINDER", "kubernetes"), "validate")) {
      assertEquals(0, program.exitCode());
      String said = text(program);
      assertTrue(said.contains("replicas.kubernetes_config.selector: matches every pod"), said);
      assertTrue(said.contains("SATELLITE_REPLICAS_KUBERNETES_SELECTOR_LABEL"), said);
    }
  }

  @Test
  void replicasThatNobodyElseCanAskAreAWarning() {
    Map<String, String> environment =
        Map.of(
            "SATELLITE_REPLICAS_FINDER", "static",
            "SATELLITE_REPLICAS", "10.0.0.2:1234",
            "SATELLITE_TELEMETRY_PROMETHEUS_ADDRESS", "127.0.0.1:1234");
    try (Program program = new Program(environment, "validate")) {
      assertEquals(0, program.exitCode());
      assertTrue(text(program).contains("telemetry.prometheus.address"), text(program));
    }
  }

  @Test
  void checkSaysThatTheApiServerCannotBeAsked() {
    try (Program program =
        new Program(
            Map.of(
                "SATELLITE_GRPC_CLIENT_FINDER",
                "kubernetes",
                "SATELLITE_GRPC_CLIENT_KUBERNETES_API_SERVER",
                "http://127.0.0.1:1"),
            "check")) {
      assertEquals(1, program.exitCode(), text(program));
      assertTrue(
          text(program).contains("FAIL  kubernetes pods in default: the API server cannot be"),
          text(program));
      assertTrue(text(program).contains("FAIL  nodes: none are found"), text(program));
    }
  }
}
