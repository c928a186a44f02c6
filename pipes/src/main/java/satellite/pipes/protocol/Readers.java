package satellite.pipes.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import satellite.pipes.protocol.Protocol.ReaderFactory;
import satellite.pipes.protocol.StreamReader.Sink;

/**
 * How the protocols are read: what each message says of its source, and what it leaves to an
 * earlier message of its stream. Field numbers are those of SkyWalking's data-collect-protocol, of
 * Envoy's API and of OpenTelemetry's protocol.
 */
final class Readers {

  private Readers() {}

  /** Joins the parts of an identity; cannot stand in a valid name. */
  private static final char SEPARATOR = Protocol.IDENTITY_SEPARATOR;

  /** Starts where no process before it came to: events of theirs may be on disk. */
  private static final AtomicLong SERIAL = new AtomicLong(System.currentTimeMillis() << 16);

  /** Each message stands alone and any node will do: not one byte is read. */
  static ReaderFactory whole() {
    return options -> (message, sink) -> sink.event(message);
  }

  /** The same for what will be concatenated: its fields must end where it ends. */
  static ReaderFactory checked() {
    return options ->
        (message, sink) -> {
          FieldCursor.check(message);
          sink.event(message);
        };
  }

  /** Each message becomes an element of the repeated field {@code number} of its batch. */
  static ReaderFactory elementOf(int number) {
    return options ->
        (message, sink) ->
            sink.event(
                null, null, Sink.NOTHING, FieldCursor.header(number, message.length), message);
  }

  /** Messages with equal strings in these fields may be joined. */
  static ReaderFactory groupedBy(int... numbers) {
    return options ->
        (message, sink) -> sink.event(null, strings(message, numbers), Sink.NOTHING, message);
  }

  private static String strings(byte[] message, int... numbers) throws MalformedMessageException {
    String[] values = new String[numbers.length];
    FieldCursor fields = new FieldCursor(message);
    while (fields.next()) {
      for (int i = 0; i < numbers.length; i++) {
        if (fields.is(numbers[i])) {
          values[i] = fields.string();
        }
      }
    }
    StringBuilder joined = new StringBuilder();
    for (String value : values) {
      joined.append(value == null ? "" : value).append(SEPARATOR);
    }
    return joined.toString();
  }

  /** Of two different cases of a oneof only the last would survive a join. */
  private static final class OneofCase {
    private int last;
    private boolean several;

    void saw(int number) {
      several |= last != 0 && last != number;
      last = number;
    }

    /** Messages of one group may be joined; one that holds several cases by nobody. */
    String group() {
      return several ? "alone" + SERIAL.incrementAndGet() : Integer.toString(last);
    }
  }

  /** ServiceMeshMetrics: HTTP or TCP metrics. */
  static ReaderFactory groupedByCase() {
    return options ->
        (message, sink) -> {
          OneofCase metrics = new OneofCase();
          FieldCursor fields = new FieldCursor(message);
          while (fields.next()) {
            metrics.saw(fields.number());
          }
          sink.event(null, metrics.group(), Sink.NOTHING, message);
        };
  }

  /**
   * LogData: the service may stand in the first message of a stream only, and OAP writes the first
   * one it sees on every later message. So each message gets it, and a stream upstream carries one
   * service.
   */
  static ReaderFactory log() {
    final int service = 2;
    return options ->
        new StreamReader() {
          private String first;

          @Override
          public void read(byte[] message, Sink sink) throws MalformedMessageException {
            String own = null;
            FieldCursor fields = new FieldCursor(message);
            while (fields.next()) {
              if (fields.is(service)) {
                own = fields.isEmpty() ? null : fields.string();
              }
            }
            if (first == null) {
              first = own;
            }
            if (own != null) {
              sink.event(null, own, Sink.NOTHING, message);
            } else if (first != null) {
              // Behind the message, so that it also wins over a service that is there and empty.
              sink.event(null, first, Sink.NOTHING, message, FieldCursor.string(service, first));
            } else {
              sink.discarded("no_service");
            }
          }
        };
  }

  private static final int METER_SERVICE = 3;
  private static final int METER_INSTANCE = 4;
  private static final int METER_TIMESTAMP = 5;

