package satellite.pipes;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;

/**
 * Messages for which no generated class is at hand, as they came with OAP 10.2 and later: written
 * and read by their published field numbers.
 */
public final class ByHand {

  private ByHand() {}

  /**
   * @param numbersAndValues field number and value in turn; a value is a String, bytes or a whole
   *     number
   */
  public static byte[] message(Object... numbersAndValues) {
    UnknownFieldSet.Builder message = UnknownFieldSet.newBuilder();
    for (int i = 0; i < numbersAndValues.length; i += 2) {
      message.mergeField((Integer) numbersAndValues[i], field(numbersAndValues[i + 1]));
    }
    return message.build().toByteArray();
  }

  private static Field field(Object value) {
    if (value instanceof String text) {
      return Field.newBuilder().addLengthDelimited(ByteString.copyFromUtf8(text)).build();
    }
    if (value instanceof byte[] bytes) {
      return Field.newBuilder().addLengthDelimited(ByteString.copyFrom(bytes)).build();
    }
    return Field.newBuilder().addVarint(((Number) value).longValue()).build();
  }

  public static boolean has(byte[] message, int number) {
    return fields(message).hasField(number);
  }

  /** Its last value, as proto3 wants; empty where it is missing. */
  public static byte[] bytes(byte[] message, int number) {
    var values = fields(message).getField(number).getLengthDelimitedList();
    return values.isEmpty() ? new byte[0] : values.get(values.size() - 1).toByteArray();
  }

  public static String text(byte[] message, int number) {
    return ByteString.copyFrom(bytes(message, number)).toStringUtf8();
  }

  public static long number(byte[] message, int number) {
    var values = fields(message).getField(number).getVarintList();
    return values.isEmpty() ? 0 : values.get(values.size() - 1);
  }

  private static UnknownFieldSet fields(byte[] message) {
    try {
      return UnknownFieldSet.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("a message that cannot be read", e);
    }
  }
}
