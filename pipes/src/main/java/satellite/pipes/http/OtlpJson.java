package satellite.pipes.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;

/**
 * Where OTLP's JSON differs from protobuf's: trace and span ids are hexadecimal, not base64
 * (OpenTelemetry protocol specification, "JSON Protobuf Encoding").
 */
final class OtlpJson {

  private static final Set<String> IDS =
      Set.of("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id");

  private OtlpJson() {}

  /** Changes the ids in place. Attributes are never named so: their names are values of "key". */
  static JsonElement idsToBase64(JsonElement element) {
    if (element instanceof JsonArray array) {
      array.forEach(OtlpJson::idsToBase64);
    } else if (element instanceof JsonObject object) {
      for (Map.Entry<String, JsonElement> entry : object.entrySet()) {
        if (IDS.contains(entry.getKey()) && isString(entry.getValue())) {
          entry.setValue(base64(entry.getValue()));
        } else {
          idsToBase64(entry.getValue());
        }
      }
    }
    return element;
  }

  private static boolean isString(JsonElement value) {
    return value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
  }

  /** What is not hexadecimal is left to the mapping, which says where it stands. */
  private static JsonElement base64(JsonElement hex) {
    try {
      byte[] id = HexFormat.of().parseHex(hex.getAsString());
      return new JsonPrimitive(Base64.getEncoder().encodeToString(id));
    } catch (IllegalArgumentException e) {
      return new JsonPrimitive("not hexadecimal: " + hex.getAsString());
    }
  }
}
