package satellite.pipes.json;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonIOException;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * JSON to the protocol's binary messages, by protobuf's own JSON mapping. As OAP does, fields that
 * the message does not have are passed over. Bodies are read element by element, so what is held is
 * one element. Any thread.
 */
public final class JsonMessages {

  private static final JsonFormat.Parser JSON = JsonFormat.parser().ignoringUnknownFields();
  private static final Pattern PLACE = Pattern.compile("line (\\d+) column (\\d+)");

  /** JSON that is not a message of its route; the text says where. */
  public static final class Malformed extends Exception {
    Malformed(String text) {
      super(text, null, false, false);
    }
  }

  private final Descriptor type;
  private final UnaryOperator<JsonElement> before;

  /**
   * @param type full name of the message, such as {@code skywalking.v3.LogData}
   * @param before what is done to an element before the mapping
   */
  public JsonMessages(String type, UnaryOperator<JsonElement> before) {
    this.type = MessageTypes.named(type);
    this.before = before;
    if (this.type == null) {
      throw new IllegalArgumentException(MessageTypes.DESCRIPTION + " does not describe " + type);
    }
  }

  /** The one message that the body is. */
  public List<DynamicMessage> one(InputStream body) throws Malformed {
    return read(body, false);
  }

  /** The messages of the array that the body is. */
  public List<DynamicMessage> array(InputStream body) throws Malformed {
    return read(body, true);
  }

  private List<DynamicMessage> read(InputStream body, boolean array) throws Malformed {
    var utf8 =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    JsonReader json = new JsonReader(new InputStreamReader(body, utf8));
    json.setStrictness(Strictness.STRICT);
    List<DynamicMessage> messages = new ArrayList<>();
    try {
      if (array) {
        expect(json, JsonToken.BEGIN_ARRAY, "an array");
        json.beginArray();
        while (json.hasNext()) {
          messages.add(element(json));
        }
        json.endArray();
      } else {
        messages.add(element(json));
      }
      expect(json, JsonToken.END_DOCUMENT, "the end");
      return messages;
    } catch (IOException | JsonParseException | IllegalStateException e) {
      throw new Malformed(notJson(json, e));
    }
  }

  private static void expect(JsonReader json, JsonToken token, String what)
      throws IOException, Malformed {
    JsonToken found = json.peek();
    if (found != token) {
      throw new Malformed(json.getPath() + ": expected " + what + ", found " + words(found));
    }
  }

  private static String words(JsonToken token) {
    return switch (token) {
      case BEGIN_ARRAY, END_ARRAY -> "an array";
      case BEGIN_OBJECT, END_OBJECT, NAME -> "an object";
      case STRING -> "a string";
      case NUMBER -> "a number";
      case BOOLEAN -> "true or false";
      case NULL -> "null";
      case END_DOCUMENT -> "the end";
    };
  }

  private DynamicMessage element(JsonReader json) throws IOException, Malformed {
    String path = json.getPath();
    expect(json, JsonToken.BEGIN_OBJECT, "an object");
    JsonElement element = before.apply(JsonParser.parseReader(json));
    try {
      return message(element, type);
    } catch (InvalidProtocolBufferException e) {
      throw new Malformed(where(path, element, type) + ": " + e.getMessage());
    }
  }

  private static DynamicMessage message(JsonElement element, Descriptor type)
      throws InvalidProtocolBufferException {
    DynamicMessage.Builder message = DynamicMessage.newBuilder(type);
    try {
      JSON.merge(element.toString(), message);
      return message.build();
    } catch (IllegalArgumentException e) {
      // Bytes that are not base64.
      throw new InvalidProtocolBufferException(e.getMessage());
    }
  }

  /**
   * The place in an element that cannot be mapped. The mapping does not tell, so each field is
   * tried by itself, and again inside the first that fails.
   */
  private static String where(String path, JsonElement element, Descriptor type) {
    if (!element.isJsonObject()) {
      return path;
    }
    for (Map.Entry<String, JsonElement> entry : element.getAsJsonObject().entrySet()) {
      FieldDescriptor field = field(type, entry.getKey());
      if (field == null || maps(type, entry.getKey(), entry.getValue())) {
        continue;
      }
      String at = path + "." + entry.getKey();
      boolean nested = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
      if (field.isRepeated() && entry.getValue().isJsonArray()) {
        JsonArray elements = entry.getValue().getAsJsonArray();
        for (int i = 0; i < elements.size(); i++) {
          JsonArray alone = new JsonArray();
          alone.add(elements.get(i));
          if (!maps(type, entry.getKey(), alone)) {
            String place = at + "[" + i + "]";
            return nested ? where(place, elements.get(i), field.getMessageType()) : place;
          }
        }
      }
      return nested ? where(at, entry.getValue(), field.getMessageType()) : at;
    }
    return path;
  }

  private static boolean maps(Descriptor type, String name, JsonElement value) {
    JsonObject alone = new JsonObject();
    alone.add(name, value);
    try {
      message(alone, type);
      return true;
    } catch (InvalidProtocolBufferException e) {
      return false;
    }
  }

  private static FieldDescriptor field(Descriptor type, String name) {
    for (FieldDescriptor field : type.getFields()) {
      if (field.getJsonName().equals(name) || field.getName().equals(name)) {
        return field;
      }
    }
    return null;
  }

  /** The reader's own words are advice for programmers. */
  private static String notJson(JsonReader json, Exception e) {
    Throwable cause = e instanceof JsonIOException && e.getCause() != null ? e.getCause() : e;
    if (cause instanceof java.nio.charset.CharacterCodingException) {
      return json.getPath() + ": not UTF-8";
    }
    Matcher place = PLACE.matcher(String.valueOf(cause.getMessage()));
    return (place.find() ? "line " + place.group(1) + ", column " + place.group(2) + ", " : "")
        + json.getPath()
        + ": not JSON";
  }
}
