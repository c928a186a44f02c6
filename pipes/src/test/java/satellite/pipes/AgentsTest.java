package satellite.pipes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.grpc.Channel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.skywalking.apm.network.ebpf.accesslog.v3.EBPFAccessLogMessage;
import org.apache.skywalking.apm.network.ebpf.profiling.process.v3.EBPFProcessPingPkgList;
import org.apache.skywalking.apm.network.ebpf.profiling.v3.EBPFProfilingData;
import org.apache.skywalking.apm.network.language.agent.v3.CLRMetricCollection;
import org.apache.skywalking.apm.network.language.agent.v3.MeterDataCollection;
import org.apache.skywalking.apm.network.language.agent.v3.SpanAttachedEvent;
import org.apache.skywalking.apm.network.language.profile.v3.ThreadSnapshot;
import org.apache.skywalking.apm.network.logging.v3.LogData;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import satellite.pipes.pipe.Pipe;
import satellite.pipes.protocol.OapView;
import satellite.pipes.protocol.Protocol;
import satellite.pipes.protocol.Protocols;
import satellite.pipes.protocol.RandomMessages;
import satellite.pipes.protocol.ReceiverPlugin;
import satellite.queue.Account;
import satellite.standin.StandInOap;

/**
 * What each kind of agent reports, in the mixture and on the streams that it uses, in front of
 * three nodes and with all pipes.
 */
class AgentsTest extends FlowFixture {

  private static final String V3 = "/skywalking.v3.";
  private static final String CLR = V3 + "CLRMetricReportService/collect";
  private static final String SPAN_EVENTS = V3 + "SpanAttachedEventReportService/collect";
  private static final String SNAPSHOTS = V3 + "ProfileTask/collectSnapshot";
  private static final String PROPERTIES = V3 + "ManagementService/reportInstanceProperties";
  private static final String PINGS = V3 + "EBPFProcessService/keepAlive";
  private static final String PROFILING = V3 + "EBPFProfilingService/collectProfilingData";
  private static final String ACCESS_LOGS = V3 + "EBPFAccessLogService/collect";

  private final Random random = new Random(7);
  private final RandomMessages messages = new RandomMessages(random);

  @BeforeEach
  void startAll() {
    node();
    node();
    node();
    start(ReceiverPlugin.values());
    awaitUp(3);
  }

  private long received() {
    return pipes.stream().map(Pipe::account).mapToLong(Account::received).sum();
  }

  /** So many client messages were taken in, and all of them are with a node. */
  private void awaitAll(long count) {
    await(count + " are received", () -> received() == count);
    awaitSettled();
    assertEquals(count, pipes.stream().map(Pipe::account).mapToLong(Account::forwarded).sum());
  }

  private static Map<ByteString, Integer> bag(Collection<byte[]> messages) {
    Map<ByteString, Integer> bag = new HashMap<>();
    messages.forEach(message -> bag.merge(ByteString.copyFrom(message), 1, Integer::sum));
    return bag;
  }

  /** What OAP would know from the calls of a method, each stream of its own read by itself. */
  private Map<Object, Integer> facts(String method) {
    Map<Object, Integer> facts = new HashMap<>();
    for (StandInOap node : nodes) {
      Map<Long, List<byte[]>> calls = new TreeMap<>();
      for (Taken one : taken(node)) {
        if (one.call().method().equals(method.substring(1))) {
          calls.computeIfAbsent(one.call().id(), any -> new ArrayList<>()).add(one.message());
        }
      }
      calls
          .values()
          .forEach(c -> OapView.facts(method, c).forEach(f -> facts.merge(f, 1, Integer::sum)));
    }
    return facts;
  }

  private static Map<Object, Integer> facts(String method, List<List<byte[]>> streams) {
    Map<Object, Integer> facts = new HashMap<>();
    streams.forEach(s -> OapView.facts(method, s).forEach(f -> facts.merge(f, 1, Integer::sum)));
    return facts;
  }

  /** Nodes that took something of a method. */
  private long nodesThatTook(String method) {
    return nodes.stream().filter(node -> !messages(node, method).isEmpty()).count();
  }

  // ---- Go

