package satellite.bench;

import com.google.protobuf.Duration;
import com.google.protobuf.Struct;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.data.accesslog.v3.AccessLogCommon;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPRequestProperties;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPResponseProperties;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import org.apache.skywalking.apm.network.common.v3.CPU;
import org.apache.skywalking.apm.network.common.v3.KeyStringValuePair;
import org.apache.skywalking.apm.network.language.agent.v3.GC;
import org.apache.skywalking.apm.network.language.agent.v3.GCPhase;
import org.apache.skywalking.apm.network.language.agent.v3.JVMMetric;
import org.apache.skywalking.apm.network.language.agent.v3.JVMMetricCollection;
import org.apache.skywalking.apm.network.language.agent.v3.Label;
import org.apache.skywalking.apm.network.language.agent.v3.Memory;
import org.apache.skywalking.apm.network.language.agent.v3.MemoryPool;
import org.apache.skywalking.apm.network.language.agent.v3.MeterData;
import org.apache.skywalking.apm.network.language.agent.v3.MeterDataCollection;
import org.apache.skywalking.apm.network.language.agent.v3.MeterSingleValue;
import org.apache.skywalking.apm.network.language.agent.v3.PoolType;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.apache.skywalking.apm.network.language.agent.v3.SpanLayer;
import org.apache.skywalking.apm.network.language.agent.v3.SpanObject;
import org.apache.skywalking.apm.network.language.agent.v3.SpanType;
import org.apache.skywalking.apm.network.language.agent.v3.Thread;
import org.apache.skywalking.apm.network.logging.v3.LogData;
import org.apache.skywalking.apm.network.logging.v3.LogDataBody;
import org.apache.skywalking.apm.network.logging.v3.LogTags;
import org.apache.skywalking.apm.network.logging.v3.TextLog;
import org.apache.skywalking.apm.network.logging.v3.TraceContext;

/** Messages of the sizes and shapes that agents and Envoys send, encoded. */
public final class Messages {

  public static final String SERVICE = "shop::order-service";
  public static final String INSTANCE = "0f9a3c7e1b5d4826a1@10.244.3.17";

  private static final long NOW = 1_760_000_000_000L;
  private static final String TRACE = "9f1c2b7ae35d4c60b8e4d7a1f0c35e92.87.17600000000001234";
  private static final int METERS = 40;
  private static final int LABELS_OF_A_POD = 30;
  private static final int ENTRIES = 8;

  static {
    // The generated classes of OAP 10.1 are old, and protobuf says so for each; here they only
    // write.
    System.setProperty("com.google.protobuf.use_unsafe_pre22_gencode", "true");
  }

  private Messages() {}

  /** One line with its trace context, about half a kilobyte. */
  public static byte[] log() {
    String text =
        "2026-11-22 10:15:30.123 INFO [http-nio-8080-exec-7] c.e.shop.order.OrderService: order"
            + " 48151623 of customer 42 was accepted, 3 items, total 129.90 EUR, payment by card,"
            + " delivery to the address of the customer within two working days";
    return LogData.newBuilder()
        .setTimestamp(NOW)
        .setService(SERVICE)
        .setServiceInstance(INSTANCE)
        .setEndpoint("POST:/api/v1/orders")
        .setBody(LogDataBody.newBuilder().setText(TextLog.newBuilder().setText(text)))
        .setTraceContext(TraceContext.newBuilder().setTraceId(TRACE).setTraceSegmentId(TRACE))
        .setTags(
            LogTags.newBuilder()
                .addData(tag("level", "INFO"))
                .addData(tag("logger", "com.example.shop.order.OrderService"))
                .addData(tag("thread", "http-nio-8080-exec-7")))
        .build()
        .toByteArray();
  }

  /** One report of an agent's meters: who reports stands in its first element only. */
  public static byte[] meters() {
    MeterDataCollection.Builder report = MeterDataCollection.newBuilder();
    for (int i = 0; i < METERS; i++) {
      MeterSingleValue.Builder value =
          MeterSingleValue.newBuilder()
              .setName("thread_pool_active_" + i % 4)
              .setValue(i)
              .addLabels(Label.newBuilder().setName("pool").setValue("http-executor-" + i / 4))
              .addLabels(Label.newBuilder().setName("metric_type").setValue("active_size"));
      MeterData.Builder meter = MeterData.newBuilder().setSingleValue(value);
      if (i == 0) {
        meter.setService(SERVICE).setServiceInstance(INSTANCE).setTimestamp(NOW);
      }
      report.addMeterData(meter);
    }
    return report.build().toByteArray();
  }

  /** What a Java agent reports each second. */
  public static byte[] jvm() {
    JVMMetric.Builder metric =
        JVMMetric.newBuilder()
            .setTime(NOW)
            .setCpu(CPU.newBuilder().setUsagePercent(12.5))
            .addMemory(memory(true))
            .addMemory(memory(false))
            .addGc(GC.newBuilder().setPhase(GCPhase.NEW).setCount(2).setTime(11))
            .addGc(GC.newBuilder().setPhase(GCPhase.OLD))
            .setThread(
                Thread.newBuilder()
                    .setLiveCount(87)
                    .setDaemonCount(61)
                    .setPeakCount(92)
                    .setRunnableStateThreadCount(14)
                    .setWaitingStateThreadCount(40)
                    .setTimedWaitingStateThreadCount(33));
    for (PoolType type : PoolType.values()) {
      if (type != PoolType.UNRECOGNIZED) {
        metric.addMemoryPool(
            MemoryPool.newBuilder()
                .setType(type)
                .setInit(2_555_904)
                .setMax(251_658_240)
                .setUsed(88_080_384)
                .setCommitted(100_663_296));
      }
    }
    return JVMMetricCollection.newBuilder()
        .addMetrics(metric)
        .setService(SERVICE)
        .setServiceInstance(INSTANCE)
        .build()
        .toByteArray();
  }

