package satellite.pipes.json;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.Value;
import com.google.protobuf.WrappersProto;
import com.google.protobuf.util.JsonFormat;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * A protocol's binary message as JSON, by protobuf's own JSON mapping. One message; one thread.
 *
 * <p>Protobuf's mapping leaves out what a description does not know, and fails at an {@code Any} of
 * a type that it does not know; here nothing is hidden: see {@link #unknown}.
 */
public final class MessagePrinter {

  private static final JsonFormat.TypeRegistry KNOWN =
      JsonFormat.TypeRegistry.newBuilder()
          .add(WrappersProto.getDescriptor().getMessageTypes())
          .add(Struct.getDescriptor().getFile().getMessageTypes())
          .build();
  private static final JsonFormat.Printer JSON = JsonFormat.printer().usingTypeRegistry(KNOWN);

  /** Deeper nesting, in what nobody describes, is shown as bytes. */
  private static final int DEEPEST = 30;

  private final JsonElement json;
  private final JsonObject unknown = new JsonObject();

  /**
   * @throws InvalidProtocolBufferException the bytes are no such message
   */
  public MessagePrinter(Descriptor type, byte[] message) throws InvalidProtocolBufferException {
    // What proto2 requires may be missing all the same.
    DynamicMessage read = DynamicMessage.newBuilder(type).mergeFrom(message).buildPartial();
    this.json = JsonParser.parseString(JSON.print(printable(read, "")));
  }

  public JsonElement json() {
    return json;
  }

  /**
   * Fields that the description does not have, by the path of their message ({@code ""} for the
   * whole one) and their number.
   */
  public JsonObject unknown() {
    return unknown;
  }

  /** The same message, with every {@code Any} as one that can be printed. */
  private Message printable(Message message, String path) {
    if (!message.getUnknownFields().asMap().isEmpty()) {
      unknown.add(path, byNumber(message.getUnknownFields(), 0));
    }
    Message.Builder builder = message.toBuilder();
    for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
      FieldDescriptor field = entry.getKey();
      if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
        continue;
      }
      String at = (path.isEmpty() ? "" : path + ".") + field.getJsonName();
      if (field.isRepeated()) {
        List<?> elements = (List<?>) entry.getValue();
        for (int i = 0; i < elements.size(); i++) {
          Message element = printable((Message) elements.get(i), at + "[" + i + "]");
          builder.setRepeatedField(field, i, element);
        }
      } else {
        builder.setField(field, printable((Message) entry.getValue(), at));
      }
    }
    Message nested = builder.buildPartial();
    return nested.getDescriptorForType().getFullName().equals("google.protobuf.Any")
        ? printableAny(nested)
        : nested;
  }

  private static Message printableAny(Message message) {
    try {
      JSON.print(message);
      return message;
    } catch (InvalidProtocolBufferException e) {
      return asStruct(message);
    }
  }

  /** Packs what nobody can read: its type, and its bytes as base64. */
  private static Message asStruct(Message any) {
    Descriptor type = any.getDescriptorForType();
    FieldDescriptor url = type.findFieldByName("type_url");
    FieldDescriptor value = type.findFieldByName("value");
    byte[] bytes = ((ByteString) any.getField(value)).toByteArray();
    Any packed =
        Any.pack(
            Struct.newBuilder()
                .putFields("typeUrl", text((String) any.getField(url)))
                .putFields("bytes", text(Base64.getEncoder().encodeToString(bytes)))
                .build());
    return any.toBuilder()
        .setField(url, packed.getTypeUrl())
        .setField(value, packed.getValue())
        .build();
  }

  private static Value text(String text) {
    return Value.newBuilder().setStringValue(text).build();
  }

  /**
   * A message that nobody describes: its fields by number. What is length-delimited is shown as
   * text if it is some, else as a message if it may be one, else as bytes.
   *
   * @throws InvalidProtocolBufferException the bytes are no message
   */
  public static JsonObject byNumber(byte[] message) throws InvalidProtocolBufferException {
    return byNumber(UnknownFieldSet.parseFrom(message), 0);
  }

  private static JsonObject byNumber(UnknownFieldSet fields, int depth) {
    JsonObject json = new JsonObject();
    fields
        .asMap()
        .forEach(
            (number, field) -> {
              JsonArray values = new JsonArray();
              field.getVarintList().forEach(values::add);
              field.getFixed32List().forEach(values::add);
              field.getFixed64List().forEach(values::add);
              field.getLengthDelimitedList().forEach(bytes -> values.add(guess(bytes, depth)));
              field.getGroupList().forEach(group -> values.add(byNumber(group, depth + 1)));
              json.add("" + number, values.size() == 1 ? values.get(0) : values);
            });
    return json;
  }

  private static JsonElement guess(ByteString bytes, int depth) {
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(bytes.asReadOnlyByteBuffer()).toString();
      if (text.chars().noneMatch(c -> Character.isISOControl(c) && c != '\n' && c != '\t')) {
        return new JsonPrimitive(text);
      }
    } catch (CharacterCodingException e) {
      // No text.
    }
    if (depth < DEEPEST) {
      try {
        return byNumber(UnknownFieldSet.parseFrom(bytes), depth + 1);
      } catch (InvalidProtocolBufferException e) {
        // No message either.
      }
    }
    JsonObject json = new JsonObject();
    json.addProperty("bytes", Base64.getEncoder().encodeToString(bytes.toByteArray()));
    return json;
  }
}