  /**
   * MeterData, one element of a report: who reports stands in the first element only, and OAP looks
   * at the report when the stream ends. The elements are gathered as the one MeterDataCollection
   * that the stream is; where it would become too long, another one is begun, whose first element
   * says again who reports. One that became too long before it said so is nobody's.
   */
  static ReaderFactory meterElement() {
    return options ->
        new StreamReader() {
          private String service;
          private String instance;
          private byte[] timestamp = Sink.NOTHING;
          private boolean nobodys;
          private int part;

          /** Of this part. */
          private long bytes;

          @Override
          public void read(byte[] message, Sink sink) throws MalformedMessageException {
            boolean wasKnown = isKnown();
            FieldCursor fields = new FieldCursor(message);
            while (fields.next()) {
              if (fields.is(METER_SERVICE) && !fields.isEmpty()) {
                service = fields.string();
              } else if (fields.is(METER_INSTANCE) && !fields.isEmpty()) {
                instance = fields.string();
              } else if (fields.number() == METER_TIMESTAMP) {
                timestamp = fields.whole();
              }
            }
            byte[] element = message;
            byte[] header = FieldCursor.header(1, element.length);
            if (bytes > 0 && bytes + header.length + element.length > options.maxBatchBytes()) {
              nobodys |= !wasKnown;
              part++;
              bytes = 0;
              element = FieldCursor.concat(message, reporter());
              header = FieldCursor.header(1, element.length);
            }
            if (nobodys) {
              sink.discarded("no_identity");
              return;
            }
            bytes += header.length + element.length;
            sink.event(
                isKnown() ? service + SEPARATOR + instance : null,
                Integer.toString(part),
                Sink.NOTHING,
                header,
                element);
          }

          private boolean isKnown() {
            return service != null && instance != null;
          }

          private byte[] reporter() {
            if (!isKnown()) {
              return Sink.NOTHING;
            }
            byte[] names =
                FieldCursor.concat(
                    FieldCursor.string(METER_SERVICE, service),
                    FieldCursor.string(METER_INSTANCE, instance));
            return FieldCursor.concat(names, timestamp);
          }
        };
  }

  /** MeterDataCollection: one report each, by the instance that its first elements name. */
  static ReaderFactory meterCollection() {
    return options ->
        (message, sink) -> {
          String service = null;
          String instance = null;
          FieldCursor elements = new FieldCursor(message);
          while (elements.next()) {
            if (!elements.is(1) || (service != null && instance != null)) {
              continue;
            }
            FieldCursor element = elements.nested();
            while (element.next()) {
              if (element.is(METER_SERVICE) && service == null && !element.isEmpty()) {
                service = element.string();
              } else if (element.is(METER_INSTANCE) && instance == null && !element.isEmpty()) {
                instance = element.string();
              }
            }
          }
          if (service == null || instance == null) {
            sink.discarded("no_identity");
          } else {
            sink.event(service + SEPARATOR + instance, null, Sink.NOTHING, message);
          }
        };
  }

  /**
   * StreamAccessLogsMessage: the identifier stands in the first message of a stream. It is cut off
   * and put once in front of what is joined. HTTP and TCP entries are cases of a oneof: joined, the
   * last would win.
   *
   * @param everyIdentifierCounts as among Satellites; an Envoy's later identifiers are ignored, as
   *     OAP does
   */
  static ReaderFactory accessLog(boolean everyIdentifierCounts) {
    return options ->
        new StreamReader() {
          private EnvoyIdentifier identifier;

          /** Of the identifier, for messages of one case; made once, as most messages need one. */
          private String lastGroup;

          private int lastCase;

          @Override
          public void read(byte[] message, Sink sink) throws MalformedMessageException {
            EnvoyIdentifier seen = null;
            byte[] entries = message;
            OneofCase logs = new OneofCase();
            FieldCursor fields = new FieldCursor(message);
            while (fields.next()) {
              if (!fields.is(1)) {
                logs.saw(fields.number());
                continue;
              }
              if (seen != null) {
                throw new MalformedMessageException("an access log message with two identifiers");
              }
              seen = EnvoyIdentifier.of(fields.nested());
              entries = fields.without();
            }
            if (identifier == null || (everyIdentifierCounts && seen != null)) {
              identifier = seen == null ? EnvoyIdentifier.NOBODY : seen;
              lastGroup = null;
            }
            // A message of nothing but an identifier is kept for what follows.
            if (entries.length > 0) {
              sink.event(null, group(logs), identifier.context().bytes(), entries);
            }
          }

          private String group(OneofCase logs) {
            if (lastGroup == null || lastCase != logs.last || logs.several) {
              lastGroup = identifier.context().name() + "/" + logs.group();
              lastCase = logs.several ? -1 : logs.last;
            }
            return lastGroup;
          }
        };
  }

