package satellite.e2e;

import io.envoyproxy.envoy.service.accesslog.v3.AccessLogServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.logs.v1.LogsServiceGrpc;
import io.opentelemetry.proto.collector.metrics.v1.MetricsServiceGrpc;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.skywalking.apm.network.common.v3.Commands;
import org.apache.skywalking.apm.network.common.v3.KeyStringValuePair;
import org.apache.skywalking.apm.network.event.v3.EventServiceGrpc;
import org.apache.skywalking.apm.network.language.agent.v3.BrowserPerfServiceGrpc;
import org.apache.skywalking.apm.network.language.agent.v3.CLRMetricReportServiceGrpc;
import org.apache.skywalking.apm.network.language.agent.v3.ConfigurationDiscoveryServiceGrpc;
import org.apache.skywalking.apm.network.language.agent.v3.ConfigurationSyncRequest;
import org.apache.skywalking.apm.network.language.agent.v3.JVMMetricReportServiceGrpc;
import org.apache.skywalking.apm.network.language.agent.v3.MeterDataCollection;
import org.apache.skywalking.apm.network.language.agent.v3.MeterReportServiceGrpc;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentCollection;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.apache.skywalking.apm.network.language.agent.v3.TraceSegmentReportServiceGrpc;
import org.apache.skywalking.apm.network.language.profile.v3.ProfileTaskGrpc;
import org.apache.skywalking.apm.network.logging.v3.LogReportServiceGrpc;
import org.apache.skywalking.apm.network.management.v3.InstancePingPkg;
import org.apache.skywalking.apm.network.management.v3.InstanceProperties;
import org.apache.skywalking.apm.network.management.v3.ManagementServiceGrpc;
import org.apache.skywalking.apm.network.servicemesh.v3.ServiceMeshMetricServiceGrpc;

/**
 * Sends samples of every protocol to one address, on one connection, with the generated classes.
 * Each method returns when the receiver has answered, and fails if it answered with an error.
 */
final class SampleSender implements AutoCloseable {

  static final int ANSWER_SECONDS = 20;

  private final ManagedChannel channel;

  SampleSender(String address) {
    this(NettyChannelBuilder.forTarget(address).usePlaintext().build());
  }

  /** Over a channel that is more than plain, and closed with this. */
  SampleSender(ManagedChannel channel) {
    this.channel = channel;
  }

  /** A new stream with segments of one service; for tests that need to stop in the middle. */
  ClientStream<SegmentObject> segmentStream() {
    return ClientStream.open(TraceSegmentReportServiceGrpc.newStub(channel)::collect);
  }

  /** Sends them on one stream; returns their ids. */
  List<String> segments(String service, int count) {
    List<String> ids = ids(count);
    stream(
        TraceSegmentReportServiceGrpc.newStub(channel)::collect,
        ids.stream().map(id -> Samples.segment(service, id)));
    return ids;
  }

  /** Sends them in one message; returns their ids. */
  List<String> segmentsInSync(String service, int count) {
    List<String> ids = ids(count);
    SegmentCollection.Builder all = SegmentCollection.newBuilder();
    ids.forEach(id -> all.addSegments(Samples.segment(service, id)));
    timed(TraceSegmentReportServiceGrpc.newBlockingStub(channel)).collectInSync(all.build());
    return ids;
  }

  void jvm(String service, String instance, long heapUsed) {
    timed(JVMMetricReportServiceGrpc.newBlockingStub(channel))
        .collect(Samples.jvm(service, instance, heapUsed));
  }

  void clr(String service, String instance, long heapUsed) {
    timed(CLRMetricReportServiceGrpc.newBlockingStub(channel))
        .collect(Samples.clr(service, instance, heapUsed));
  }

  /** As the Java agent does: a stream is a report, and only its first element says from whom. */
  void meters(String service, String instance, int connections) {
    stream(
        MeterReportServiceGrpc.newStub(channel)::collect,
        Stream.of(
            Samples.from(service, instance, Samples.connections(connections)), Samples.cpu(7)));
  }

  /** As the Go agent does: one message is one report. */
  void meterBatch(String service, String instance, int connections) {
    stream(
        MeterReportServiceGrpc.newStub(channel)::collectBatch,
        Stream.of(
            MeterDataCollection.newBuilder()
                .addMeterData(Samples.from(service, instance, Samples.connections(connections)))
                .addMeterData(Samples.cpu(7))
                .build()));
  }

  /** As the Java agent does: only the first log of a stream names the service. */
  void logs(String service, List<String> texts) {
    stream(
        LogReportServiceGrpc.newStub(channel)::collect,
        Stream.concat(
            texts.stream()
                .limit(1)
                .map(t -> Samples.log(t).toBuilder().setService(service).build()),
            texts.stream().skip(1).map(Samples::log)));
  }

