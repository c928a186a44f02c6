package satellite.pipes.protocol;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A cursor over the top-level fields of an encoded protobuf message: reads the few bytes that
 * routing or merging needs and steps over the rest. One thread.
 */
public final class FieldCursor {

  private final byte[] bytes;
  private final int offset;
  private final CodedInputStream in;
  private int tag;
  private int start;
  private int end;
  private int valueStart;

  public FieldCursor(byte[] message) {
    this(message, 0, message.length);
  }

  private FieldCursor(byte[] bytes, int from, int to) {
    this.bytes = bytes;
    this.offset = from;
    this.in = CodedInputStream.newInstance(bytes, from, to - from);
  }

  /** Steps to the next field; false at the end of the message. */
  public boolean next() throws MalformedMessageException {
    try {
      start = offset + in.getTotalBytesRead();
      tag = in.readTag();
      if (tag == 0) {
        return false;
      }
      if (isBytes()) {
        int length = in.readRawVarint32();
        valueStart = offset + in.getTotalBytesRead();
        if (length < 0) {
          throw new MalformedMessageException("a field of negative length");
        }
        in.skipRawBytes(length);
      } else {
        valueStart = offset + in.getTotalBytesRead();
        if (!in.skipField(tag)) {
          throw new MalformedMessageException("a group ends that did not begin");
        }
      }
      end = offset + in.getTotalBytesRead();
      return true;
    } catch (IOException e) {
      throw new MalformedMessageException("not a protobuf message: " + e.getMessage());
    }
  }

  public int number() {
    return WireFormat.getTagFieldNumber(tag);
  }

  /** Whether it is length-delimited: a string, bytes or a message. */
  public boolean isBytes() {
    return WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
  }

  public boolean is(int number) {
    return number() == number && isBytes();
  }

  public boolean isEmpty() {
    return valueStart == end;
  }

  public String string() {
    return new String(bytes, valueStart, end - valueStart, StandardCharsets.UTF_8);
  }

  /** The value of a field of type int32 or int64; 0 if its type is another. */
  public long varint() {
    if (WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_VARINT) {
      return 0;
    }
    try {
      return CodedInputStream.newInstance(bytes, valueStart, end - valueStart).readRawVarint64();
    } catch (IOException e) {
      throw new AssertionError("a field that was stepped over cannot be read", e);
    }
  }

  /** The value of a length-delimited field. */
  public byte[] value() {
    return Arrays.copyOfRange(bytes, valueStart, end);
  }

  /** The fields of this message-typed field. */
  public FieldCursor nested() {
    return new FieldCursor(bytes, valueStart, end);
  }

  /** The field with its tag: append it to another message and that message has it. */
  public byte[] whole() {
    return Arrays.copyOfRange(bytes, start, end);
  }

  /** The message without this field. */
  public byte[] without() {
    byte[] rest = new byte[bytes.length - (end - start)];
    System.arraycopy(bytes, 0, rest, 0, start);
    System.arraycopy(bytes, end, rest, start, bytes.length - end);
    return rest;
  }

  /** Reads to the end; throws unless the last field ends where the message ends. */
  public static void check(byte[] message) throws MalformedMessageException {
    FieldCursor fields = new FieldCursor(message);
    while (fields.next()) {
      // Only the walk matters: what is joined must not reach into its neighbour.
    }
  }

  /** Tag and length in front of an element of a repeated message field. */
  public static byte[] header(int number, int length) {
    int tag = (number << 3) | WireFormat.WIRETYPE_LENGTH_DELIMITED;
    byte[] header =
        new byte
            [CodedOutputStream.computeUInt32SizeNoTag(tag)
                + CodedOutputStream.computeUInt32SizeNoTag(length)];
    CodedOutputStream out = CodedOutputStream.newInstance(header);
    try {
      out.writeUInt32NoTag(tag);
      out.writeUInt32NoTag(length);
    } catch (IOException e) {
      throw new AssertionError("an array of the computed size was too small", e);
    }
    return header;
  }

  /** An encoded string field. */
  public static byte[] string(int number, String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    return concat(header(number, utf8.length), utf8);
  }

  public static byte[] concat(byte[] a, byte[] b) {
    byte[] joined = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, joined, a.length, b.length);
    return joined;
  }
}
