package satellite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import satellite.pipes.protocol.RawBytes;
import satellite.standin.StandInOap;

/** The program as a person meets it: command line, exit codes, what it says, how it ends. */
@Timeout(120)
class ProgramTest {

  private static final String EVENTS = "skywalking.v3.EventService/collect";

  private static Program run(String... arguments) {
    return new Program(Map.of(), arguments);
  }

  @Test
  void saysItsVersion() {
    try (Program program = run("--version")) {
      assertEquals(0, program.exitCode());
      assertTrue(program.lines().get(0).startsWith("satellite "), () -> "" + program.lines());
    }
  }

  @Test
  void helpsWhenAskedAndWhenAskedNothing() {
    try (Program asked = run("--help");
        Program nothing = run()) {
      assertEquals(0, asked.exitCode());
      assertTrue(String.join("\n", asked.lines()).contains("start"), () -> "" + asked.lines());
      assertEquals(0, nothing.exitCode());
      assertEquals(asked.lines(), nothing.lines());
    }
  }

  @Test
  void aWrongOptionExitsWithTwo() {
    try (Program program = run("start", "--confg", "x.yaml")) {
      assertEquals(2, program.exitCode());
      assertTrue(program.lines().get(0).contains("--confg"), () -> "" + program.lines());
    }
  }

  private static void assertRefusedInOneLine(Program program, String... parts) {
    assertEquals(1, program.exitCode(), () -> "" + program.lines());
    List<String> said =
        program.lines().stream().filter(line -> !line.matches(".*\\[(info|warning)].*")).toList();
    assertEquals(1, said.size(), () -> "" + said);
    assertTrue(said.get(0).startsWith("satellite: "), said.get(0));
    for (String part : parts) {
      assertTrue(said.get(0).contains(part), () -> part + " in: " + said.get(0));
    }
  }

  @Test
  void tlsFilesThatCannotBeUsedAreOneLine(@TempDir Path directory) throws Exception {
    String file = Files.writeString(directory.resolve("tls.pem"), "no certificate").toString();
    Map<String, String> server =
        Map.of("SATELLITE_GRPC_TLS_CERT_FILE", file, "SATELLITE_GRPC_TLS_KEY_FILE", file);
    Map<String, String> client =
        Map.of("SATELLITE_GRPC_ENABLE_TLS", "true", "SATELLITE_grpc_CA_PEM_PATH", file);
    try (Program in = new Program(server, "start");
        Program out = new Program(client, "start")) {
      assertRefusedInOneLine(in, "the server's TLS files cannot be used: " + file);
      assertRefusedInOneLine(out, "the client's TLS files cannot be used: " + file);
    }
  }

