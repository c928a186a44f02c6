package satellite.standin;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The reports of agents and Envoys, encoded by hand: the generated classes of the protocols stay
 * out of the product. Field numbers stand before the values; the message they belong to is named
 * above each method.
 */
final class TrafficMessages {

  static final int ENTRIES_PER_ACCESS_LOG = 5;

  private static final String HEAP_AFTER_GC = "jvm_memory_after_gc_percent";
  private static final List<String> PATHS = List.of("/orders", "/cart", "/products", "/login");

  /** Who reports. */
  record Sender(String service, String instance) {}

  private interface Fields {
    void writeTo(CodedOutputStream out) throws IOException;
  }

  private TrafficMessages() {}

  /** {@code skywalking.v3.SegmentObject} with 3 spans, every other one with a fourth. */
  static byte[] segment(Sender sender, long number, long nowMillis) {
    long start = nowMillis - 40;
    return message(
        segment -> {
          segment.writeString(1, traceId(sender, number));
          segment.writeString(2, segmentId(sender, number));
          // Entry, Http, Tomcat
          segment.writeByteArray(3, span(0, start, nowMillis, 0, 3, 1, path(number), ""));
          // Local, Unknown
          segment.writeByteArray(3, span(1, start + 2, nowMillis - 2, 2, 0, 0, "Shop/order", ""));
          // Exit, Database, mysql-connector-java
          segment.writeByteArray(
              3, span(2, start + 5, start + 12, 1, 1, 33, "Mysql/JDBC/execute", "mysql:3306"));
          if (number % 2 == 0) {
            // Exit, Http, HttpClient
            segment.writeByteArray(
                3, span(3, start + 15, nowMillis - 5, 1, 3, 2, "/prices", "prices:8080"));
          }
          segment.writeString(4, sender.service());
          segment.writeString(5, sender.instance());
        });
  }

  /** {@code SpanObject}; every span but the first hangs below the one before it. */
  private static byte[] span(
      int id,
      long start,
      long end,
      int type,
      int layer,
      int component,
      String operation,
      String peer) {
    return message(
        span -> {
          span.writeInt32(1, id);
          span.writeInt32(2, id - 1);
          span.writeInt64(3, start);
          span.writeInt64(4, end);
          span.writeString(6, operation);
          span.writeString(7, peer);
          span.writeEnum(8, type);
          span.writeEnum(9, layer);
          span.writeInt32(10, component);
          if (type == 0) {
            span.writeByteArray(12, pair("http.method", "GET"));
            span.writeByteArray(12, pair("http.status_code", "200"));
          }
        });
  }

  /** {@code skywalking.v3.MeterDataCollection}; the first says for all who reports and when. */
  static byte[] meters(Sender sender, long number, long nowMillis) {
    return message(
        collection -> {
          collection.writeByteArray(
              1,
              message(
                  first -> {
                    first.writeByteArray(1, single("process_cpu_percent", 20 + number % 50));
                    first.writeString(3, sender.service());
                    first.writeString(4, sender.instance());
                    first.writeInt64(5, nowMillis);
                  }));
          collection.writeByteArray(1, nested(1, single(HEAP_AFTER_GC, 30 + number % 10)));
          collection.writeByteArray(1, nested(1, single("thread_pool_active", number % 8)));
          collection.writeByteArray(1, nested(2, histogram("request_duration", number)));
        });
  }

  /** {@code MeterSingleValue}. */
  private static byte[] single(String name, double value) {
    return message(
        meter -> {
          meter.writeString(1, name);
          meter.writeByteArray(2, pair("pool", "default"));
          meter.writeDouble(3, value);
        });
  }

  /** {@code MeterHistogram} of {@code MeterBucketValue}. */
  private static byte[] histogram(String name, long number) {
    return message(
        meter -> {
          meter.writeString(1, name);
          meter.writeByteArray(2, pair("path", path(number)));
          for (int bucket : List.of(0, 50, 200)) {
            meter.writeByteArray(
                3,
                message(
                    value -> {
                      value.writeDouble(1, bucket);
                      value.writeInt64(2, number % 7);
                    }));
          }
        });
  }