  private static Memory memory(boolean heap) {
    return Memory.newBuilder()
        .setIsHeap(heap)
        .setInit(268_435_456)
        .setMax(1_073_741_824)
        .setUsed(402_653_184)
        .setCommitted(536_870_912)
        .build();
  }

  /** A segment of four spans, as a call that asks a database and another service makes it. */
  public static byte[] segment() {
    SegmentObject.Builder segment =
        SegmentObject.newBuilder()
            .setTraceId(TRACE)
            .setTraceSegmentId(TRACE)
            .setService(SERVICE)
            .setServiceInstance(INSTANCE);
    for (int i = 0; i < 4; i++) {
      segment.addSpans(
          SpanObject.newBuilder()
              .setSpanId(i)
              .setParentSpanId(i - 1)
              .setStartTime(NOW + i)
              .setEndTime(NOW + 40 - i)
              .setOperationName(i == 0 ? "POST:/api/v1/orders" : "Mysql/JDBC/PreparedStatement")
              .setPeer(i == 0 ? "" : "mysql.shop.svc.cluster.local:3306")
              .setSpanType(i == 0 ? SpanType.Entry : SpanType.Exit)
              .setSpanLayer(i == 0 ? SpanLayer.Http : SpanLayer.Database)
              .setComponentId(33)
              .addTags(tag("db.type", "sql"))
              .addTags(tag("db.instance", "orders"))
              .addTags(
                  tag(
                      "db.statement",
                      "SELECT id, customer, total, state FROM orders WHERE customer = ? AND"
                          + " state IN (?, ?) ORDER BY id DESC LIMIT 20")));
    }
    return segment.build().toByteArray();
  }

  /** The first message of an Envoy's stream: who it is, with the labels of its pod, and entries. */
  public static byte[] accessLogWithIdentifier(int envoy) {
    Struct.Builder labels = Struct.newBuilder();
    for (int i = 0; i < LABELS_OF_A_POD; i++) {
      labels.putFields("app.kubernetes.io/label-" + i, text("value-of-the-label-" + i));
    }
    Node.Builder node =
        Node.newBuilder()
            .setId("sidecar~10.244.3." + envoy + "~order-7d9c5b8f6-x2x" + envoy + ".shop~shop.svc")
            .setCluster("order.shop")
            .setMetadata(
                Struct.newBuilder()
                    .putFields("LABELS", Value.newBuilder().setStructValue(labels).build())
                    .putFields("NAMESPACE", text("shop")));
    return StreamAccessLogsMessage.newBuilder()
        .setIdentifier(
            StreamAccessLogsMessage.Identifier.newBuilder().setNode(node).setLogName("skywalking"))
        .setHttpLogs(entries())
        .build()
        .toByteArray();
  }

  /** A later message of the stream. */
  public static byte[] accessLog() {
    return StreamAccessLogsMessage.newBuilder().setHttpLogs(entries()).build().toByteArray();
  }

  private static StreamAccessLogsMessage.HTTPAccessLogEntries entries() {
    StreamAccessLogsMessage.HTTPAccessLogEntries.Builder entries =
        StreamAccessLogsMessage.HTTPAccessLogEntries.newBuilder();
    for (int i = 0; i < ENTRIES; i++) {
      entries.addLogEntry(
          HTTPAccessLogEntry.newBuilder()
              .setCommonProperties(
                  AccessLogCommon.newBuilder()
                      .setDownstreamRemoteAddress(address("10.244.1.9", 40_312 + i))
                      .setDownstreamLocalAddress(address("10.96.14.3", 8080))
                      .setUpstreamRemoteAddress(address("10.244.3.17", 8080))
                      .setUpstreamLocalAddress(address("127.0.0.6", 51_111))
                      .setUpstreamCluster("inbound|8080||")
                      .setRouteName("default")
                      .setStartTime(Timestamp.newBuilder().setSeconds(NOW / 1000))
                      .setTimeToLastRxByte(Duration.newBuilder().setNanos(72_000))
                      .setTimeToFirstUpstreamTxByte(Duration.newBuilder().setNanos(900_000))
                      .setTimeToLastUpstreamRxByte(Duration.newBuilder().setNanos(8_100_000))
                      .setTimeToLastDownstreamTxByte(Duration.newBuilder().setNanos(8_300_000)))
              .setRequest(
                  HTTPRequestProperties.newBuilder()
                      .setScheme("http")
                      .setAuthority("order.shop.svc.cluster.local:8080")
                      .setPath("/api/v1/orders/4815" + i)
                      .setUserAgent("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140")
                      .setRequestId("b7c3ad92-6f0d-4a21-9c1f-0e5dd6a4c81" + i)
                      .setRequestHeadersBytes(811))
              .setResponse(
                  HTTPResponseProperties.newBuilder()
                      .setResponseCode(UInt32Value.of(200))
                      .setResponseHeadersBytes(190)
                      .setResponseBodyBytes(1534)
                      .setResponseCodeDetails("via_upstream")));
    }
    return entries.build();
  }

  private static Address address(String host, int port) {
    return Address.newBuilder()
        .setSocketAddress(SocketAddress.newBuilder().setAddress(host).setPortValue(port))
        .build();
  }

  private static Value text(String text) {
    return Value.newBuilder().setStringValue(text).build();
  }

  private static KeyStringValuePair tag(String key, String value) {
    return KeyStringValuePair.newBuilder().setKey(key).setValue(value).build();
  }
}