  @Test
  void aConfigurationErrorIsOneLine(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("user.yaml"), "sharing:\n  memry: {}\n");
    try (Program missing = run("start", "-c", directory.resolve("none.yaml").toString());
        Program typo = run("start", "--config", file.toString());
        Program time = new Program(Map.of("SATELLITE_SHUTDOWN_HOOK_TIME", "soon"), "start");
        Program durable = new Program(Map.of("SATELLITE_ACKNOWLEDGEMENT", "durable"), "start")) {
      assertRefusedInOneLine(missing, "none.yaml");
      assertRefusedInOneLine(typo, "user.yaml", "memry");
      assertRefusedInOneLine(time, "SATELLITE_SHUTDOWN_HOOK_TIME", "soon");
      assertRefusedInOneLine(durable, "SATELLITE_ACKNOWLEDGEMENT", "SATELLITE_DATA_DIR");
    }
  }

  @Test
  void aPortInUseIsNamedWithItsKey() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + other.getLocalPort();
      try (Program grpc = new Program(Map.of("SATELLITE_GRPC_ADDRESS", address), "start");
          Program http =
              new Program(Map.of("SATELLITE_TELEMETRY_PROMETHEUS_ADDRESS", address), "start")) {
        assertRefusedInOneLine(grpc, address, "sharing.servers[].address");
        assertRefusedInOneLine(http, address, "telemetry.prometheus.address");
      }
    }
  }

  @Test
  void whatWasAcceptedIsDeliveredBeforeItEnds() throws Exception {
    try (StandInOap oap = new StandInOap().start(0);
        Program program =
            new Program(Map.of("SATELLITE_GRPC_CLIENT", "127.0.0.1:" + oap.port()), "start")) {
      assertEquals(200, program.started().get("/live"));
      assertEquals(200, program.get("/ready"));
      assertEquals(200, program.get("/metrics"));
      assertEquals(404, program.get("/other"));
      sendEvents(program.port(), 25);
      // Long before their flush time is over.
      assertEquals(0, program.terminate().exitCode());
      assertTrue(
          program
              .lastLine()
              .contains(
                  "received 25 = forwarded 25 + queued 0 + spilled 0 + dead 0 + dropped 0;"
                      + " refused 0"),
          () -> "" + program.lines());
      assertEquals(25, oap.count(EVENTS).messages());
    }
  }

  @Test
  void itsStatusIsThatOfWhatHappened() throws Exception {
    try (StandInOap oap = new StandInOap().start(0)) {
      Map<String, String> environment =
          Map.of(
              "SATELLITE_GRPC_CLIENT", "127.0.0.1:" + oap.port(),
              "SATELLITE_GRPC_AUTHENTICATION", "hush-for-oap",
              "SATELLITE_EVENTPIPE_SENDER_FLUSH_TIME", "10",
              "SATELLITE_TELEMETRY_INSTANCE", "satellite-0");
      try (Program program = new Program(environment, "start")) {
        assertEquals(200, program.started().get("/"));
        sendEvents(program.port(), 25);
        assertTrue(oap.awaitMessages(EVENTS, 25, Duration.ofSeconds(60)));
        String said = program.status(text -> text.contains("\"forwarded\":25,\"queued\":0"));
        for (String part :
            List.of(
                "\"instance\":\"satellite-0\",\"state\":\"ready\"",
                "\"account\":{\"received\":25,",
                "\"name\":\"eventpipe\"",
                "\"address\":\"127.0.0.1:" + oap.port() + "\"",
                "\"state\":\"up\"",
                "\"delivered\":25",
                "\"name\":\"static\",\"nodes\":1",
                "authentication: ")) {
          assertTrue(said.contains(part), part + " in " + said);
        }
        assertFalse(said.contains("hush"), said);
      }
    }
  }

  @Test
  void itIsNotReadyWhileItDrainsAndSaysWhatWasLost() throws Exception {
    try (StandInOap oap = new StandInOap().start(0)) {
      oap.hold();
      Map<String, String> environment =
          Map.of(
              "SATELLITE_GRPC_CLIENT",
              "127.0.0.1:" + oap.port(),
              "SATELLITE_SHUTDOWN_HOOK_TIME",
              "4");
      try (Program program = new Program(environment, "start")) {
        sendEvents(program.port(), 5);
        assertTrue(oap.awaitMessages(EVENTS, 5, Duration.ofSeconds(60)));
        assertEquals(200, program.get("/ready"));
        program.terminate();
        while (program.get("/ready") == 200) {
          Thread.onSpinWait();
        }
        assertEquals(503, program.get("/ready"));
        assertEquals(200, program.get("/live"));
        assertEquals(0, program.exitCode());
        assertTrue(
            program
                .lastLine()
                .contains(
                    "received 5 = forwarded 0 + queued 0 + spilled 0 + dead 0 + dropped 5"
                        + " {shutdown=5}"),
            () -> "" + program.lines());
      }
    }
  }

  @Test
  void itTakesInWhileOthersLearnThatItIsGoing() throws Exception {
    try (StandInOap oap = new StandInOap().start(0)) {
      Map<String, String> environment =
          Map.of(
              "SATELLITE_GRPC_CLIENT",
              "127.0.0.1:" + oap.port(),
              "SATELLITE_SHUTDOWN_HOLD_TIME",
              "3");
      try (Program program = new Program(environment, "start")) {
        program.started();
        assertEquals(200, program.get("/ready"));
        long since = System.nanoTime();
        program.terminate();
        while (program.get("/ready") == 200) {
          Thread.onSpinWait();
        }
        sendEvents(program.port(), 5);
        // A second signal changes nothing.
        assertEquals(0, program.terminate().exitCode());
        Duration took = Duration.ofNanos(System.nanoTime() - since);
        assertTrue(took.toMillis() >= 3_000, () -> "it took " + took);
        assertTrue(
            program.lastLine().contains("account: received 5 = forwarded 5 + queued 0"),
            () -> "" + program.lines());
        assertEquals(5, oap.count(EVENTS).messages());
      }
    }
  }

  @Test
  void whatNoNodeTookWaitsOnDiskForTheNextStart(@TempDir Path directory) throws Exception {
    Path folder = directory.resolve("data");
    try (StandInOap oap = new StandInOap().start(0)) {
      Map<String, String> environment =
          Map.of(
              "SATELLITE_GRPC_CLIENT",
              "127.0.0.1:" + oap.port(),
              "SATELLITE_DATA_DIR",
              folder.toString(),
              "SATELLITE_SHUTDOWN_HOOK_TIME",
              "1");
      oap.hold();
      try (Program first = new Program(environment, "start")) {
        sendEvents(first.port(), 25);
        assertEquals(0, first.terminate().exitCode());
        assertTrue(
            first
                .lastLine()
                .contains("received 25 = forwarded 0 + queued 0 + spilled 25 + dead 0 + dropped 0"),
            () -> "" + first.lines());
        assertTrue(
            first.lines().stream()
                .anyMatch(line -> line.contains("pipe eventpipe: received 25 = forwarded 0")),
            () -> "" + first.lines());
      }
      oap.release();
      long before = oap.count(EVENTS).messages();
      try (Program second = new Program(environment, "start")) {
        assertTrue(oap.awaitMessages(EVENTS, before + 25, Duration.ofSeconds(60)));
        assertEquals(0, second.terminate().exitCode());
        assertTrue(
            second
                .lastLine()
                .endsWith(
                    "account: received 25 = forwarded 25 + queued 0 + spilled 0 + dead 0"
                        + " + dropped 0; refused 0; recovered 25"),
            () -> "" + second.lines());
      }
    }
  }

  @Test
  void whatWasAnsweredAsDurableSurvivesAKill(@TempDir Path folder) throws Exception {
    try (StandInOap oap = new StandInOap().start(0)) {
      Map<String, String> environment =
          Map.of(
              "SATELLITE_GRPC_CLIENT",
              "127.0.0.1:" + oap.port(),
              "SATELLITE_DATA_DIR",
              folder.toString(),
              "SATELLITE_ACKNOWLEDGEMENT",
              "durable");
      oap.hold();
      try (Program killed = new Program(environment, "start")) {
        sendEvents(killed.port(), 25);
      }
      oap.release();
      long before = oap.count(EVENTS).messages();
      try (Program next = new Program(environment, "start")) {
        assertTrue(oap.awaitMessages(EVENTS, before + 25, Duration.ofSeconds(60)));
        assertEquals(0, next.terminate().exitCode());
        assertTrue(
            next.lastLine().contains("received 25 = forwarded 25 + queued 0 + spilled 0"),
            () -> "" + next.lines());
      }
    }
  }

  @Test
  void aFolderInUseIsNamedWithItsOwner(@TempDir Path folder) {
    Map<String, String> environment = Map.of("SATELLITE_DATA_DIR", folder.toString());
    try (Program first = new Program(environment, "start").started();
        Program second = new Program(environment, "start")) {
      assertRefusedInOneLine(second, folder.toString(), "SATELLITE_DATA_DIR", "process ");
      assertEquals(0, first.terminate().exitCode());
    }
    try (Program third = new Program(environment, "start").started()) {
      assertEquals(0, third.terminate().exitCode());
    }
  }

  @Test
  void aFolderThatCannotBeUsedIsNoReasonNotToRun(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "no folder");
    try (StandInOap oap = new StandInOap().start(0);
        Program program =
            new Program(
                Map.of(
                    "SATELLITE_GRPC_CLIENT",
                    "127.0.0.1:" + oap.port(),
                    "SATELLITE_DATA_DIR",
                    file.toString()),
                "start")) {
      sendEvents(program.port(), 5);
      assertEquals(0, program.terminate().exitCode());
      assertTrue(
          program.lastLine().contains("received 5 = forwarded 5"), () -> "" + program.lines());
      String said = String.join("\n", program.lines());
      assertTrue(said.contains("cannot use the data folder " + file), said);
      assertFalse(said.contains("\tat "), said);
    }
  }

  @Test
  void toldToStopWhileItStartsItEndsInGoodOrder() throws Exception {
    try (Program program = run("start")) {
      program.adminPort();
      assertEquals(0, program.terminate().exitCode());
      assertTrue(program.lastLine().contains("account: received 0"), () -> "" + program.lines());
      assertFalse(String.join("\n", program.lines()).contains("\tat "), "a stack trace");
    }
  }

  @Test
  void itStartsAndEndsWithoutAnyNode() throws Exception {
    // A port where nobody listens.
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    try (Program program =
        new Program(Map.of("SATELLITE_GRPC_CLIENT", "127.0.0.1:" + port), "start")) {
      assertEquals(200, program.started().get("/ready"));
      assertEquals(0, program.terminate().exitCode());
      assertTrue(program.lastLine().contains("account: received 0"), () -> "" + program.lines());
      assertFalse(String.join("\n", program.lines()).contains("\tat "), "a stack trace");
    }
  }

  /** On one stream, which is accepted. */
  private static void sendEvents(int port, int count) throws Exception {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    try {
      CompletableFuture<Status> ended = new CompletableFuture<>();
      ClientCall<byte[], byte[]> call =
          channel.newCall(
              RawBytes.method(EVENTS, MethodType.CLIENT_STREAMING), CallOptions.DEFAULT);
      call.start(
          new ClientCall.Listener<>() {
            @Override
            public void onClose(Status status, Metadata trailers) {
              ended.complete(status);
            }
          },
          new Metadata());
      call.request(2);
      for (int i = 0; i < count; i++) {
        call.sendMessage(new byte[] {0x0a, 1, (byte) ('a' + i)});
      }
      call.halfClose();
      assertEquals(Status.Code.OK, ended.get(15, TimeUnit.SECONDS).getCode());
    } finally {
      channel.shutdownNow();
    }
  }
}
