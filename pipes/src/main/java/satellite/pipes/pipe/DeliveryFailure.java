package satellite.pipes.pipe;

import io.grpc.Status;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Why the sender of messages that were taken is not told OK.
 *
 * @param reason as in the account, or what a spool calls it
 * @param detail for people
 */
public record DeliveryFailure(String reason, String detail) {

  private static final String TOO_LARGE = "too_large";
  private static final String QUEUE_FULL = "queue_full";

  /** What a node says of the message itself; all other reasons are of Satellite or of the time. */
  private static final Map<String, Status.Code> OF_THE_MESSAGE = ofTheMessage();

  private static Map<String, Status.Code> ofTheMessage() {
    Map<String, Status.Code> codes = new HashMap<>();
    Arrays.stream(Status.Code.values())
        .filter(code -> Outcome.of(code.toStatus(), 0) instanceof Outcome.Refused)
        .forEach(code -> codes.put(code.name().toLowerCase(Locale.ROOT), code));
    codes.put(TOO_LARGE, Status.Code.RESOURCE_EXHAUSTED);
    for (String ofKafka :
        new String[] {
          "malformed", "invalid_record", "invalid_timestamp", "invalid_topic", "serialization"
        }) {
      codes.put(ofKafka, Status.Code.INVALID_ARGUMENT);
    }
    return Map.copyOf(codes);
  }

  /** Whether there is no use in sending the same again. */
  public boolean isFinal() {
    return OF_THE_MESSAGE.containsKey(reason);
  }

  /** As the node said it, or what makes a sender try again. */
  private Status.Code code() {
    Status.Code again =
        reason.equals(QUEUE_FULL) ? Status.Code.RESOURCE_EXHAUSTED : Status.Code.UNAVAILABLE;
    return OF_THE_MESSAGE.getOrDefault(reason, again);
  }

  /**
   * @param where pipe and method
   */
  public Status status(String where) {
    return code().toStatus().withDescription(where + ": " + this);
  }

  @Override
  public String toString() {
    return reason + ": " + detail;
  }
}
