package satellite.pipes.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.protocol.ReceiverPlugin.ENVOY_ALS_V3;
import static satellite.pipes.protocol.ReceiverPlugin.EVENT;
import static satellite.pipes.protocol.ReceiverPlugin.METER;

import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.pipe.PipeConfig;
import satellite.pipes.pipe.PipeConfig.BatchLimits;
import satellite.pipes.transport.AcceptLimit;
import satellite.pipes.transport.AcceptLimitConfig;
import satellite.pipes.transport.AccessToken;
import satellite.queue.QueueConfig;
import satellite.standin.StandInOap;

/** The port itself: probes, limits, and how it closes. */
class GrpcServerTest extends FlowFixture {

  private void limits(int connections, int cpuPercent) {
    server =
        new ServerConfig(
            "127.0.0.1",
            0,
            null,
            AccessToken.NONE,
            2 << 20,
            1000,
            2,
            new AcceptLimitConfig(connections, cpuPercent, 0, true),
            ServerConfig.Ages.UNLIMITED,
            ServerConfig.Quotas.NONE);
  }

  private Socket rawConnection() throws IOException {
    return new Socket("127.0.0.1", satellite.port());
  }

  private static void assertClosedByPeer(Socket socket) throws IOException {
    socket.setSoTimeout(10_000);
    int read;
    try {
      read = socket.getInputStream().read();
    } catch (java.net.SocketException reset) {
      read = -1;
    }
    assertEquals(-1, read);
  }

  // ---- probes

  @Test
  void theHealthOfTheWholeIsServing() {
    node();
    start(EVENT);
    HealthCheckResponse answer =
        HealthGrpc.newBlockingStub(client()).check(HealthCheckRequest.getDefaultInstance());
    assertEquals(ServingStatus.SERVING, answer.getStatus());
  }

  @Test
  void aWatchSeesTheStop() throws Exception {
    node();
    start(EVENT);
    Iterator<HealthCheckResponse> watch =
        HealthGrpc.newBlockingStub(client()).watch(HealthCheckRequest.getDefaultInstance());
    assertEquals(ServingStatus.SERVING, watch.next().getStatus());
    CompletableFuture<Void> stopped = inBackground(() -> stopServer(300));
    assertEquals(ServingStatus.NOT_SERVING, watch.next().getStatus());
    stopped.join();
  }

  // ---- limits

