package satellite.pipes.pipe;

import io.grpc.Status;
import java.util.List;
import java.util.Locale;
import satellite.queue.Event;

/** How an upstream call that carried a batch ended. */
public sealed interface Outcome {

  /** The node answered OK: it has the batch in its memory. */
  record Delivered() implements Outcome {}

  /**
   * The node, or the way to it: the same batch may succeed later, or elsewhere.
   *
   * @param overload the node says that it has too much to do
   */
  record Unreached(String reason, String detail, boolean overload) implements Outcome {

    public Unreached(String reason, String detail) {
      this(reason, detail, false);
    }
  }

  /**
   * The batch: some message in it cannot be taken.
   *
   * @param whole no part of it can: there is no use in trying parts
   */
  record Refused(String reason, String detail, boolean whole) implements Outcome {}

  /**
   * Some events of the batch ended one way, some another; each is in one part. What is to be tried
   * again is one part, the last.
   */
  record Mixed(List<Part> parts) implements Outcome {}

  record Part(List<Event> events, Outcome outcome) {}

  /** The limit of a gRPC server that was not told another one; OAP's own is 50 MiB. */
  int COMMON_MESSAGE_LIMIT = 4 << 20;

  /**
   * Which of them a status stands for.
   *
   * @param largestMessage in bytes, of those sent: OAP 10.1 answers CANCELLED to one that is too
   *     large, and so does the connection of a node that dies
   */
  static Outcome of(Status status, int largestMessage) {
    String reason = status.getCode().name().toLowerCase(Locale.ROOT);
    String detail = String.valueOf(status.getDescription());
    return switch (status.getCode()) {
      case OK -> new Delivered();
      // A token that a node does not take is the operator's to mend: the data waits for it.
      case UNAVAILABLE, DEADLINE_EXCEEDED, ABORTED, PERMISSION_DENIED, UNAUTHENTICATED ->
          new Unreached(reason, detail);
      // Overload passes. A message over the size limit does not, and says so.
      case RESOURCE_EXHAUSTED ->
          detail.contains("maximum size")
              ? new Refused("too_large", detail, false)
              : new Unreached(reason, detail, true);
      case CANCELLED ->
          largestMessage > COMMON_MESSAGE_LIMIT
              ? new Refused("too_large", detail, false)
              : new Unreached(reason, detail);
      case UNIMPLEMENTED -> new Refused(reason, detail, true);
      default -> new Refused(reason, detail, false);
    };
  }
}