  /**
   * StreamMetricsMessage of Envoy: the identifier stands in the first message, OAP reads it in the
   * first of its stream only, and rates want all of one Envoy on one node. Replicas may share id
   * and cluster, and differ only in their metadata.
   */
  static ReaderFactory envoyMetrics() {
    return options ->
        new StreamReader() {
          private EnvoyIdentifier identifier;

          @Override
          public void read(byte[] message, Sink sink) throws MalformedMessageException {
            EnvoyIdentifier seen = null;
            byte[] metrics = message;
            FieldCursor fields = new FieldCursor(message);
            while (fields.next()) {
              if (!fields.is(1)) {
                continue;
              }
              if (seen != null) {
                throw new MalformedMessageException("a metrics message with two identifiers");
              }
              seen = EnvoyIdentifier.of(fields.nested());
              metrics = fields.without();
            }
            if (identifier == null) {
              identifier = seen;
            }
            if (identifier == null) {
              sink.discarded("no_identity");
            } else if (metrics.length > 0) {
              SharedContext context = identifier.context();
              sink.event(identifier.node(), context.name(), context.bytes(), metrics);
            }
          }
        };
  }

  /** EBPFProfilingData: a task [1] holds for the messages behind it, so each gets it. */
  static ReaderFactory ebpfProfiling() {
    return options ->
        new StreamReader() {
          private byte[] task = Sink.NOTHING;

          @Override
          public void read(byte[] message, Sink sink) throws MalformedMessageException {
            boolean own = false;
            FieldCursor fields = new FieldCursor(message);
            while (fields.next()) {
              if (fields.is(1)) {
                task = fields.whole();
                own = true;
              }
            }
            if (own) {
              sink.event(message);
            } else if (task.length > 0) {
              sink.event(null, null, task, message);
            } else {
              sink.discarded("no_task");
            }
          }
        };
  }

  /**
   * EBPFAccessLogMessage: node [1] and connection [2] hold until they are replaced. A stream goes
   * upstream in its order and to one node; each message behind the first carries what held for it.
   */
  static ReaderFactory ebpfAccessLog() {
    return options ->
        new StreamReader() {
          private final String stream = "ebpf" + SERIAL.incrementAndGet();
          private byte[] node = Sink.NOTHING;
          private byte[] connection = Sink.NOTHING;
          private byte[] both = Sink.NOTHING;
          private String nodeName;

          @Override
          public void read(byte[] message, Sink sink) throws MalformedMessageException {
            boolean ownNode = false;
            boolean ownConnection = false;
            byte[] newNode = node;
            byte[] newConnection = connection;
            String name = nodeName;
            FieldCursor fields = new FieldCursor(message);
            while (fields.next()) {
              if (fields.is(1)) {
                ownNode = true;
                newNode = fields.whole();
                name = name(fields.nested());
              } else if (fields.is(2)) {
                ownConnection = true;
                newConnection = fields.whole();
              }
            }
            byte[] context;
            if (ownNode && ownConnection) {
              context = Sink.NOTHING;
            } else if (ownNode) {
              context = connection;
            } else if (ownConnection) {
              context = node;
            } else {
              context = both;
            }
            if (ownNode || ownConnection) {
              node = newNode;
              connection = newConnection;
              both = FieldCursor.concat(node, connection);
              nodeName = name;
            }
            sink.event(nodeName == null ? stream : nodeName, stream, context, message);
          }

          private String name(FieldCursor node) throws MalformedMessageException {
            String name = null;
            while (node.next()) {
              if (node.is(1) && !node.isEmpty()) {
                name = node.string();
              }
            }
            return name;
          }
        };
  }

