package satellite.pipes.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.MethodDescriptor.MethodType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import satellite.pipes.protocol.Protocol.Gather;
import satellite.pipes.protocol.Protocol.Kind;
import satellite.pipes.protocol.Protocol.Mode;
import satellite.pipes.protocol.Protocol.Shape;

/**
 * The table against the list of what OAP 10.1 to 10.4 accepts, and against its generated classes.
 */
class ProtocolsTest {

  /**
   * Kind (U unary, CS client stream, BD both), mode (A queued, S passed through, F conversation),
   * how it is laid out upstream, whether it is sticky, and the first OAP that has it.
   */
  private static final String METHODS =
      """
      CS A UNARY_JOINED any 10.1 /skywalking.v3.TraceSegmentReportService/collect
      U  A UNARY_JOINED any 10.1 /skywalking.v3.TraceSegmentReportService/collectInSync
      CS A STREAM_EACH any 10.1 /skywalking.v3.SpanAttachedEventReportService/collect
      CS A STREAM_EACH any 10.1 /skywalking.v3.LogReportService/collect
      CS A STREAM_EACH sticky 10.1 /skywalking.v3.MeterReportService/collect
      CS A STREAM_EACH sticky 10.1 /skywalking.v3.MeterReportService/collectBatch
      U  A UNARY_JOINED any 10.1 /skywalking.v3.JVMMetricReportService/collect
      U  A UNARY_JOINED any 10.1 /skywalking.v3.CLRMetricReportService/collect
      U  A UNARY_EACH any 10.1 /skywalking.v3.ManagementService/reportInstanceProperties
      U  A UNARY_EACH any 10.1 /skywalking.v3.ManagementService/keepAlive
      U  S - - 10.1 /skywalking.v3.ConfigurationDiscoveryService/fetchConfigurations
      CS A STREAM_EACH any 10.1 /skywalking.v3.EventService/collect
      U  S - - 10.1 /skywalking.v3.ProfileTask/getProfileTaskCommands
      CS A STREAM_EACH any 10.1 /skywalking.v3.ProfileTask/collectSnapshot
      CS F - - 10.3 /skywalking.v3.ProfileTask/goProfileReport
      U  S - - 10.1 /skywalking.v3.ProfileTask/reportTaskFinish
      BD F - - 10.2 /skywalking.v10.AsyncProfilerTask/collect
      U  S - - 10.2 /skywalking.v10.AsyncProfilerTask/getAsyncProfilerTaskCommands
      BD F - - 10.3 /skywalking.v10.PprofTask/collect
      U  S - - 10.3 /skywalking.v10.PprofTask/getPprofTaskCommands
      U  A UNARY_EACH any 10.1 /skywalking.v3.BrowserPerfService/collectPerfData
      U  A UNARY_EACH any 10.2 /skywalking.v3.BrowserPerfService/collectWebVitalsPerfData
      U  A UNARY_EACH any 10.2 /skywalking.v3.BrowserPerfService/collectResourcePerfData
      U  A UNARY_EACH any 10.2 /skywalking.v3.BrowserPerfService/collectWebInteractionsPerfData
      CS A STREAM_EACH any 10.1 /skywalking.v3.BrowserPerfService/collectErrorLogs
      CS A STREAM_JOINED any 10.1 /skywalking.v3.ServiceMeshMetricService/collect
      U  S - - 10.1 /skywalking.v3.EBPFProcessService/reportProcesses
      U  A UNARY_JOINED any 10.1 /skywalking.v3.EBPFProcessService/keepAlive
      U  S - - 10.1 /skywalking.v3.EBPFProfilingService/queryTasks
      CS A STREAM_EACH any 10.1 /skywalking.v3.EBPFProfilingService/collectProfilingData
      U  S - - 10.1 /skywalking.v3.ContinuousProfilingService/queryPolicies
      U  S - - 10.1 /skywalking.v3.ContinuousProfilingService/reportProfilingTask
      CS A STREAM_EACH sticky 10.1 /skywalking.v3.EBPFAccessLogService/collect
      CS A STREAM_JOINED any 10.1 /envoy.service.accesslog.v2.AccessLogService/StreamAccessLogs
      CS A STREAM_JOINED any 10.1 /envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs
      CS A STREAM_JOINED any 10.1 \
      /satellite.envoy.accesslog.v3.SatelliteAccessLogService/StreamAccessLogs
      CS A STREAM_EACH sticky 10.1 /envoy.service.metrics.v2.MetricsService/StreamMetrics
      CS A STREAM_EACH sticky 10.1 /envoy.service.metrics.v3.MetricsService/StreamMetrics
      U  A UNARY_JOINED sticky 10.1 /opentelemetry.proto.collector.metrics.v1.MetricsService/Export
      U  A UNARY_JOINED any 10.1 /opentelemetry.proto.collector.logs.v1.LogsService/Export
      U  A UNARY_JOINED any 10.1 /opentelemetry.proto.collector.trace.v1.TraceService/Export
      """;

