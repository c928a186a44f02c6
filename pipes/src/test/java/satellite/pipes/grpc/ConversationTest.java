package satellite.pipes.grpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static satellite.pipes.grpc.LaterOap.GO_PROFILE;
import static satellite.pipes.grpc.LaterOap.JFR;
import static satellite.pipes.grpc.LaterOap.OVERSIZE;
import static satellite.pipes.grpc.LaterOap.PPROF;
import static satellite.pipes.grpc.LaterOap.SUCCESS;
import static satellite.pipes.grpc.LaterOap.TASK_ERROR;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.skywalking.apm.network.common.v3.Commands;
import org.apache.skywalking.apm.network.ebpf.profiling.process.v3.EBPFProcessReportList;
import org.apache.skywalking.apm.network.ebpf.profiling.process.v3.EBPFReportProcessDownstream;
import org.apache.skywalking.apm.network.ebpf.profiling.v3.ContinuousProfilingPolicyQuery;
import org.apache.skywalking.apm.network.ebpf.profiling.v3.ContinuousProfilingReport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.discovery.Node;
import satellite.pipes.ByHand;
import satellite.pipes.Caller;
import satellite.pipes.FlowFixture;
import satellite.pipes.Samples;
import satellite.pipes.ScriptedNode;
import satellite.pipes.grpc.LaterOap.Profile;
import satellite.pipes.protocol.FieldCursor;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.standin.StandInOap;

/**
 * Agents and nodes that answer each other, as the Java agent, the Go agent and rover do with OAP
 * 10.2 to 10.4: every message and every answer arrives as it was sent, from one node.
 */
class ConversationTest extends FlowFixture {

  private static final int MIB = 1 << 20;
  private static final int MAX_PROFILE = 30 * MIB;

  private final List<LaterOap> oaps = new ArrayList<>();
  private final List<Cable> cables = new ArrayList<>();
  private final Random random = new Random(1);

  @AfterEach
  void removeCables() {
    cables.forEach(Cable::close);
  }

  private void oaps(int count) {
    for (int i = 0; i < count; i++) {
      oaps.add(new LaterOap(node(), MAX_PROFILE));
    }
  }

  private void start(int count) {
    oaps(count);
    start(ReceiverPlugin.values());
    awaitUp(count);
  }

  // ---- what agents send

  private static byte[] metadata(String task, int ending, long size) {
    return ByHand.message(1, ByHand.message(1, "shop", 2, "shop-1", 3, task, 4, ending, 5, size));
  }

  private byte[] file(int bytes) {
    byte[] file = new byte[bytes];
    random.nextBytes(file);
    return file;
  }

  private static List<byte[]> pieces(byte[] file, int bytes) {
    List<byte[]> pieces = new ArrayList<>();
    for (int from = 0; from < file.length; from += bytes) {
      pieces.add(Arrays.copyOfRange(file, from, Math.min(file.length, from + bytes)));
    }
    return pieces;
  }

  private static byte[] content(byte[] piece) {
    return ByHand.message(3, piece);
  }

