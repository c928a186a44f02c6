package satellite.pipes.deadletters;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.ByteArrayOutputStream;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import satellite.pipes.json.MessagePrinter;
import satellite.pipes.json.MessageTypes;
import satellite.pipes.protocol.EventContent;

/** Letters as JSON for people and scripts. One thread. */
public final class DeadLetterJson {

  private static final Gson PRETTY =
      new GsonBuilder().disableHtmlEscaping().serializeNulls().setPrettyPrinting().create();
  private static final Gson LINE =
      new GsonBuilder().disableHtmlEscaping().serializeNulls().create();

  private final Map<String, Optional<Descriptor>> types = new HashMap<>();

  /** All about it but its payload, in one line. */
  public String line(StoredDeadLetter letter) {
    return LINE.toJson(about(letter));
  }

  private static JsonObject about(StoredDeadLetter letter) {
    JsonObject json = new JsonObject();
    json.addProperty("id", letter.id());
    json.addProperty("time", letter.time().toString());
    json.addProperty("received", letter.received().toString());
    json.addProperty("pipe", letter.pipe());
    json.addProperty("node", letter.node());
    json.addProperty("reason", letter.reason());
    json.addProperty("detail", letter.detail());
    json.addProperty("method", letter.method());
    json.addProperty("key", letter.key());
    json.addProperty("group", letter.group());
    json.addProperty("messages", letter.messages());
    json.addProperty("bytes", letter.bytes());
    return json;
  }

  /**
   * All about it, and its payload as JSON.
   *
   * <ul>
   *   <li>{@code type}: of the messages of the method that it is sent to; null where nobody
   *       describes them, and then their fields have their numbers as names;
   *   <li>{@code context}: what its stream says once, where there is such a thing;
   *   <li>{@code content}: the messages;
   *   <li>{@code unknownFields}: those that the type does not describe, if there are any, by their
   *       place and number.
   * </ul>
   */
  public String show(StoredDeadLetter letter) {
    JsonObject json = about(letter);
    EventContent content = EventContent.of(letter.event(0));
    Descriptor type = content == null ? null : type(content.target());
    json.addProperty("type", type == null ? null : type.getFullName());
    JsonObject unknown = new JsonObject();
    byte[] context = content == null ? letter.context() : content.context();
    if (context.length > 0) {
      json.add("context", decoded(type, context, "context", unknown));
    }
    JsonArray messages = new JsonArray();
    if (content == null) {
      messages.add(decoded(null, joined(letter.parts()), "", unknown));
    } else {
      for (byte[] message : content.messages()) {
        messages.add(decoded(type, message, "content[" + messages.size() + "]", unknown));
      }
    }
    json.add("content", messages);
    if (unknown.size() > 0) {
      json.add("unknownFields", unknown);
    }
    return PRETTY.toJson(json);
  }

  private Descriptor type(String method) {
    return types
        .computeIfAbsent(method, name -> Optional.ofNullable(MessageTypes.takenBy(name)))
        .orElse(null);
  }

  private static JsonElement decoded(
      Descriptor type, byte[] message, String place, JsonObject unknown) {
    try {
      if (type == null) {
        return MessagePrinter.byNumber(message);
      }
      MessagePrinter printer = new MessagePrinter(type, message);
      printer
          .unknown()
          .entrySet()
          .forEach(
              entry ->
                  unknown.add(
                      place + (entry.getKey().isEmpty() ? "" : "." + entry.getKey()),
                      entry.getValue()));
      return printer.json();
    } catch (InvalidProtocolBufferException e) {
      JsonObject json = new JsonObject();
      json.addProperty("notAMessage", e.getMessage());
      json.addProperty("bytes", Base64.getEncoder().encodeToString(message));
      return json;
    }
  }

  private static byte[] joined(byte[][] parts) {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      joined.writeBytes(part);
    }
    return joined.toByteArray();
  }
}
