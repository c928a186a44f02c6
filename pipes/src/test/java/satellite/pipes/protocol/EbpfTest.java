package satellite.pipes.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.skywalking.apm.network.ebpf.accesslog.v3.AccessLogConnection;
import org.apache.skywalking.apm.network.ebpf.accesslog.v3.AccessLogKernelLog;
import org.apache.skywalking.apm.network.ebpf.accesslog.v3.AccessLogProtocolType;
import org.apache.skywalking.apm.network.ebpf.accesslog.v3.EBPFAccessLogMessage;
import org.apache.skywalking.apm.network.ebpf.accesslog.v3.EBPFAccessLogNodeInfo;
import org.apache.skywalking.apm.network.ebpf.profiling.v3.EBPFOnCPUProfiling;
import org.apache.skywalking.apm.network.ebpf.profiling.v3.EBPFProfilingData;
import org.apache.skywalking.apm.network.ebpf.profiling.v3.EBPFProfilingTaskMetadata;
import org.junit.jupiter.api.Test;

/** What rover says once, a task, a node, a connection, holds for the same messages upstream. */
class EbpfTest {

  private static final String PROFILING =
      "/skywalking.v3.EBPFProfilingService/collectProfilingData";
  private static final String ACCESS_LOG = "/skywalking.v3.EBPFAccessLogService/collect";

  private static EBPFProfilingData data(String task, int count) {
    var data =
        EBPFProfilingData.newBuilder()
            .setOnCPU(EBPFOnCPUProfiling.newBuilder().setDumpCount(count));
    return task.isEmpty()
        ? data.build()
        : data.setTask(EBPFProfilingTaskMetadata.newBuilder().setTaskId(task)).build();
  }

  @Test
  void interleavedStreamsKeepTheirTasksOnTheOneUpstreamStream() throws Exception {
    Relay relay = new Relay(Relay.pipe());
    Relay.Stream a = relay.open(PROFILING);
    Relay.Stream b = relay.open(PROFILING);
    a.send(data("a", 1));
    b.send(data("b", 2));
    a.send(data("", 3));
    a.send(data("", 4));
    b.send(data("", 5));
    a.send(data("a2", 6));
    a.send(data("", 7));
    List<Relay.Call> calls = relay.finish();
    assertEquals(1, calls.size());
    String task = "";
    StringBuilder seen = new StringBuilder();
    for (byte[] message : calls.get(0).messages()) {
      EBPFProfilingData data = EBPFProfilingData.parseFrom(message);
      task = data.hasTask() ? data.getTask().getTaskId() : task;
      seen.append(task).append(data.getOnCPU().getDumpCount()).append(' ');
    }
    assertEquals("a1 b2 a3 a4 b5 a26 a27 ", seen.toString());
  }

  @Test
  void aTaskIsNotRepeatedWhereItStillHolds() throws Exception {
    Relay relay = new Relay(Relay.pipe());
    relay.open(PROFILING).send(data("a", 1)).send(data("", 2)).send(data("", 3));
    List<byte[]> upstream = relay.messages();
    assertTrue(EBPFProfilingData.parseFrom(upstream.get(1)).hasTask(), "once, to be sure");
    assertFalse(EBPFProfilingData.parseFrom(upstream.get(2)).hasTask());
  }

  @Test
  void profilingDataBeforeAnyTaskIsUseless() {
    Relay relay = new Relay(Relay.pipe());
    relay.open(PROFILING).send(data("", 1)).send(data("a", 2));
    assertEquals(1, relay.messages().size());
    assertEquals(List.of("no_task"), relay.discarded());
  }

  @Test
  void aMessageWithItsOwnTaskArrivesByteForByte() {
    Relay relay = new Relay(Relay.pipe());
    relay.open(PROFILING).send(data("a", 1)).send(data("b", 2));
    assertArrayEquals(data("b", 2).toByteArray(), relay.messages().get(1));
  }

  @Test
  void accessLogsOfTwoStreamsNeverShareAnUpstreamStream() {
    Relay relay = new Relay(Relay.pipe());
    Relay.Stream one = relay.open(ACCESS_LOG);
    Relay.Stream other = relay.open(ACCESS_LOG);
    for (int i = 0; i < 4; i++) {
      one.send(log(i == 0 ? "n" : "", i == 0 ? 1 : 0, 100 + i));
      other.send(log(i == 0 ? "n" : "", i == 0 ? 2 : 0, 200 + i));
    }
    List<Relay.Call> calls = relay.finish();
    assertEquals(2, calls.size());
    assertEquals(calls.get(0).node(), calls.get(1).node(), "of one rover, so on one node");
    for (Relay.Call call : calls) {
      Set<Object> connections = new HashSet<>();
      OapView.facts(call.target(), call.messages())
          .forEach(fact -> connections.add(((List<?>) fact).get(1)));
      assertEquals(1, connections.size());
    }
  }

  private static EBPFAccessLogMessage log(String node, int connection, int number) {
    var log = EBPFAccessLogMessage.newBuilder();
    if (!node.isEmpty()) {
      log.setNode(EBPFAccessLogNodeInfo.newBuilder().setName(node));
    }
    if (connection != 0) {
      log.setConnection(
          AccessLogConnection.newBuilder()
              .setProtocol(AccessLogProtocolType.forNumber(connection)));
    }
    return log.addKernelLogs(kernelLog(number)).build();
  }

  private static AccessLogKernelLog kernelLog(int number) {
    var log = AccessLogKernelLog.newBuilder();
    log.getReadBuilder().setSyscallValue(number);
    return log.build();
  }

  /** Wherever the stream is cut in two, each part says again what held there. */
  @Test
  void aStreamMayBeCutAnywhere() {
    Generated.hushWarnings();
    List<EBPFAccessLogMessage> stream =
        List.of(
            log("n", 0, 1),
            log("", 1, 2),
            log("", 0, 3),
            log("m", 0, 4),
            log("", 0, 5),
            log("", 2, 6),
            log("", 2, 7),
            log("o", 1, 8),
            log("", 0, 9),
            log("", 0, 10));
    List<byte[]> bytes = stream.stream().map(EBPFAccessLogMessage::toByteArray).toList();
    for (int cuts = 0; cuts < 1 << (stream.size() - 1); cuts++) {
      Relay relay = new Relay(Relay.pipe());
      Relay.Stream client = relay.open(ACCESS_LOG);
      for (int i = 0; i < stream.size(); i++) {
        client.send(bytes.get(i));
        if ((cuts >> i & 1) != 0) {
          relay.drain();
        }
      }
      Set<Object> upstream = new HashSet<>();
      for (Relay.Call call : relay.finish()) {
        upstream.addAll(OapView.facts(call.target(), call.messages()));
      }
      assertEquals(new HashSet<>(OapView.facts(ACCESS_LOG, bytes)), upstream, "cuts " + cuts);
    }
  }

  @Test
  void aStreamWithoutANodeStaysTogether() {
    Relay relay = new Relay(Relay.pipe());
    relay.open(ACCESS_LOG).send(log("", 1, 1)).send(log("", 0, 2));
    List<Relay.Call> calls = relay.finish();
    assertEquals(1, calls.size());
    assertEquals(2, calls.get(0).messages().size());
  }
}
