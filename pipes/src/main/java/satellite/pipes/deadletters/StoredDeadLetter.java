package satellite.pipes.deadletters;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;
import satellite.queue.DeadLetter;
import satellite.queue.Event;

/**
 * A dead letter as it stands in a file: a line that is a JSON object, with the bytes of the event
 * as base64. Its last member, {@code crc}, is the CRC-32C, in hexadecimal, of the line up to the
 * comma before it.
 *
 * @param id the file's name without its ending, a dot, and the number of the line in it
 * @param time of the refusal
 * @param received when Satellite got the event
 * @param key may be null, as in the event
 * @param group may be null, as in the event
 * @param messages client messages in it
 */
public record StoredDeadLetter(
    String id,
    Instant time,
    Instant received,
    String pipe,
    String node,
    String reason,
    String detail,
    String method,
    String key,
    String group,
    int messages,
    byte[] context,
    byte[][] parts) {

  private static final String CRC = "crc";
  private static final String CRC_PREFIX = ",\"" + CRC + "\":\"";
  private static final int CRC_DIGITS = 8;
  private static final int CRC_LENGTH = CRC_PREFIX.length() + CRC_DIGITS + 2;

  /** The event, to be sent again. */
  public Event event(long receivedNanos) {
    return new Event(method, key, group, context, parts, messages, receivedNanos);
  }

  /** Of the payload. */
  public long bytes() {
    long bytes = context.length;
    for (byte[] part : parts) {
      bytes += part.length;
    }
    return bytes;
  }

  /** About as long as its line will be. */
  static long estimate(DeadLetter letter) {
    Event event = letter.event();
    long bytes = (long) event.context().length + event.payloadBytes();
    long text =
        length(letter.detail())
            + length(event.key())
            + length(event.group())
            + letter.pipe().length();
    return 450 + bytes * 4 / 3 + 3L * event.parts().count() + text * 5 / 4;
  }

  private static int length(String text) {
    return text == null ? 0 : text.length();
  }

  /** Writes it as a line. */
  static void write(DeadLetter letter, Instant received, OutputStream out) throws IOException {
    CheckedOutputStream checked = new CheckedOutputStream(out, new CRC32C());
    OutputStreamWriter utf8 = new OutputStreamWriter(checked, StandardCharsets.UTF_8);
    JsonWriter json = new JsonWriter(utf8);
    json.setSerializeNulls(false);
    Event event = letter.event();
    json.beginObject();
    json.name("time").value(letter.time().toString());
    json.name("received").value(received.toString());
    json.name("pipe").value(letter.pipe());
    json.name("node").value(letter.node());
    json.name("reason").value(letter.reason());
    json.name("detail").value(letter.detail());
    json.name("method").value(event.method());
    json.name("key").value(event.key());
    json.name("group").value(event.group());
    json.name("messages").value(event.messages());
    json.name("context").value(Base64.getEncoder().encodeToString(event.context()));
    json.name("parts").beginArray();
    for (byte[] part : event.parts().toArrays()) {
      json.value(Base64.getEncoder().encodeToString(part));
    }
    json.endArray();
    json.flush();
    json.name(CRC).value(hex(checked.getChecksum().getValue()));
    json.endObject();
    json.flush();
    utf8.write('\n');
    utf8.flush();
  }

  private static String hex(long crc) {
    return String.format("%08x", crc);
  }

  /** Whether the line is as it was written. */
  static boolean isWhole(byte[] line) {
    int end = line.length - CRC_LENGTH;
    if (end <= 0) {
      return false;
    }
    CRC32C crc = new CRC32C();
    crc.update(line, 0, end);
    String tail = new String(line, end, CRC_LENGTH, StandardCharsets.ISO_8859_1);
    return tail.equals(CRC_PREFIX + hex(crc.getValue()) + "\"}");
  }

  /** The letter that a line is; null where it is none, or damaged. */
  static StoredDeadLetter read(String id, byte[] line) {
    if (!isWhole(line)) {
      return null;
    }
    try {
      JsonObject json =
          JsonParser.parseString(new String(line, StandardCharsets.UTF_8)).getAsJsonObject();
      List<byte[]> parts = new ArrayList<>();
      for (JsonElement part : json.getAsJsonArray("parts")) {
        parts.add(Base64.getDecoder().decode(part.getAsString()));
      }
      return new StoredDeadLetter(
          id,
          Instant.parse(text(json, "time")),
          Instant.parse(text(json, "received")),
          text(json, "pipe"),
          text(json, "node"),
          text(json, "reason"),
          text(json, "detail"),
          text(json, "method"),
          text(json, "key"),
          text(json, "group"),
          json.get("messages").getAsInt(),
          Base64.getDecoder().decode(text(json, "context")),
          parts.toArray(byte[][]::new));
    } catch (RuntimeException e) {
      // Whole, and not of this kind: of another version, or of somebody else.
      return null;
    }
  }

  private static String text(JsonObject json, String name) {
    JsonElement value = json.get(name);
    return value == null ? null : value.getAsString();
  }
}
