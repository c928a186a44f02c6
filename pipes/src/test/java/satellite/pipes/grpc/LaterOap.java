package satellite.pipes.grpc;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.apache.skywalking.apm.network.common.v3.Command;
import org.apache.skywalking.apm.network.common.v3.Commands;
import org.apache.skywalking.apm.network.common.v3.KeyStringValuePair;
import org.apache.skywalking.apm.network.ebpf.profiling.process.v3.EBPFProcessDownstream;
import org.apache.skywalking.apm.network.ebpf.profiling.process.v3.EBPFProcessReportList;
import org.apache.skywalking.apm.network.ebpf.profiling.process.v3.EBPFReportProcessDownstream;
import satellite.pipes.ByHand;
import satellite.pipes.Samples;
import satellite.standin.StandInOap;

/**
 * A stand-in node that plays by the published rules of OAP 10.2 to 10.4 where an answer carries
 * content, and keeps the profiles that such an OAP would store.
 */
public final class LaterOap {

  public static final String JFR = "/skywalking.v10.AsyncProfilerTask/collect";
  public static final String JFR_TASKS =
      "/skywalking.v10.AsyncProfilerTask/getAsyncProfilerTaskCommands";
  public static final String PPROF = "/skywalking.v10.PprofTask/collect";
  public static final String PPROF_TASKS = "/skywalking.v10.PprofTask/getPprofTaskCommands";
  public static final String GO_PROFILE = "/skywalking.v3.ProfileTask/goProfileReport";
  public static final String PROFILE_TASKS = "/skywalking.v3.ProfileTask/getProfileTaskCommands";
  public static final String CONFIGURATION =
      "/skywalking.v3.ConfigurationDiscoveryService/fetchConfigurations";
  public static final String PROCESSES = "/skywalking.v3.EBPFProcessService/reportProcesses";
  public static final String EBPF_TASKS = "/skywalking.v3.EBPFProfilingService/queryTasks";
  public static final String POLICIES = "/skywalking.v3.ContinuousProfilingService/queryPolicies";
  public static final String POLICY_TASK =
      "/skywalking.v3.ContinuousProfilingService/reportProfilingTask";

  /**
   * Of a JFR file as of a pprof one and for pprof: how the agent's task ended, and how the upload
   * may.
   */
  public static final int SUCCESS = 0;

  public static final int TASK_ERROR = 1;
  public static final int OVERSIZE = 2;

  /** When its tasks were made: a client that has later ones is told of none. */
  public static final long TASK_TIME = 1_700_000_000_000L;

  /** The digest of its agent configuration. */
  public static final String DIGEST = "digest-2";

  private static final byte[] EMPTY = {};

  /** A file as it would be stored. */
  public record Profile(String task, String service, String instance, ByteString content) {}

  public final StandInOap node;
  private final int maxProfileBytes;
  private final List<Profile> profiles = new CopyOnWriteArrayList<>();

  /**
   * @param maxProfileBytes the largest file it takes, 30 MiB by default in OAP
   */
  public LaterOap(StandInOap node, int maxProfileBytes) {
    this.node = node;
    this.maxProfileBytes = maxProfileBytes;
    // Only the handler of pprof answers a task that failed.
    node.play(JFR.substring(1), () -> new Upload(false));
    node.play(PPROF.substring(1), () -> new Upload(true));
    node.play(GO_PROFILE.substring(1), GoProfile::new);
    answer(JFR_TASKS, query -> tasks("AsyncProfilerTaskQuery", ByHand.number(query, 3)));
    answer(PPROF_TASKS, query -> tasks("PprofTaskQuery", ByHand.number(query, 3)));
    answer(PROFILE_TASKS, query -> tasks("ProfileTaskQuery", ByHand.number(query, 3)));
    answer(EBPF_TASKS, query -> tasks("EBPFProfilingTaskQuery", ByHand.number(query, 2)));
    answer(POLICIES, query -> tasks("ContinuousProfilingPolicyQuery", 0));
    answer(POLICY_TASK, query -> tasks("ContinuousProfilingReportTask", 0));
    answer(CONFIGURATION, LaterOap::configuration);
    answer(PROCESSES, LaterOap::processes);
  }