  private static final String SERVICE_NAME = "service.name";

  /**
   * ExportMetricsServiceRequest: rates want a resource on one node, so a request is cut where the
   * key changes. The key is made of the configured attributes; of all of them where none is there.
   */
  static ReaderFactory otlpMetrics() {
    return options ->
        (message, sink) -> {
          List<byte[]> parts = new ArrayList<>();
          String key = null;
          FieldCursor resources = new FieldCursor(message);
          List<Runnable> events = new ArrayList<>();
          while (resources.next()) {
            if (!resources.is(1)) {
              // Nothing that OAP knows, and of nobody.
              continue;
            }
            String next = resourceKey(resources.nested(), options);
            if (!parts.isEmpty() && !next.equals(key)) {
              events.add(otlpEvent(sink, key, parts));
              parts = new ArrayList<>();
            }
            key = next;
            parts.add(resources.whole());
          }
          if (!parts.isEmpty()) {
            events.add(otlpEvent(sink, key, parts));
          }
          // Told only when the whole request was read: a malformed one is refused whole.
          events.forEach(Runnable::run);
        };
  }

  private static Runnable otlpEvent(Sink sink, String key, List<byte[]> parts) {
    return () -> sink.event(key, null, Sink.NOTHING, parts.toArray(byte[][]::new));
  }

  private static String resourceKey(FieldCursor resourceMetrics, ReaderOptions options)
      throws MalformedMessageException {
    StringBuilder all = new StringBuilder();
    String[] chosen = new String[options.identityAttributes().size()];
    boolean any = false;
    while (resourceMetrics.next()) {
      if (!resourceMetrics.is(1)) {
        continue;
      }
      FieldCursor resource = resourceMetrics.nested();
      while (resource.next()) {
        if (resource.is(1)) {
          String[] attribute = attribute(resource.nested());
          all.append(attribute[0]).append('=').append(attribute[1]).append(SEPARATOR);
          int wanted = options.identityAttributes().indexOf(attribute[0]);
          if (wanted >= 0) {
            chosen[wanted] = attribute[1];
            any = true;
          }
        }
      }
    }
    if (!any) {
      return all.toString();
    }
    StringBuilder key = new StringBuilder();
    for (String value : chosen) {
      key.append(value == null ? "" : value).append(SEPARATOR);
    }
    return key.toString();
  }

  /** KeyValue: key [1], value [2]; its string_value [1], empty for values of other types. */
  private static String[] attribute(FieldCursor keyValue) throws MalformedMessageException {
    String key = "";
    String value = "";
    while (keyValue.next()) {
      if (keyValue.is(1)) {
        key = keyValue.string();
      } else if (keyValue.is(2)) {
        FieldCursor any = keyValue.nested();
        while (any.next()) {
          if (any.is(1)) {
            value = any.string();
          }
        }
      }
    }
    return new String[] {key, value};
  }

  /**
   * ExportLogsServiceRequest, cut to one ResourceLogs each: OAP before 10.3 answers after the first
   * one and loses the others, and never answers where none has a service.name.
   */
  static ReaderFactory otlpLogs() {
    return options ->
        (message, sink) -> {
          List<Runnable> events = new ArrayList<>();
          FieldCursor resources = new FieldCursor(message);
          while (resources.next()) {
            byte[] whole = resources.whole();
            if (!resources.is(1) || !hasServiceName(resources.nested())) {
              events.add(() -> sink.discarded("no_service_name"));
            } else {
              String group = options.joinOtlpLogs() ? null : "otlp" + SERIAL.incrementAndGet();
              events.add(() -> sink.event(null, group, Sink.NOTHING, whole));
            }
          }
          events.forEach(Runnable::run);
        };
  }

  private static boolean hasServiceName(FieldCursor resourceLogs) throws MalformedMessageException {
    boolean has = false;
    while (resourceLogs.next()) {
      if (!resourceLogs.is(1)) {
        continue;
      }
      FieldCursor resource = resourceLogs.nested();
      while (resource.next()) {
        if (resource.is(1)) {
          String[] attribute = attribute(resource.nested());
          has |= attribute[0].equals(SERVICE_NAME) && !attribute[1].isEmpty();
        }
      }
    }
    return has;
  }
}