  List<String> events(String service, int count) {
    List<String> ids = ids(count);
    stream(
        EventServiceGrpc.newStub(channel)::collect,
        ids.stream().map(id -> Samples.event(service, id)));
    return ids;
  }

  void pageView(String service) {
    timed(BrowserPerfServiceGrpc.newBlockingStub(channel))
        .collectPerfData(Samples.pageView(service));
  }

  void pageErrors(String service, List<String> messages) {
    stream(
        BrowserPerfServiceGrpc.newStub(channel)::collectErrorLogs,
        messages.stream().map(message -> Samples.pageError(service, message)));
  }

  /** {@code messages} messages of {@code calls} calls each. */
  void mesh(String service, int messages, int calls) {
    stream(
        ServiceMeshMetricServiceGrpc.newStub(channel)::collect,
        Stream.generate(() -> Samples.mesh(service, calls)).limit(messages));
  }

  /** As Envoy does: one message for each list, and only the first says from whom. */
  void accessLogs(String app, List<List<String>> pathLists) {
    stream(
        AccessLogServiceGrpc.newStub(channel)::streamAccessLogs,
        Stream.concat(
            pathLists.stream().limit(1).map(l -> Samples.from(app, Samples.accessLogs(l))),
            pathLists.stream().skip(1).map(Samples::accessLogs)));
  }

  /** The same message, over the API that Envoy had before. */
  void accessLogsV2(String app, List<String> paths) {
    stream(
        io.envoyproxy.envoy.service.accesslog.v2.AccessLogServiceGrpc.newStub(channel)
            ::streamAccessLogs,
        Stream.of(Samples.from(app, Samples.accessLogs(paths))));
  }

  void envoyMemory(String app, long bytes) {
    stream(
        io.envoyproxy.envoy.service.metrics.v3.MetricsServiceGrpc.newStub(channel)::streamMetrics,
        Stream.of(Samples.envoyMemory(app, bytes)));
  }

  void envoyMemoryV2(String app, long bytes) {
    stream(
        io.envoyproxy.envoy.service.metrics.v2.MetricsServiceGrpc.newStub(channel)::streamMetrics,
        Stream.of(Samples.envoyMemory(app, bytes)));
  }

  void profileSnapshot(String segmentId) {
    stream(
        ProfileTaskGrpc.newStub(channel)::collectSnapshot, Stream.of(Samples.snapshot(segmentId)));
  }

  void instance(String service, String instance, String key, String value) {
    timed(ManagementServiceGrpc.newBlockingStub(channel))
        .reportInstanceProperties(
            InstanceProperties.newBuilder()
                .setService(service)
                .setServiceInstance(instance)
                .addProperties(KeyStringValuePair.newBuilder().setKey(key).setValue(value))
                .build());
  }

  void keepAlive(String service, String instance) {
    timed(ManagementServiceGrpc.newBlockingStub(channel))
        .keepAlive(
            InstancePingPkg.newBuilder().setService(service).setServiceInstance(instance).build());
  }

  /** Asks for the agent's dynamic configuration; the answer comes from an OAP. */
  Commands configuration(String service) {
    return timed(ConfigurationDiscoveryServiceGrpc.newBlockingStub(channel))
        .fetchConfigurations(ConfigurationSyncRequest.newBuilder().setService(service).build());
  }

  void hostLoad(String host, double load) {
    timed(MetricsServiceGrpc.newBlockingStub(channel)).export(Samples.hostLoad(host, load));
  }

  void otlpLog(String service, String text) {
    timed(LogsServiceGrpc.newBlockingStub(channel)).export(Samples.otlpLog(service, text));
  }

  /** The same log of several services in one request. */
  void otlpLogs(List<String> services, String text) {
    ExportLogsServiceRequest.Builder all = ExportLogsServiceRequest.newBuilder();
    services.forEach(service -> all.mergeFrom(Samples.otlpLog(service, text)));
    timed(LogsServiceGrpc.newBlockingStub(channel)).export(all.build());
  }

  /** A span that took so long; returns its id. */
  String otlpSpan(String service, long nanos) {
    String id = Samples.id().substring(0, 8);
    String hex = HexFormat.of().formatHex(id.getBytes(StandardCharsets.US_ASCII));
    timed(TraceServiceGrpc.newBlockingStub(channel)).export(Samples.otlpSpan(service, id, nanos));
    return hex;
  }

  private static List<String> ids(int count) {
    return Stream.generate(Samples::id).limit(count).toList();
  }

  private static <S extends AbstractStub<S>> S timed(S stub) {
    return stub.withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS);
  }

  private static <Q, A> void stream(
      Function<StreamObserver<A>, StreamObserver<Q>> call, Stream<Q> messages) {
    ClientStream<Q> sending = ClientStream.open(call);
    messages.forEach(sending::send);
    sending.end();
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