  private void answer(String method, Function<byte[], byte[]> answer) {
    node.answer(method.substring(1), (message, index) -> answer.apply(message));
  }

  public List<Profile> profiles() {
    return List.copyOf(profiles);
  }

  /**
   * A file in pieces: its metadata comes first and is judged, the pieces follow, and it is stored
   * when the client says that this was all.
   */
  private final class Upload implements StandInOap.Part {
    private final boolean answersTaskErrors;
    private byte[] metadata;
    private ByteArrayOutputStream file;

    Upload(boolean answersTaskErrors) {
      this.answersTaskErrors = answersTaskErrors;
    }

    @Override
    public byte[] hear(byte[] message) {
      if (metadata == null && ByHand.has(message, 1)) {
        metadata = ByHand.bytes(message, 1);
        return judge();
      }
      if (file != null) {
        file.writeBytes(ByHand.bytes(message, 3));
      }
      return null;
    }

    private byte[] judge() {
      if (ByHand.number(metadata, 4) != SUCCESS) {
        return answersTaskErrors ? ByHand.message(1, TASK_ERROR) : null;
      }
      if (ByHand.number(metadata, 5) > maxProfileBytes) {
        return ByHand.message(1, OVERSIZE);
      }
      file = new ByteArrayOutputStream();
      // Success is 0, which proto3 does not write.
      return EMPTY;
    }

    @Override
    public byte[] end() {
      if (file != null) {
        store(ByHand.text(metadata, 3), ByHand.text(metadata, 1), ByHand.text(metadata, 2), file);
      }
      return null;
    }
  }

  /** Files of several tasks, one after the other; the last piece of each says so. */
  private final class GoProfile implements StandInOap.Part {
    private String task = "";
    private ByteArrayOutputStream file = new ByteArrayOutputStream();

    @Override
    public byte[] hear(byte[] message) {
      String of = ByHand.text(message, 1);
      if (!of.equals(task)) {
        task = of;
        file = new ByteArrayOutputStream();
      }
      file.writeBytes(ByHand.bytes(message, 2));
      if (ByHand.number(message, 3) == 1) {
        store(task, "", "", file);
        file = new ByteArrayOutputStream();
      }
      return null;
    }

    @Override
    public byte[] end() {
      return EMPTY;
    }
  }

  private void store(String task, String service, String instance, ByteArrayOutputStream file) {
    profiles.add(new Profile(task, service, instance, ByteString.copyFrom(file.toByteArray())));
  }

  private static byte[] tasks(String name, long latestThatTheClientHas) {
    return latestThatTheClientHas < TASK_TIME ? command(name, "TaskId", "task-1") : EMPTY;
  }

  private static byte[] configuration(byte[] query) {
    return ByHand.text(query, 2).equals(DIGEST)
        ? EMPTY
        : command("ConfigurationDiscoveryCommand", "UUID", DIGEST);
  }

  private static byte[] command(String name, String key, String value) {
    return Commands.newBuilder()
        .addCommands(
            Command.newBuilder()
                .setCommand(name)
                .addArgs(KeyStringValuePair.newBuilder().setKey(key).setValue(value)))
        .build()
        .toByteArray();
  }

  /** Each process gets an id. */
  private static byte[] processes(byte[] report) {
    var answer = EBPFReportProcessDownstream.newBuilder();
    Samples.parse(EBPFProcessReportList.parser(), report)
        .getProcessesList()
        .forEach(
            process ->
                answer.addProcesses(
                    EBPFProcessDownstream.newBuilder()
                        .setProcessId(process.getHostProcess().getEntity().getProcessName())));
    return answer.build().toByteArray();
  }
}