  /** It keeps its log stream open: waiting for the end would be waiting for the agent's. */
  @Test
  void logsOfAGoAgentArriveWhileItsStreamIsOpen() {
    Channel agent = client();
    Caller shop = Caller.stream(agent, Samples.LOGS);
    Caller cart = Caller.stream(agent, Samples.LOGS);
    for (int i = 0; i < 30; i++) {
      int sent = i;
      shop.send(Samples.log(i == 0 ? "shop" : "", "shop" + i));
      cart.send(Samples.log(i == 0 ? "cart" : "", "cart" + i));
      await("the logs", () -> messages(Samples.LOGS).size() == 2 * (sent + 1));
    }
    assertFalse(shop.isOver() || cart.isOver());
    for (byte[] message : messages(Samples.LOGS)) {
      LogData log = Samples.parse(LogData.parser(), message);
      assertTrue(log.getBody().getText().getText().startsWith(log.getService()), log::toString);
    }
    assertEquals(3, nodesThatTook(Samples.LOGS), "an open stream binds nobody to a node");
    shop.finish();
    cart.finish();
    awaitAll(60);
  }

  /** As the Java agent does: the service stands in the first log of a stream only. */
  @Test
  void logsOfManyServicesKeepTheirServiceAndShareNoStream() {
    List<List<byte[]>> streams = new ArrayList<>();
    for (int agent = 0; agent < 6; agent++) {
      List<byte[]> stream = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        // The last one of some streams is of a service of its own, as a Go agent may send it.
        String service = i == 0 ? "svc-" + agent % 3 : i == 23 && agent > 3 ? "svc-other" : "";
        stream.add(Samples.log(service, "log " + agent + "/" + i));
      }
      streams.add(stream);
    }
    sendInterleaved(Samples.LOGS, streams);
    awaitAll(144);
    Map<Object, Integer> sent = new HashMap<>();
    for (int agent = 0; agent < 6; agent++) {
      for (byte[] message : streams.get(agent)) {
        LogData log = Samples.parse(LogData.parser(), message);
        String service = log.getService().isEmpty() ? "svc-" + agent % 3 : log.getService();
        sent.merge(log.toBuilder().setService(service).build(), 1, Integer::sum);
      }
    }
    assertEquals(sent, facts(Samples.LOGS));
    assertEquals(3, nodesThatTook(Samples.LOGS));
  }

  // ---- Rust, PHP, Python and Node: unary calls and streams of one connection

  @Test
  void aMixtureOfCallsAndStreamsOfOneConnectionArrives() {
    Channel agent = client();
    Caller segments = Caller.stream(agent, Samples.SEGMENTS);
    Caller logs = Caller.stream(agent, Samples.LOGS);
    List<Caller> others = new ArrayList<>();
    List<byte[]> properties = new ArrayList<>();
    Set<String> segmentIds = new HashSet<>();
    for (int i = 0; i < 12; i++) {
      segmentIds.add("s" + i);
      segments.send(Samples.segment("s" + i));
      logs.send(Samples.log("shop", "log" + i));
      properties.add(ByHand.message(1, "shop", 2, "shop-" + i, 3, ByHand.message(1, "os", 2, "x")));
      others.add(Caller.unary(agent, PROPERTIES, properties.get(i)));
      others.add(Caller.unary(agent, Samples.KEEP_ALIVE, Samples.keepAlive("shop-" + i)));
      Caller report = Caller.stream(agent, Samples.METER);
      report.send(Samples.meter("shop", "shop-" + i, i).toByteArray());
      report.send(Samples.meter(null, null, 100 + i).toByteArray());
      others.add(report.halfClose());
    }
    segments.finish();
    logs.finish();
    others.forEach(Caller::assertAccepted);
    awaitAll(12 * 6);
    assertEquals(segmentIds, new HashSet<>(Samples.segmentIds(messages(Samples.SEGMENTS_IN_SYNC))));
    assertEquals(12, messages(Samples.LOGS).size());
    assertEquals(bag(properties), bag(messages(PROPERTIES)));
    assertEquals(12, bag(messages(Samples.KEEP_ALIVE)).size());
    for (byte[] report : messages(Samples.METERS)) {
      var elements = Samples.parse(MeterDataCollection.parser(), report).getMeterDataList();
      double value = elements.get(0).getSingleValue().getValue();
      assertEquals("shop-" + (int) value, elements.get(0).getServiceInstance());
      assertEquals(100 + value, elements.get(1).getSingleValue().getValue(), "of another's report");
    }
    assertEquals(12, messages(Samples.METERS).size());
  }

  // ---- .NET

  @Test
  void clrMetricsOfAnInstanceAreItsOwnWhicheverNameItsAgentCalls() {
    Channel agent = client();
    List<Caller> callers = new ArrayList<>();
    Map<Object, Integer> sent = new HashMap<>();
    for (int i = 0; i < 20; i++) {
      String instance = "shop-" + i % 4;
      var metrics =
          CLRMetricCollection.newBuilder().setService("shop").setServiceInstance(instance);
      metrics.addMetricsBuilder().setTime(1 + i).getCpuBuilder().setUsagePercent(i);
      byte[] message = metrics.build().toByteArray();
      OapView.facts(CLR, List.of(message)).forEach(fact -> sent.merge(fact, 1, Integer::sum));
      callers.add(
          Caller.unary(agent, i % 2 == 0 ? CLR : "/CLRMetricReportService/collect", message));
    }
    callers.forEach(Caller::assertAccepted);
    awaitAll(20);
    assertEquals(sent, facts(CLR));
  }

  // ---- agents built before the protocol had a package

  @ParameterizedTest
  @ValueSource(
      strings = {
        "TraceSegmentReportService/collect",
        "TraceSegmentReportService/collectInSync",
        "JVMMetricReportService/collect",
        "CLRMetricReportService/collect",
        "MeterReportService/collect",
        "ManagementService/reportInstanceProperties",
        "ManagementService/keepAlive",
        "ProfileTask/collectSnapshot",
        "BrowserPerfService/collectPerfData",
        "BrowserPerfService/collectErrorLogs"
      })
  void anOldAgentsReportsReachTheMethodsOfToday(String method) {
    Protocol old = Protocols.of("/" + method);
    byte[] report = Samples.good(old);
    if (old.kind() == Protocol.Kind.UNARY) {
      Caller.unary(client(), old.method(), report).assertAccepted();
    } else {
      Caller.stream(client(), old.method()).send(report).finish();
    }
    awaitAll(1);
    String today = Protocols.of(V3 + method).forwarding().target();
    assertEquals(1, messages(today).size());
    assertEquals(
        OapView.facts(V3 + method, List.of(report)), OapView.facts(today, messages(today)));
    assertEquals(0, messages("/" + method).size());
  }

  // ---- browsers

  @ParameterizedTest
  @ValueSource(
      strings = {"WebVitalsPerfData", "ResourcePerfData", "WebInteractionsPerfData", "PerfData"})
  void eachPageViewOfABrowserArrivesByteForByteAndOnce(String kind) {
    String method = V3 + "BrowserPerfService/collect" + kind;
    Channel browser = client();
    List<byte[]> sent = new ArrayList<>();
    List<Caller> callers = new ArrayList<>();
    for (int i = 0; i < 15; i++) {
      // Two of them are equal: two visits, not one that was said twice.
      sent.add(
          ByHand.message(
              1, "pages", 2, "v1", 3, "/cart", 5, i == 14 ? 13 : i, 6, messages.bytes(9)));
      if (i == 14) {
        sent.set(14, sent.get(13));
      }
      callers.add(Caller.unary(browser, method, sent.get(i)));
    }
    callers.forEach(Caller::assertAccepted);
    awaitAll(15);
    assertEquals(bag(sent), bag(messages(method)));
    assertEquals(3, nodesThatTook(method));
  }

  // ---- rover

  /** One stream for all instances of a machine, open for as long as rover runs. */
  @Test
  void metersOfRoversInstancesStayApartAndEachOnItsNode() {
    Caller rover = Caller.stream(client(), Samples.METERS);
    List<byte[]> sent = new ArrayList<>();
    for (int round = 1; round <= 3; round++) {
      for (int i = 0; i < 12; i++) {
        var report =
            MeterDataCollection.newBuilder()
                .addMeterData(Samples.meter("svc-" + i % 3, "pod-" + i, round))
                .addMeterData(Samples.meter(null, null, 1000 + i));
        sent.add(report.build().toByteArray());
        rover.send(sent.get(sent.size() - 1));
      }
      int soFar = sent.size();
      await("the reports", () -> messages(Samples.METERS).size() == soFar);
    }
    assertFalse(rover.isOver());
    rover.finish();
    awaitAll(36);
    assertEquals(bag(sent), bag(messages(Samples.METERS)), "byte for byte");
    Map<String, Set<StandInOap>> places = new HashMap<>();
    for (StandInOap node : nodes) {
      for (byte[] report : messages(node, Samples.METERS)) {
        places.computeIfAbsent(Samples.instance(report), any -> new HashSet<>()).add(node);
      }
    }
    assertEquals(12, places.size());
    places.forEach((instance, at) -> assertEquals(1, at.size(), instance));
    assertTrue(nodesThatTook(Samples.METERS) > 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {SPAN_EVENTS, SNAPSHOTS})
  void spanEventsAndSnapshotsArriveByteForByte(String method) {
    Message kind =
        method.equals(SPAN_EVENTS)
            ? SpanAttachedEvent.getDefaultInstance()
            : ThreadSnapshot.getDefaultInstance();
    List<byte[]> sent = new ArrayList<>();
    List<Caller> streams =
        List.of(Caller.stream(client(), method), Caller.stream(client(), method));
    for (int i = 0; i < 40; i++) {
      sent.add(messages.like(kind).toByteArray());
      streams.get(i % 2).send(sent.get(i));
    }
    streams.forEach(Caller::finish);
    awaitAll(40);
    assertEquals(bag(sent), bag(messages(method)));
  }

  @Test
  void processesOfTwoRoversStayApart() {
    List<Caller> callers = new ArrayList<>();
    Map<Object, Integer> sent = new HashMap<>();
    Channel channel = client();
    for (int i = 0; i < 16; i++) {
      var pings = EBPFProcessPingPkgList.newBuilder().setEbpfAgentID("rover-" + i % 2);
      pings.addProcessesBuilder().getEntityMetadataBuilder().setProcessName("p" + i);
      byte[] message = pings.build().toByteArray();
      OapView.facts(PINGS, List.of(message)).forEach(fact -> sent.merge(fact, 1, Integer::sum));
      callers.add(Caller.unary(channel, PINGS, message));
    }
    callers.forEach(Caller::assertAccepted);
    awaitAll(16);
    assertEquals(sent, facts(PINGS));
  }

  /** A task is said once, and again when it changes. */
  @Test
  void profilingDataOfManyRoversKeepItsTasks() {
    List<List<byte[]>> streams = new ArrayList<>();
    for (int rover = 0; rover < 4; rover++) {
      List<byte[]> stream = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        var data = EBPFProfilingData.newBuilder();
        data.getOnCPUBuilder().setDumpCount(i);
        if (i % 10 == 0) {
          data.getTaskBuilder().setTaskId("task-" + rover + "-" + i).setProcessId("p" + rover);
        }
        stream.add(data.build().toByteArray());
      }
      streams.add(stream);
    }
    sendInterleaved(PROFILING, streams);
    awaitAll(120);
    assertEquals(facts(PROFILING, streams), facts(PROFILING));
  }

  /** Node and connection are said once and hold; half of the time, the stream is not alone. */
  @Test
  void accessLogsOfManyRoversKeepTheirNodeAndConnection() {
    List<List<byte[]>> streams = new ArrayList<>();
    for (int rover = 0; rover < 6; rover++) {
      List<byte[]> stream = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        var log = EBPFAccessLogMessage.newBuilder();
        log.addKernelLogsBuilder().getReadBuilder().setSyscallValue(100 * rover + i);
        if (i == 0) {
          log.getNodeBuilder().setName("node-" + rover);
        }
        if (i % 7 == 0) {
          log.getConnectionBuilder().getLocalBuilder().getIpBuilder().setPort(1000 * rover + i);
        }
        stream.add(log.build().toByteArray());
      }
      streams.add(stream);
    }
    sendInterleaved(ACCESS_LOGS, streams);
    awaitAll(180);
    assertEquals(facts(ACCESS_LOGS, streams), facts(ACCESS_LOGS));
    assertTrue(nodesThatTook(ACCESS_LOGS) > 1);
  }

  /** In turn, in portions that leave in batches of their own, while all streams are open. */
  private void sendInterleaved(String method, List<List<byte[]>> streams) {
    List<Caller> callers = new ArrayList<>();
    streams.forEach(any -> callers.add(Caller.stream(client(), method)));
    int length = streams.get(0).size();
    long before = received();
    for (int i = 0; i < length; i++) {
      for (int s = 0; s < streams.size(); s++) {
        callers.get(s).send(streams.get(s).get(i));
      }
      if (i % 4 == 3) {
        long sent = before + (long) (i + 1) * streams.size();
        await("this portion is there", () -> received() == sent);
        awaitSettled();
      }
    }
    callers.forEach(Caller::finish);
  }
}