  /** Also without a package, each handled as its namesake. */
  private static final List<String> LEGACY =
      List.of(
          "/TraceSegmentReportService/collect",
          "/TraceSegmentReportService/collectInSync",
          "/JVMMetricReportService/collect",
          "/CLRMetricReportService/collect",
          "/MeterReportService/collect",
          "/ManagementService/reportInstanceProperties",
          "/ManagementService/keepAlive",
          "/ProfileTask/getProfileTaskCommands",
          "/ProfileTask/collectSnapshot",
          "/ProfileTask/reportTaskFinish",
          "/BrowserPerfService/collectPerfData",
          "/BrowserPerfService/collectErrorLogs");

  private static Map<String, String> expected() {
    Map<String, String> rows = new LinkedHashMap<>();
    for (String line : METHODS.lines().toList()) {
      int slash = line.indexOf('/');
      rows.put(line.substring(slash), line.substring(0, slash).trim().replaceAll(" +", " "));
    }
    for (String method : LEGACY) {
      rows.put(method, rows.get("/skywalking.v3." + method.substring(1)));
    }
    return rows;
  }

  private static String told(Protocol row) {
    String kind =
        Map.of(Kind.UNARY, "U", Kind.CLIENT_STREAM, "CS", Kind.BIDI, "BD").get(row.kind());
    String mode =
        Map.of(Mode.ASYNCHRONOUS, "A", Mode.SYNCHRONOUS, "S", Mode.CONVERSATION, "F")
            .get(row.mode());
    String how =
        row.forwarding() == null
            ? "- -"
            : row.forwarding().shape() + (row.forwarding().sticky() ? " sticky" : " any");
    return String.join(" ", kind, mode, how, row.sinceOap());
  }

  @Test
  void everyMethodOfOapHasItsRowOnceAndNoOtherHasOne() {
    List<String> methods = new ArrayList<>(Protocols.TABLE.stream().map(Protocol::method).toList());
    List<String> expected = new ArrayList<>(expected().keySet());
    methods.sort(null);
    expected.sort(null);
    assertEquals(expected, methods);
    assertEquals(41 + 12, methods.size());
  }

  @Test
  void everyRowSaysKindModeShapeAndReleaseAsOapHasThem() {
    Map<String, String> told = new LinkedHashMap<>();
    expected().keySet().forEach(method -> told.put(method, told(Protocols.of(method))));
    assertEquals(expected(), told);
  }

  @Test
  void aMethodFindsItsRow() {
    Protocols.TABLE.forEach(row -> assertSame(row, Protocols.of(row.method())));
    assertNull(Protocols.of("/grpc.health.v1.Health/Check"), "Satellite's own health is its own");
    assertNull(Protocols.of(""));
  }

  @Test
  void onlyQueuedMethodsAreReadAndForwarded() {
    for (Protocol row : Protocols.TABLE) {
      boolean queued = row.mode() == Mode.ASYNCHRONOUS;
      assertEquals(queued, row.reading() != null, row.method());
      assertEquals(queued, row.forwarding() != null, row.method());
      assertNotNull(row.receiver(), row.method());
    }
  }