  /** {@code skywalking.v3.LogData}. */
  static byte[] log(Sender sender, long number, long nowMillis) {
    return message(
        log -> {
          log.writeInt64(1, nowMillis);
          log.writeString(2, sender.service());
          log.writeString(3, sender.instance());
          log.writeString(4, path(number));
          log.writeByteArray(
              5,
              message(
                  body -> {
                    body.writeString(1, "text");
                    body.writeByteArray(2, text(1, "order " + number + " accepted in 40 ms"));
                  }));
          log.writeByteArray(
              6,
              message(
                  trace -> {
                    trace.writeString(1, traceId(sender, number));
                    trace.writeString(2, segmentId(sender, number));
                    trace.writeInt32(3, 0);
                  }));
          log.writeByteArray(7, nested(1, pair("level", "INFO")));
        });
  }

  /** {@code skywalking.v3.JVMMetricCollection}. */
  static byte[] jvm(Sender sender, long number, long nowMillis) {
    return message(
        collection -> {
          collection.writeByteArray(
              1,
              message(
                  jvm -> {
                    jvm.writeInt64(1, nowMillis);
                    jvm.writeByteArray(2, message(cpu -> cpu.writeDouble(2, 20 + number % 50)));
                    jvm.writeByteArray(3, memory(true, 512L << 20, (100 + number % 200) << 20));
                    jvm.writeByteArray(3, memory(false, 256L << 20, 80L << 20));
                    jvm.writeByteArray(5, collector(0, number % 3, number % 30));
                    jvm.writeByteArray(5, collector(1, 0, 0));
                    jvm.writeByteArray(
                        6,
                        message(
                            threads -> {
                              threads.writeInt64(1, 40);
                              threads.writeInt64(2, 30);
                              threads.writeInt64(3, 48);
                            }));
                  }));
          collection.writeString(2, sender.service());
          collection.writeString(3, sender.instance());
        });
  }

  /** {@code Memory}. */
  private static byte[] memory(boolean heap, long max, long used) {
    return message(
        memory -> {
          memory.writeBool(1, heap);
          memory.writeInt64(2, max / 2);
          memory.writeInt64(3, max);
          memory.writeInt64(4, used);
          memory.writeInt64(5, max);
        });
  }

  /** {@code GC}; phase 0 is NEW, 1 is OLD. */
  private static byte[] collector(int phase, long count, long millis) {
    return message(
        gc -> {
          gc.writeEnum(1, phase);
          gc.writeInt64(2, count);
          gc.writeInt64(3, millis);
        });
  }

  /** {@code skywalking.v3.InstancePingPkg}. */
  static byte[] keepAlive(Sender sender) {
    return message(
        ping -> {
          ping.writeString(1, sender.service());
          ping.writeString(2, sender.instance());
          ping.writeString(3, "GENERAL");
        });
  }

  /**
   * {@code envoy.service.accesslog.v3.StreamAccessLogsMessage}.
   *
   * @param first the first message of a stream says which Envoy it is, the others do not
   */
  static byte[] accessLogs(Sender envoy, long number, long nowMillis, boolean first) {
    return message(
        logs -> {
          if (first) {
            logs.writeByteArray(
                1,
                message(
                    identifier -> {
                      identifier.writeByteArray(1, node(envoy));
                      identifier.writeString(2, "http_envoy_accesslog");
                    }));
          }
          logs.writeByteArray(
              2,
              message(
                  http -> {
                    for (int i = 0; i < ENTRIES_PER_ACCESS_LOG; i++) {
                      http.writeByteArray(1, entry(envoy, number + i, nowMillis));
                    }
                  }));
        });
  }

  /** {@code envoy.config.core.v3.Node}; OAP takes service and instance from its metadata. */
  private static byte[] node(Sender envoy) {
    return message(
        node -> {
          node.writeString(1, "router~10.0.0.9~" + envoy.instance() + ".demo~demo.svc");
          node.writeString(2, envoy.service() + ".demo");
          node.writeByteArray(
              3,
              message(
                  struct -> {
                    struct.writeByteArray(1, entry("NAME", text(3, envoy.instance())));
                    struct.writeByteArray(1, entry("NAMESPACE", text(3, "demo")));
                    byte[] labels = nested(1, entry("app", text(3, envoy.service())));
                    struct.writeByteArray(1, entry("LABELS", nested(5, labels)));
                  }));
        });
  }

