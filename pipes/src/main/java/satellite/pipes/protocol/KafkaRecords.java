package satellite.pipes.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import satellite.queue.Event;

/**
 * How an event becomes records of a Kafka topic, with the keys that SkyWalking's Java agent writes
 * and the values that OAP's Kafka fetcher reads. Field numbers are those of SkyWalking's
 * data-collect-protocol.
 */
public interface KafkaRecords {

  /**
   * @param key decides the partition; OAP itself reads it for managements only
   */
  record Keyed(String key, byte[] value) {}

  /** At least one, unless the event is an empty list. */
  List<Keyed> of(Event event) throws MalformedMessageException;

  /** What a message says of its key. */
  interface Key {
    String of(byte[] message) throws MalformedMessageException;
  }

  /** One record each; its key is a prefix and a string field of the message. */
  static KafkaRecords keyedBy(String prefix, int number) {
    return whole(message -> prefix + string(message, number));
  }

  /** ThreadSnapshot: by its task [1] and its number in it [4]. */
  static KafkaRecords snapshots() {
    return whole(
        message -> {
          String task = "";
          int sequence = 0;
          FieldCursor fields = new FieldCursor(message);
          while (fields.next()) {
            if (fields.is(1)) {
              task = fields.string();
            } else if (fields.number() == 4) {
              sequence = (int) fields.varint();
            }
          }
          return task + sequence;
        });
  }

  /**
   * A record for each SegmentObject of the SegmentCollection { segments [1] } that an event is; its
   * key is the segment's id [2].
   */
  static KafkaRecords segments() {
    return event -> {
      List<Keyed> records = new ArrayList<>();
      FieldCursor collection = new FieldCursor(payload(event));
      while (collection.next()) {
        if (collection.is(1)) {
          byte[] segment = collection.value();
          records.add(new Keyed(string(segment, 2), segment));
        }
      }
      return records;
    };
  }

  /** LogData, by its service: the reader has seen to it that each names one. */
  static KafkaRecords logs() {
    return identified(Event::group);
  }

  /** MeterDataCollection, by the instance that it is of. */
  static KafkaRecords meters() {
    return identified(
        event -> event.key().substring(event.key().indexOf(Protocol.IDENTITY_SEPARATOR) + 1));
  }

  private static KafkaRecords whole(Key key) {
    return event -> {
      byte[] message = payload(event);
      return List.of(new Keyed(key.of(message), message));
    };
  }

  private static KafkaRecords identified(Function<Event, String> key) {
    return event -> List.of(new Keyed(key.apply(event), payload(event)));
  }

  private static byte[] payload(Event event) {
    Payload payload = new Payload();
    payload.add(event.context());
    payload.add(event.parts());
    return payload.toByteArray();
  }

  /** The last one counts, as everywhere in protobuf; empty when there is none. */
  private static String string(byte[] message, int number) throws MalformedMessageException {
    String value = "";
    FieldCursor fields = new FieldCursor(message);
    while (fields.next()) {
      if (fields.is(number)) {
        value = fields.string();
      }
    }
    return value;
  }
}
