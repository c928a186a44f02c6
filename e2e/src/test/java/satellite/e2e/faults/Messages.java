package satellite.e2e.faults;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.List;
import java.util.function.Function;
import org.apache.skywalking.apm.network.language.agent.v3.Label;
import org.apache.skywalking.apm.network.language.agent.v3.MeterData;
import org.apache.skywalking.apm.network.language.agent.v3.MeterDataCollection;
import org.apache.skywalking.apm.network.language.agent.v3.MeterSingleValue;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentCollection;
import org.apache.skywalking.apm.network.language.agent.v3.SegmentObject;
import org.apache.skywalking.apm.network.language.agent.v3.SpanObject;
import org.apache.skywalking.apm.network.logging.v3.LogData;
import org.apache.skywalking.apm.network.logging.v3.LogDataBody;
import org.apache.skywalking.apm.network.logging.v3.TextLog;
import org.apache.skywalking.apm.network.management.v3.InstancePingPkg;

/**
 * Items as the real messages of agents, and back. All of a message follows from its item, so that a
 * node sees whether a bit of it changed on the way.
 */
final class Messages {

  static final String SERVICE = "faults";

  private Messages() {}

  static SegmentObject segment(Item item) {
    return SegmentObject.newBuilder()
        .setTraceId("a trace")
        .setTraceSegmentId(item.id)
        .setService(SERVICE)
        .setServiceInstance(item.source)
        .addSpans(SpanObject.newBuilder().setOperationName(filler(item.id)))
        .build();
  }

  /** Without its service, which only the first of a stream names. */
  static LogData log(Item item) {
    TextLog text = TextLog.newBuilder().setText(item.id + " " + filler(item.id)).build();
    return LogData.newBuilder()
        .setServiceInstance(item.source)
        .setBody(LogDataBody.newBuilder().setText(text))
        .build();
  }

  /** Without its instance, which only the first of those that belong together names. */
  static MeterData meter(Item item) {
    return MeterData.newBuilder()
        .setSingleValue(
            MeterSingleValue.newBuilder()
                .setName(item.id)
                .setValue(number(item.id))
                .addLabels(Label.newBuilder().setName("filler").setValue(filler(item.id))))
        .build();
  }

  static MeterData named(Item item, MeterData meter) {
    return meter.toBuilder().setService(SERVICE).setServiceInstance(item.source).build();
  }

  static InstancePingPkg keepAlive(Item item) {
    return InstancePingPkg.newBuilder()
        .setService(SERVICE)
        .setServiceInstance(item.id)
        .setLayer("GENERAL")
        .build();
  }

  /**
   * The items of a message that came to a node.
   *
   * @param ledger finds an item by its id, and fails if it does not know it
   */
  static List<Item> items(String method, byte[] message, Function<String, Item> ledger) {
    try {
      switch (method.substring(method.lastIndexOf('.') + 1)) {
        case "TraceSegmentReportService/collectInSync" -> {
          return SegmentCollection.parseFrom(message).getSegmentsList().stream()
              .map(s -> as(ledger.apply(s.getTraceSegmentId()), s, Messages::segment))
              .toList();
        }
        case "LogReportService/collect" -> {
          LogData log = LogData.parseFrom(message).toBuilder().clearService().build();
          String id = log.getBody().getText().getText().split(" ")[0];
          return List.of(as(ledger.apply(id), log, Messages::log));
        }
        case "MeterReportService/collectBatch" -> {
          return MeterDataCollection.parseFrom(message).getMeterDataList().stream()
              .map(m -> m.toBuilder().clearService().clearServiceInstance().build())
              .map(m -> as(ledger.apply(m.getSingleValue().getName()), m, Messages::meter))
              .toList();
        }
        case "ManagementService/keepAlive" -> {
          InstancePingPkg ping = InstancePingPkg.parseFrom(message);
          return List.of(as(ledger.apply(ping.getServiceInstance()), ping, Messages::keepAlive));
        }
        default -> throw new IllegalArgumentException("a node was asked for " + method);
      }
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("not a message of " + method, e);
    }
  }

  private static <M> Item as(Item item, M received, Function<Item, M> sent) {
    if (!sent.apply(item).equals(received)) {
      throw new IllegalArgumentException(item + " has changed on the way: " + received);
    }
    return item;
  }

  /** Mostly short; long in some, so that memory and disk are full soon. */
  private static String filler(String id) {
    long number = number(id);
    return "x".repeat((int) (number * 37 % 700 + (number % 16 == 0 ? 20_000 : 0)));
  }

  private static long number(String id) {
    return Long.parseLong(id.substring(Ledger.PREFIX.length()));
  }
}