  /** {@code envoy.data.accesslog.v3.HTTPAccessLogEntry}. */
  private static byte[] entry(Sender envoy, long number, long nowMillis) {
    return message(
        entry -> {
          entry.writeByteArray(1, common(envoy, nowMillis));
          entry.writeEnum(2, 2); // HTTP11
          entry.writeByteArray(
              3,
              message(
                  request -> {
                    request.writeEnum(1, 1); // GET
                    request.writeString(2, "http");
                    request.writeString(3, "shop.example");
                    request.writeString(5, path(number));
                    request.writeString(6, "curl/8.5.0");
                    request.writeString(9, envoy.instance() + "-" + number);
                    request.writeUInt64(11, 420);
                  }));
          entry.writeByteArray(
              4,
              message(
                  response -> {
                    int code = number % 50 == 0 ? 503 : 200;
                    response.writeByteArray(1, message(value -> value.writeUInt32(1, code)));
                    response.writeUInt64(2, 160);
                    response.writeUInt64(3, 4183);
                    response.writeString(6, "via_upstream");
                  }));
        });
  }

  /** {@code AccessLogCommon}; without a filter state OAP makes no metric of an entry. */
  private static byte[] common(Sender envoy, long nowMillis) {
    return message(
        common -> {
          common.writeByteArray(2, address("10.0.0.7", 50232));
          common.writeByteArray(3, address("10.0.0.9", 8080));
          common.writeByteArray(
              5,
              message(
                  start -> {
                    start.writeInt64(1, nowMillis / 1000);
                    start.writeInt32(2, (int) (nowMillis % 1000) * 1_000_000);
                  }));
          common.writeByteArray(6, micros(40)); // last byte of the request
          common.writeByteArray(7, micros(900)); // first byte to the upstream
          common.writeByteArray(8, micros(950)); // last byte to the upstream
          common.writeByteArray(9, micros(9_000)); // first byte from the upstream
          common.writeByteArray(10, micros(9_100)); // last byte from the upstream
          common.writeByteArray(11, micros(9_200)); // first byte of the response
          common.writeByteArray(12, micros(9_300)); // last byte of the response
          common.writeByteArray(13, address("10.0.0.8", 9080));
          common.writeString(15, "outbound|9080||" + envoy.service() + ".demo.svc");
          common.writeByteArray(21, entry("demo.peer", new byte[0]));
        });
  }

  /** {@code Address} of a {@code SocketAddress}. */
  private static byte[] address(String host, int port) {
    return nested(
        1,
        message(
            socket -> {
              socket.writeString(2, host);
              socket.writeUInt32(3, port);
            }));
  }

  /** {@code google.protobuf.Duration}. */
  private static byte[] micros(int micros) {
    return message(duration -> duration.writeInt32(2, micros * 1000));
  }

  /** {@code KeyStringValuePair} and {@code Label}. */
  private static byte[] pair(String key, String value) {
    return entry(key, value.getBytes(StandardCharsets.UTF_8));
  }

  /** An entry of a map. */
  private static byte[] entry(String key, byte[] value) {
    return message(
        entry -> {
          entry.writeString(1, key);
          entry.writeByteArray(2, value);
        });
  }

  private static byte[] text(int field, String text) {
    return message(out -> out.writeString(field, text));
  }

  private static byte[] nested(int field, byte[] message) {
    return message(out -> out.writeByteArray(field, message));
  }

  private static byte[] message(Fields fields) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
      CodedOutputStream out = CodedOutputStream.newInstance(bytes, 256);
      fields.writeTo(out);
      out.flush();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("a byte array refused bytes", e);
    }
  }

  private static String path(long number) {
    return PATHS.get((int) (number % PATHS.size()));
  }

  private static String traceId(Sender sender, long number) {
    return sender.instance() + ".1." + number;
  }

  private static String segmentId(Sender sender, long number) {
    return sender.instance() + ".1.1." + number;
  }
}