  @Test
  void theConnectionBeyondTheLimitIsClosedAndTheOthersStay() throws Exception {
    limits(3, 101);
    node();
    start(EVENT);
    Caller established = Caller.stream(client(), Samples.EVENTS).send(Samples.event("1"));
    await("it is counted", () -> satellite.connections() == 1);
    try (Socket second = rawConnection();
        Socket third = rawConnection()) {
      await("they are counted", () -> satellite.connections() == 3);
      try (Socket fourth = rawConnection()) {
        assertClosedByPeer(fourth);
      }
      assertEquals(1, satellite.refusedConnections(AcceptLimit.Reason.CONNECTION_COUNT));
      assertEquals(3, satellite.connections());
      assertTrue(second.isConnected() && third.isConnected());
    }
    await("they are gone", () -> satellite.connections() == 1);
    established.send(Samples.event("2")).finish();
    awaitForwarded(2);
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("3")).finish();
    awaitForwarded(3);
  }

  @Test
  void connectionsAreToldByTheHostThatHasThem() throws Exception {
    node();
    start(EVENT);
    assertEquals(List.of(), satellite.clients());
    try (Socket first = rawConnection();
        Socket second = rawConnection();
        Socket other = new Socket()) {
      other.bind(new InetSocketAddress("127.0.0.2", 0));
      other.connect(new InetSocketAddress("127.0.0.1", satellite.port()));
      await("they are counted", () -> satellite.connections() == 3);
      await("they are told", () -> counts(satellite.clients()).equals(List.of(2, 1)));
      List<ClientConnections> clients = satellite.clients();
      assertEquals("127.0.0.1", clients.get(0).host());
      assertEquals("127.0.0.2", clients.get(1).host());
      assertTrue(clients.get(0).oldest().compareTo(clients.get(1).oldest()) > 0, "" + clients);
      assertTrue(first.isConnected() && second.isConnected());
    }
    await("they are gone", () -> satellite.clients().isEmpty());
  }

  private static List<Integer> counts(List<ClientConnections> clients) {
    return clients.stream().map(ClientConnections::connections).toList();
  }

  @Test
  void theCountGoesBackAfterAbortsOfEveryKind() throws Exception {
    node();
    start(EVENT);
    for (int i = 0; i < 20; i++) {
      Socket socket = rawConnection();
      switch (i % 4) {
        case 0 -> {
          // Says nothing.
        }
        case 1 ->
            socket
                .getOutputStream()
                .write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        case 2 -> socket.getOutputStream().write(new byte[1000]);
        default -> socket.setSoLinger(true, 0);
      }
      socket.close();
    }
    await("all are gone", () -> satellite.connections() == 0);
    assertEquals(0, satellite.refusedConnections(AcceptLimit.Reason.CPU_UTILIZATION));
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).finish();
    awaitForwarded(1);
  }

  @Test
  void oneClientMayHaveItsConnectionsAndNoMore() throws Exception {
    server =
        new ServerConfig(
            "",
            0,
            null,
            AccessToken.NONE,
            2 << 20,
            1000,
            2,
            new AcceptLimitConfig(1000, 101, 2, true),
            ServerConfig.Ages.UNLIMITED,
            ServerConfig.Quotas.NONE);
    node();
    start(EVENT);
    try (Socket first = rawConnection();
        Socket second = rawConnection()) {
      await("they are counted", () -> satellite.connections() == 2);
      try (Socket third = rawConnection()) {
        assertClosedByPeer(third);
      }
      assertEquals(1, satellite.refusedConnections(AcceptLimit.Reason.CLIENT_CONNECTION_COUNT));
      InetAddress neighbour = InetAddress.getByName("127.0.0.2");
      try (Socket other =
          new Socket(InetAddress.getByName("127.0.0.1"), satellite.port(), neighbour, 0)) {
        await("another client gets in", () -> satellite.connections() == 3);
      }
      first.close();
      await("its place is free", () -> satellite.connections() == 1);
      try (Socket again = rawConnection()) {
        await("and may be taken", () -> satellite.connections() == 2);
      }
    }
    await("all are gone", () -> satellite.connections() == 0);
  }

  /** Whatever a client does at whatever moment, its place is free afterwards. */
  @Test
  void theCountIsRightUnderAnyAbort() throws Exception {
    node();
    start(EVENT);
    byte[] preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < 300; i++) {
      try (Socket socket = rawConnection()) {
        // Half of them say nothing, the others up to a preface and an empty SETTINGS frame.
        if (i % 2 == 0) {
          socket.getOutputStream().write(preface, 0, i % preface.length);
        } else if (i % 3 == 0) {
          socket.getOutputStream().write(preface);
          socket.getOutputStream().write(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
        }
        // A third of them with a reset.
        socket.setSoLinger(i % 3 == 1, 0);
      }
    }
    await("nobody is counted", () -> satellite.connections() == 0);
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).finish();
    assertEquals(1, satellite.connections());
    awaitForwarded(1);
  }

  @Test
  void aBusyCpuClosesNewConnectionsOnly() throws Exception {
    limits(1000, 75);
    AtomicReference<Double> cpu = new AtomicReference<>(10.0);
    cpuPercent = cpu::get;
    node();
    start(EVENT);
    Caller established = Caller.stream(client(), Samples.EVENTS).send(Samples.event("1"));
    await("it is counted", () -> satellite.connections() == 1);
    cpu.set(75.0);
    try (Socket refused = rawConnection()) {
      assertClosedByPeer(refused);
    }
    assertEquals(1, satellite.refusedConnections(AcceptLimit.Reason.CPU_UTILIZATION));
    established.send(Samples.event("2")).finish();
    cpu.set(74.9);
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("3")).finish();
    awaitForwarded(3);
  }

  @Test
  void aCpuLimitAboveHundredIsNone() {
    limits(1000, 101);
    cpuPercent = () -> 100;
    node();
    start(EVENT);
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).finish();
    awaitForwarded(1);
  }

  @Test
  void aMessageOverTheLimitIsRefusedAndTheConnectionStays() {
    server =
        new ServerConfig(
            "127.0.0.1",
            0,
            null,
            AccessToken.NONE,
            10_000,
            1000,
            2,
            AcceptLimitConfig.of(1000),
            ServerConfig.Ages.UNLIMITED,
            ServerConfig.Quotas.NONE);
    StandInOap oap = node();
    start(EVENT);
    ManagedChannel agent = client();
    for (String method : new String[] {Samples.EVENTS, "/some.company.Service/method"}) {
      Caller caller = Caller.open(agent, MethodType.CLIENT_STREAMING, method);
      caller.send(Samples.event("e", 10_000));
      assertEquals(Status.Code.RESOURCE_EXHAUSTED, caller.code());
      assertTrue(caller.status().getDescription().contains("10000"), caller.status().toString());
    }
    assertEquals(1, satellite.connections());
    Caller.stream(agent, Samples.EVENTS).send(Samples.event("e", 9_000)).finish();
    awaitForwarded(1);
    assertEquals(1, oap.count(Samples.EVENTS.substring(1)).messages());
  }

  @Test
  void streamsBeyondTheLimitWaitForAPlace() {
    server =
        new ServerConfig(
            "127.0.0.1",
            0,
            null,
            AccessToken.NONE,
            2 << 20,
            2,
            2,
            AcceptLimitConfig.of(1000),
            ServerConfig.Ages.UNLIMITED,
            ServerConfig.Quotas.NONE);
    node();
    start(EVENT);
    ManagedChannel agent = client();
    Caller first = Caller.stream(agent, Samples.EVENTS).send(Samples.event("1"));
    Caller second = Caller.stream(agent, Samples.EVENTS).send(Samples.event("2"));
    await("two are open", () -> account().received() == 2);
    Caller third = Caller.stream(agent, Samples.EVENTS).send(Samples.event("3")).halfClose();
    first.finish();
    third.assertAccepted();
    second.finish();
    awaitForwarded(3);
  }

  // ---- stop

  private static CompletableFuture<Void> inBackground(Step step) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            step.run();
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private interface Step {
    void run() throws Exception;
  }

  @Test
  void stopEndsLongStreamsAndWhatTheySentIsFlushed() throws Exception {
    batch = new BatchLimits(Duration.ofMinutes(5), 1000, 1 << 20, 4);
    StandInOap oap = node();
    start(EVENT, METER);
    ManagedChannel agent = client();
    int port = satellite.port();
    Caller events = Caller.stream(agent, Samples.EVENTS);
    IntStream.range(0, 10).forEach(i -> events.send(Samples.event("e" + i)));
    Caller meters = Caller.stream(agent, Samples.METER);
    meters.send(Samples.meter("shop", "shop-1", 1).toByteArray());
    await("all came in", () -> pipe(METER).account().received() + account().received() == 11);
    stopServer(200);
    assertEquals(Status.Code.UNAVAILABLE, events.code());
    assertEquals("Satellite is stopping", events.status().getDescription());
    assertEquals(Status.Code.UNAVAILABLE, meters.code());
    assertEquals(0, account().forwarded());
    pipes.forEach(Pipe::flush);
    awaitSettled();
    assertEquals(10, messages(oap, Samples.EVENTS).size());
    assertEquals(1, messages(oap, Samples.METERS).size());
    // A client that comes now is not let in.
    assertThrows(ConnectException.class, () -> new Socket("127.0.0.1", port).close());
  }

  @Test
  void stopLetsAStreamEndByItselfFirst() {
    node();
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS).send(Samples.event("1"));
    await("it is open", () -> account().received() == 1);
    CompletableFuture<Void> stopped = inBackground(() -> stopServer(10_000));
    caller.send(Samples.event("2")).finish();
    stopped.join();
    awaitForwarded(2);
  }

  @Test
  void stopWaitsForACallThatIsPassedThrough() {
    StandInOap oap = node();
    oap.hold();
    start(EVENT);
    awaitUp(1);
    Caller call =
        Caller.unary(client(), "/skywalking.v3.ProfileTask/getProfileTaskCommands", new byte[0]);
    await("the node has it", () -> oap.held() == 1);
    CompletableFuture<Void> stopped = inBackground(() -> stopServer(10_000));
    assertFalse(stopped.isDone());
    oap.release();
    call.assertAccepted();
    stopped.join();
  }

  @Test
  void whatIsPausedAtTheStopIsRefused() throws Exception {
    queue = new QueueConfig(1, 1, LONG, queue.whenFull());
    StandInOap oap = node();
    oap.hold();
    start(EVENT);
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    caller.send(Samples.event("1")).send(Samples.event("2"));
    await("the first is taken", () -> oap.held() == 1 || account().received() == 1);
    stopServer(200);
    assertEquals(Status.Code.UNAVAILABLE, caller.code());
    await("the account says so", () -> !account().refusedByReason().isEmpty());
    assertEquals(Map.of("shutdown", 1L), account().refusedByReason());
    oap.release();
    awaitForwarded(1);
  }

  @Test
  void whatCannotBeSentIsAbandonedAndCounted() {
    batch = new BatchLimits(Duration.ofMillis(1), 2, 1 << 20, 1);
    StandInOap oap = node();
    oap.hold();
    start(EVENT, METER);
    Caller.stream(client(), Samples.METERS)
        .send(Samples.meters("a", 1))
        .send(Samples.meters("b", 2))
        .send(Samples.meters("c", 3))
        .finish();
    Caller caller = Caller.stream(client(), Samples.EVENTS);
    IntStream.range(0, 10).forEach(i -> caller.send(Samples.event("e" + i)));
    caller.finish();
    await("each pipe has a batch out", () -> oap.openCalls() == 2);
    pipes.forEach(Pipe::abandon);
    // One or two of them had left in time.
    await("the rest is given up", () -> account().dropped() >= 8);
    // Those under way are given up when they are broken off.
    connector.closeNow();
    awaitSettled();
    assertEquals(Map.of("shutdown", 10L), account().droppedByReason());
    assertEquals(Map.of("shutdown", 3L), pipe(METER).account().droppedByReason());
  }

  @Test
  void whatWaitsForANodeIsAbandonedAndCounted() {
    deadNode();
    start(EVENT, METER);
    Caller.stream(client(), Samples.EVENTS).send(Samples.event("1")).finish();
    Caller.stream(client(), Samples.METERS).send(Samples.meters("a", 1)).finish();
    await("they are queued", () -> pipe(METER).account().received() == 1);
    pipes.forEach(Pipe::flush);
    pipes.forEach(Pipe::abandon);
    awaitSettled();
    assertEquals(Map.of("shutdown", 1L), account().droppedByReason());
    assertEquals(Map.of("shutdown", 1L), pipe(METER).account().droppedByReason());
  }

  @Test
  void whatComesAfterTheQueuesWereGivenUpIsDroppedToo() {
    batch = new BatchLimits(LONG, 200, 1 << 20, 4);
    gather = new PipeConfig.Gather(LONG, 500);
    node();
    start(ENVOY_ALS_V3);
    awaitUp(1);
    Caller caller = Caller.stream(client(), Samples.ALS).send(Samples.accessLog("envoy-1", "/"));
    await("it is being gathered", () -> account().received() == 1);
    pipes.forEach(Pipe::abandon);
    caller.finish();
    await("it is given up", () -> account().dropped() == 1);
    assertEquals(Map.of("shutdown", 1L), account().droppedByReason());
  }

  @Test
  void whatComesAfterTheFlushLeavesAtOnce() {
    batch = new BatchLimits(LONG, 200, 1 << 20, 4);
    node();
    start(EVENT);
    awaitUp(1);
    pipes.forEach(Pipe::flush);
    for (int i = 1; i <= 2; i++) {
      Caller.stream(client(), Samples.EVENTS).send(Samples.event("e" + i)).finish();
      int sent = i;
      await("it left", () -> account().forwarded() == sent);
    }
  }
}