  /** With the deadline that the Java agent gives it. */
  private static Caller open(Channel agent, String method) {
    return Caller.open(
        agent,
        MethodType.BIDI_STREAMING,
        method,
        new Metadata(),
        CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS));
  }

  private void awaitAnswer(Caller caller) {
    await("an answer", () -> !caller.answers.isEmpty());
    assertFalse(caller.isOver());
  }

  private static void assertEnded(Caller caller, byte[]... answers) {
    assertEquals(Status.Code.OK, caller.code(), () -> caller.status().toString());
    assertArrayEquals(answers, caller.answers.toArray());
  }

  private static byte[] ended(int how) {
    return how == SUCCESS ? new byte[0] : ByHand.message(1, how);
  }

  private List<Profile> profiles() {
    return oaps.stream().flatMap(oap -> oap.profiles().stream()).toList();
  }

  private static Profile profile(String task, byte[] file) {
    return new Profile(task, "shop", "shop-1", ByteString.copyFrom(file));
  }

  /** The messages of each call of a method, at whichever node. */
  private List<List<byte[]>> calls(String method) {
    List<List<byte[]>> calls = new ArrayList<>();
    for (StandInOap node : nodes) {
      Set<Long> ids = new LinkedHashSet<>();
      List<Taken> all =
          taken(node).stream().filter(t -> t.call().method().equals(method.substring(1))).toList();
      all.forEach(t -> ids.add(t.call().id()));
      for (long id : ids) {
        calls.add(all.stream().filter(t -> t.call().id() == id).map(Taken::message).toList());
      }
    }
    return calls;
  }

  private long callsTo(String method) {
    return nodes.stream().mapToLong(node -> node.count(method.substring(1)).calls()).sum();
  }

  // ---- uploads

  /** The Java agent uploads in pieces of 1 MiB, and only after the answer. */
  @Test
  void aJfrFileFollowsTheAnswerToItsMetadata() {
    start(3);
    byte[] file = file(2 * MIB + 500_000);
    List<byte[]> sent = new ArrayList<>();
    sent.add(metadata("task-1", SUCCESS, file.length));
    pieces(file, MIB).forEach(piece -> sent.add(content(piece)));

    Caller caller = open(client(), JFR).send(sent.get(0));
    awaitAnswer(caller);
    sent.stream().skip(1).forEach(caller::send);
    caller.halfClose();

    assertEnded(caller, ended(SUCCESS));
    assertEquals(List.of(profile("task-1", file)), profiles());
    assertEquals(1, calls(JFR).size());
    assertArrayEquals(sent.toArray(), calls(JFR).get(0).toArray());
  }

  @Test
  void aJfrFileThatIsTooLargeIsNotUploaded() {
    start(2);
    byte[] metadata = metadata("task-1", SUCCESS, MAX_PROFILE + 1L);
    Caller caller = open(client(), JFR).send(metadata);
    awaitAnswer(caller);
    caller.halfClose();
    assertEnded(caller, ended(OVERSIZE));
    assertArrayEquals(new byte[][] {metadata}, messages(JFR).toArray());
    assertEquals(List.of(), profiles());
  }

  /** OAP says nothing to it but that it has taken note, once the agent has said all. */
  @Test
  void aFailedTaskOfTheAsyncProfilerIsNotAnswered() {
    start(2);
    byte[] failed =
        FieldCursor.concat(metadata("task-1", TASK_ERROR, -1), ByHand.message(2, "no perf_events"));
    Caller caller = open(client(), JFR).send(failed);
    await("it is there", () -> messages(JFR).size() == 1);
    assertFalse(caller.isOver());
    caller.halfClose();
    assertEnded(caller);
    assertArrayEquals(failed, messages(JFR).get(0));
  }

  static Stream<Arguments> pprof() {
    return Stream.of(
        Arguments.of(SUCCESS, 100_000L, SUCCESS),
        Arguments.of(SUCCESS, MAX_PROFILE + 1L, OVERSIZE),
        Arguments.of(TASK_ERROR, 0L, TASK_ERROR));
  }

  @ParameterizedTest
  @MethodSource("pprof")
  void aPprofTaskIsAlwaysAnswered(int ending, long size, int answer) {
    start(2);
    Caller caller = open(client(), PPROF).send(metadata("task-1", ending, size));
    awaitAnswer(caller);
    byte[] file = answer == SUCCESS ? file((int) size) : new byte[0];
    pieces(file, 40_000).forEach(piece -> caller.send(content(piece)));
    caller.halfClose();
    assertEnded(caller, ended(answer));
    assertEquals(answer == SUCCESS ? List.of(profile("task-1", file)) : List.of(), profiles());
  }

  /** The Go agent keeps one stream: a file is complete with its last piece, not with the stream. */
  @Test
  void aGoProfileIsCompleteWhileItsStreamIsOpen() {
    start(3);
    byte[] one = file(300_000);
    byte[] two = file(200_000);
    Caller caller = Caller.stream(client(), GO_PROFILE);
    goPieces("task-1", one).forEach(caller::send);
    await("the first file", () -> profiles().size() == 1);
    // The beginning of a file that the agent gives up.
    caller.send(goPieces("task-2", one).get(0));
    goPieces("task-3", two).forEach(caller::send);
    await("the other file", () -> profiles().size() == 2);
    assertFalse(caller.isOver());
    caller.finish();
    assertEquals(
        List.of(
            new Profile("task-1", "", "", ByteString.copyFrom(one)),
            new Profile("task-3", "", "", ByteString.copyFrom(two))),
        profiles());
    assertEquals(1, calls(GO_PROFILE).size());
  }

  private static List<byte[]> goPieces(String task, byte[] file) {
    List<byte[]> messages = new ArrayList<>();
    List<byte[]> pieces = pieces(file, 64 << 10);
    for (int i = 0; i < pieces.size(); i++) {
      byte[] piece = ByHand.message(1, task, 2, pieces.get(i));
      boolean last = i == pieces.size() - 1;
      messages.add(last ? FieldCursor.concat(piece, ByHand.message(3, 1)) : piece);
    }
    return messages;
  }

  /** Piece by piece in turn, so that any mix-up of calls shows. */
  @Test
  void everyConversationHasOneNodeAndAllNodesHaveSome() {
    start(3);
    List<String> methods = List.of(JFR, PPROF, GO_PROFILE);
    Channel[] agents = {client(), client()};
    List<byte[]> files = IntStream.range(0, 18).mapToObj(i -> file(50_000 + i)).toList();
    List<Caller> callers = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      String method = methods.get(i % 3);
      callers.add(open(agents[i % 2], method));
      if (!method.equals(GO_PROFILE)) {
        callers.get(i).send(metadata("task-" + i, SUCCESS, files.get(i).length));
        awaitAnswer(callers.get(i));
      }
    }
    List<List<byte[]>> sent = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      sent.add(
          methods.get(i % 3).equals(GO_PROFILE)
              ? goPieces("task-" + i, files.get(i))
              : pieces(files.get(i), 10_000).stream().map(ConversationTest::content).toList());
    }
    for (int piece = 0; piece < 6; piece++) {
      for (int i = 0; i < files.size(); i++) {
        if (piece < sent.get(i).size()) {
          callers.get(i).send(sent.get(i).get(piece));
        }
      }
    }
    callers.forEach(caller -> assertEnded(caller.halfClose(), ended(SUCCESS)));
    Set<Profile> expected = new HashSet<>();
    for (int i = 0; i < files.size(); i++) {
      ByteString content = ByteString.copyFrom(files.get(i));
      boolean named = !methods.get(i % 3).equals(GO_PROFILE);
      expected.add(new Profile("task-" + i, named ? "shop" : "", named ? "shop-1" : "", content));
    }
    assertEquals(expected, new HashSet<>(profiles()));
    assertEquals(files.size(), profiles().size());
    for (String method : methods) {
      assertEquals(6, calls(method).size());
    }
    oaps.forEach(oap -> assertEquals(6, oap.profiles().size()));
  }

  /** A node that reads slowly slows the agent down; what is between them does not grow. */
  @Test
  void aLargeUploadIsNotHeldOnItsWay() throws Exception {
    start(2);
    byte[] file = file(MAX_PROFILE);
    Caller caller = open(client(), JFR).send(metadata("task-1", SUCCESS, file.length));
    awaitAnswer(caller);
    CountDownLatch readsOn = new CountDownLatch(1);
    nodes.forEach(node -> node.onMessage((method, message) -> awaitLatch(readsOn)));
    List<byte[]> pieces = pieces(file, 64 << 10);
    int next = 0;
    long quietSince = System.nanoTime();
    while (System.nanoTime() - quietSince < 300_000_000L && next < pieces.size()) {
      if (caller.call.isReady()) {
        caller.send(content(pieces.get(next++)));
        quietSince = System.nanoTime();
      }
      Thread.onSpinWait();
    }
    int out = next * (64 << 10);
    assertTrue(out < 6 * MIB, () -> out + " bytes left the agent while the node did not read");
    readsOn.countDown();
    for (byte[] piece : pieces.subList(next, pieces.size())) {
      await("the agent may go on", caller.call::isReady);
      caller.send(content(piece));
    }
    caller.halfClose();
    assertEnded(caller, ended(SUCCESS));
    assertEquals(List.of(profile("task-1", file)), profiles());
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      assertTrue(latch.await(20, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
  }

  /** The Java agent's own way: all pieces at once, whatever flow control says. */
  @Test
  void aLargeUploadThatHeedsNothingArrivesWhole() {
    start(2);
    byte[] file = file(MAX_PROFILE);
    Caller caller = open(client(), JFR).send(metadata("task-1", SUCCESS, file.length));
    awaitAnswer(caller);
    pieces(file, MIB).forEach(piece -> caller.send(content(piece)));
    caller.halfClose();
    assertEnded(caller, ended(SUCCESS));
    assertEquals(List.of(profile("task-1", file)), profiles());
  }

  // ---- how conversations break off

  @ParameterizedTest
  @ValueSource(strings = {JFR, PPROF, GO_PROFILE})
  void aNodeThatNeverAnswersEndsWithTheAgentsDeadline(String method) {
    start(2);
    nodes.forEach(StandInOap::hold);
    Caller caller =
        Caller.open(
            client(),
            MethodType.BIDI_STREAMING,
            method,
            new Metadata(),
            CallOptions.DEFAULT.withDeadlineAfter(400, TimeUnit.MILLISECONDS));
    caller.send(metadata("task-1", SUCCESS, 10)).halfClose();
    assertEquals(Status.Code.DEADLINE_EXCEEDED, caller.code());
    assertEquals(List.of(), caller.answers);
    await("the node has let go", () -> nodes.stream().allMatch(node -> node.openCalls() == 0));
    assertEquals(1, callsTo(method), "nobody tried again");
  }

  @Test
  void anAgentThatGivesUpLeavesNoHalfFile() {
    start(2);
    Caller caller = open(client(), JFR).send(metadata("task-1", SUCCESS, 30_000));
    awaitAnswer(caller);
    caller.send(content(file(10_000)));
    await("the piece is there", () -> messages(JFR).size() == 2);
    caller.call.cancel("the agent stops", null);
    await("the node has let go", () -> nodes.stream().allMatch(node -> node.openCalls() == 0));
    assertEquals(List.of(), profiles());
    assertEquals(1, callsTo(JFR));
  }

  private static final Metadata.Key<String> DETAIL =
      Metadata.Key.of("detail", Metadata.ASCII_STRING_MARSHALLER);

  @Test
  void anErrorInTheMiddleOfAnUploadArrivesWithItsTrailers() {
    try (ScriptedNode oap = new ScriptedNode()) {
      start(Set.of(oap.place()), ReceiverPlugin.values());
      awaitUp(1);
      Caller caller = open(client(), PPROF).send(metadata("task-1", SUCCESS, 30_000));
      ScriptedNode.Taken taken = oap.next();
      taken.read();
      taken.answerHeaders(new Metadata()).answer(ended(SUCCESS));
      awaitAnswer(caller);
      caller.send(content(file(10_000)));
      taken.read();
      Metadata trailers = new Metadata();
      trailers.put(DETAIL, "disk full");
      taken.call.close(status(Status.Code.INTERNAL, "Error processing pprof data"), trailers);
      assertEquals(Status.Code.INTERNAL, caller.code());
      assertEquals("Error processing pprof data", caller.status().getDescription());
      assertEquals("disk full", caller.trailers().get(DETAIL));
      assertArrayEquals(new byte[][] {ended(SUCCESS)}, caller.answers.toArray());
      assertFalse(oap.hasCalls(), "nobody tried again");
    }
  }

  /** Its memory of the conversation died with it: only the agent can begin again. */
  @ParameterizedTest
  @ValueSource(strings = {JFR, PPROF, GO_PROFILE})
  void aNodeThatDiesEndsItsConversationsAndNoOtherNodeGetsTheRest(String method) {
    oaps(2);
    Set<Node> places = new LinkedHashSet<>();
    for (StandInOap node : nodes) {
      cables.add(new Cable(node.port()));
      places.add(new Node("127.0.0.1", cables.get(cables.size() - 1).port()));
    }
    start(places, ReceiverPlugin.values());
    awaitUp(2);
    Channel agent = client();
    Caller caller = open(agent, method).send(metadata("task-1", SUCCESS, 20_000));
    await("a node has it", () -> messages(method).size() == 1);
    int dies = messages(nodes.get(0), method).isEmpty() ? 1 : 0;
    cables.get(dies).cut();
    assertEquals(Status.Code.UNAVAILABLE, caller.code(), () -> caller.status().toString());
    awaitUp(1);
    assertEquals(1, callsTo(method), "nobody tried again");

    byte[] file = file(20_000);
    Caller again = open(agent, JFR).send(metadata("task-1", SUCCESS, file.length));
    awaitAnswer(again);
    again.send(content(file)).halfClose();
    assertEnded(again, ended(SUCCESS));
    assertEquals(List.of(profile("task-1", file)), oaps.get(1 - dies).profiles());
  }

  // ---- questions

  /** Of the agents that ask with the time of their latest task, and of Go's for its settings. */
  static Stream<Arguments> questions() {
    return Stream.of(
        Arguments.of(LaterOap.JFR_TASKS, "AsyncProfilerTaskQuery"),
        Arguments.of(LaterOap.PPROF_TASKS, "PprofTaskQuery"),
        Arguments.of(LaterOap.PROFILE_TASKS, "ProfileTaskQuery"),
        Arguments.of("/ProfileTask/getProfileTaskCommands", null));
  }

  @ParameterizedTest
  @MethodSource("questions")
  void newTasksAreTheAnswerAndOldOnesAreNot(String method, String command) {
    start(2);
    if (command == null) {
      nodes.forEach(node -> node.answer(method.substring(1), (question, index) -> question));
    }
    Channel agent = client();
    byte[] first = ByHand.message(1, "shop", 2, "shop-1", 3, 0);
    byte[] later = ByHand.message(1, "shop", 2, "shop-1", 3, LaterOap.TASK_TIME);
    Caller asks = Caller.unary(agent, method, first);
    Caller asksAgain = Caller.unary(agent, method, later);
    assertEquals(Status.Code.OK, asks.code());
    assertEquals(Status.Code.OK, asksAgain.code());
    if (command == null) {
      assertArrayEquals(first, asks.answers.get(0));
      assertArrayEquals(later, asksAgain.answers.get(0));
    } else {
      assertEquals(List.of(command), commands(asks));
      assertEquals(List.of(), commands(asksAgain));
    }
    Set<ByteString> seen = new HashSet<>();
    messages(method).forEach(message -> seen.add(ByteString.copyFrom(message)));
    assertEquals(Set.of(ByteString.copyFrom(first), ByteString.copyFrom(later)), seen);
  }

  private static List<String> commands(Caller caller) {
    return Samples.parse(Commands.parser(), caller.answers.get(0)).getCommandsList().stream()
        .map(command -> command.getCommand())
        .toList();
  }

  @Test
  void aGoAgentIsToldOfItsConfigurationOnce() {
    start(2);
    Channel agent = client();
    String method = LaterOap.CONFIGURATION;
    Caller knowsNothing = Caller.unary(agent, method, ByHand.message(1, "shop"));
    assertEquals(Status.Code.OK, knowsNothing.code());
    assertEquals(List.of("ConfigurationDiscoveryCommand"), commands(knowsNothing));
    byte[] knows = ByHand.message(1, "shop", 2, LaterOap.DIGEST);
    Caller.unary(agent, method, knows).assertAccepted();
  }

  @Test
  void roversProcessesTasksAndPoliciesAreAnsweredWithContent() {
    start(2);
    Channel rover = client();
    var report = EBPFProcessReportList.newBuilder().setEbpfAgentID("rover-1");
    for (String name : List.of("nginx", "redis")) {
      report.addProcessesBuilder().getHostProcessBuilder().getEntityBuilder().setProcessName(name);
    }
    Caller reports = Caller.unary(rover, LaterOap.PROCESSES, report.build().toByteArray());
    assertEquals(Status.Code.OK, reports.code());
    var ids = Samples.parse(EBPFReportProcessDownstream.parser(), reports.answers.get(0));
    assertEquals(
        List.of("nginx", "redis"),
        ids.getProcessesList().stream().map(process -> process.getProcessId()).toList());

    Caller tasks = Caller.unary(rover, LaterOap.EBPF_TASKS, ByHand.message(1, "rover-1", 2, 0));
    assertEquals(Status.Code.OK, tasks.code());
    assertEquals(List.of("EBPFProfilingTaskQuery"), commands(tasks));

    var query = ContinuousProfilingPolicyQuery.newBuilder();
    query.addPoliciesBuilder().setServiceName("shop").setUuid("u");
    Caller policies = Caller.unary(rover, LaterOap.POLICIES, query.build().toByteArray());
    assertEquals(Status.Code.OK, policies.code());
    assertEquals(List.of("ContinuousProfilingPolicyQuery"), commands(policies));

    var found = ContinuousProfilingReport.newBuilder().setServiceName("shop").setDuration(60);
    Caller task = Caller.unary(rover, LaterOap.POLICY_TASK, found.build().toByteArray());
    assertEquals(Status.Code.OK, task.code());
    assertEquals(List.of("ContinuousProfilingReportTask"), commands(task));
    assertArrayEquals(found.build().toByteArray(), messages(LaterOap.POLICY_TASK).get(0));
  }

  /** OAP writes down that the agent was told: asking again would tell another story. */
  @Test
  void aQuestionThatFailsIsNotAskedAgain() {
    start(2);
    nodes.forEach(node -> node.endAfter(LaterOap.JFR_TASKS.substring(1), 1, Status.UNAVAILABLE));
    Caller asks = Caller.unary(client(), LaterOap.JFR_TASKS, ByHand.message(1, "shop"));
    assertEquals(Status.Code.UNAVAILABLE, asks.code());
    assertEquals(1, callsTo(LaterOap.JFR_TASKS));
  }

  /** The Java agent turns its async-profiler off when it sees this status. */
  @ParameterizedTest
  @ValueSource(strings = {JFR, LaterOap.JFR_TASKS, PPROF, LaterOap.PPROF_TASKS, GO_PROFILE})
  void anOapThatLacksAMethodSaysSo(String method) {
    start(2);
    nodes.forEach(
        node -> node.endAfter(method.substring(1), 0, status(Status.Code.UNIMPLEMENTED, "no")));
    Caller caller = open(client(), method).send(metadata("task-1", SUCCESS, 1)).halfClose();
    assertEquals(Status.Code.UNIMPLEMENTED, caller.code());
    assertEquals("no", caller.status().getDescription());
  }
}