  @Test
  void theGeneratedClassesDeclareTheSameMethodsOfTheSameKinds() {
    Map<Kind, MethodType> types =
        Map.of(
            Kind.UNARY, MethodType.UNARY,
            Kind.CLIENT_STREAM, MethodType.CLIENT_STREAMING,
            Kind.BIDI, MethodType.BIDI_STREAMING);
    Set<String> known = new TreeSet<>();
    for (Protocol row : Protocols.TABLE) {
      if (row.sinceOap().equals("10.1")) {
        known.add(row.method());
        var declared = Generated.METHODS.get(row.method());
        assertNotNull(declared, row.method());
        // Envoy declares its streams as ending with one answer, and so does OAP.
        assertEquals(types.get(row.kind()), declared.getType(), row.method());
      }
    }
    assertEquals(known, new TreeSet<>(Generated.METHODS.keySet()));
  }

  @Test
  void everyTargetIsARowOfItsOwnOfTheKindThatIsSent() {
    for (Protocol row : Protocols.TABLE) {
      if (row.forwarding() == null) {
        continue;
      }
      Protocol target = Protocols.of(row.forwarding().target());
      Shape shape = row.forwarding().shape();
      boolean unary = shape == Shape.UNARY_EACH || shape == Shape.UNARY_JOINED;
      assertEquals(unary ? Kind.UNARY : Kind.CLIENT_STREAM, target.kind(), row.method());
      assertEquals(target.forwarding().target(), target.method(), "and goes to itself");
      assertEquals(shape, target.forwarding().shape(), "in the same shape");
      assertEquals(row.forwarding().sticky(), target.forwarding().sticky());
      assertTrue(target.method().indexOf('.') > 0, "in its package");
    }
  }

  @Test
  void onlyFourMethodsChangeTheirName() {
    Map<String, String> others =
        Protocols.TABLE.stream()
            .filter(row -> row.forwarding() != null && row.method().indexOf('.') > 0)
            .filter(row -> !row.forwarding().target().equals(row.method()))
            .collect(Collectors.toMap(Protocol::method, row -> row.forwarding().target()));
    String als = "/satellite.envoy.accesslog.v3.SatelliteAccessLogService/StreamAccessLogs";
    assertEquals(
        Map.of(
            "/skywalking.v3.TraceSegmentReportService/collect",
            "/skywalking.v3.TraceSegmentReportService/collectInSync",
            "/skywalking.v3.MeterReportService/collect",
            "/skywalking.v3.MeterReportService/collectBatch",
            "/envoy.service.accesslog.v2.AccessLogService/StreamAccessLogs",
            als,
            "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs",
            als),
        others);
  }

  @Test
  void anUnchangedNameMeansAnUnchangedTypeOfRequest() {
    for (Protocol row : Protocols.TABLE) {
      boolean wraps =
          row.method().endsWith("TraceSegmentReportService/collect")
              || row.method().endsWith("/MeterReportService/collect")
              || row.method().endsWith(".MeterReportService/collect");
      if (row.forwarding() != null && !wraps) {
        assertEquals(
            Generated.request(row.method()).getDescriptorForType(),
            Generated.request(row.forwarding().target()).getDescriptorForType(),
            row.method());
      }
    }
  }

  @Test
  void onlyWhatIsCompleteInItselfOrInItsStreamIsGathered() {
    for (Protocol row : Protocols.TABLE) {
      if (row.forwarding() != null) {
        Gather expected =
            row.method().endsWith("MeterReportService/collect")
                ? Gather.WHOLE_STREAM
                : row.method().endsWith("/StreamAccessLogs") ? Gather.FOR_A_TIME : Gather.NO;
        assertEquals(expected, row.forwarding().gather(), row.method());
      }
    }
  }

  @Test
  void everyReceiverOfTheConfigurationHasRows() {
    for (ReceiverPlugin receiver : ReceiverPlugin.values()) {
      assertTrue(
          Protocols.TABLE.stream().anyMatch(row -> row.receiver() == receiver),
          receiver.pluginName());
    }
  }
}
