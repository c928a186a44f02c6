package satellite.pipes.protocol;

import java.util.List;

/**
 * One gRPC method that SkyWalking's OAP server takes, and how Satellite carries it: a row of {@link
 * Protocols#TABLE}.
 *
 * @param method full name, {@code /package.Service/Method}
 * @param receiver the pipe's receiver that it belongs to
 * @param reading how a stream of it becomes events; null unless asynchronous
 * @param forwarding how events become upstream messages; null unless asynchronous
 * @param kafka where events go instead when the pipe's forwarder is a Kafka one; null where OAP
 *     reads nothing of the kind from Kafka
 * @param service which field of a message names its service, a number for each message on the way
 *     to it; empty where none does
 * @param sinceOap first OAP release that takes it, of those from 10.1 on
 */
public record Protocol(
    String method,
    Kind kind,
    Mode mode,
    ReceiverPlugin receiver,
    ReaderFactory reading,
    Forwarding forwarding,
    Topic kafka,
    List<Integer> service,
    String sinceOap) {

  /** Joins the parts of an identity (a key or group); cannot stand in a valid name. */
  public static final char IDENTITY_SEPARATOR = '\u0000';

  /** The call's shape on the wire; no method of SkyWalking streams from the server only. */
  public enum Kind {
    UNARY,
    CLIENT_STREAM,
    BIDI
  }

  /** Who answers. */
  public enum Mode {
    /** The answer is always empty: Satellite gives it, queues and batches. */
    ASYNCHRONOUS,
    /** The answer carries content: passed through to one node. */
    SYNCHRONOUS,
    /** Messages and answers depend on each other: passed through to one node, as one stream. */
    CONVERSATION
  }

  /** The service that a message names; null where it names none, or is no message. */
  public String serviceOf(byte[] message) {
    try {
      FieldCursor fields = new FieldCursor(message);
      for (int depth = 0; depth < service.size(); depth++) {
        boolean found = false;
        while (!found && fields.next()) {
          found = fields.is(service.get(depth));
        }
        if (!found) {
          return null;
        }
        if (depth == service.size() - 1) {
          return fields.isEmpty() ? null : fields.string();
        }
        fields = fields.nested();
      }
    } catch (MalformedMessageException e) {
      // Its reader says so.
    }
    return null;
  }

  /** Opens a reader for one client stream, or one unary call. */
  public interface ReaderFactory {
    StreamReader open(ReaderOptions options);
  }

  /** Whether messages of one stream are joined to one event before they are queued. */
  public enum Gather {
    NO,
    /** Until the receiver's limit or flush time: each is complete in itself. */
    FOR_A_TIME,
    /** All of them: the stream is one report. */
    WHOLE_STREAM
  }

  /** How the events of a batch are laid out in upstream messages. */
  public enum Shape {
    /** One unary call per event; repeats of a group are sent once. */
    UNARY_EACH,
    /** One unary call per group, its events joined in one message. */
    UNARY_JOINED,
    /** One stream per group, a message per event. */
    STREAM_EACH,
    /** One stream for all, a message per group, its events joined. */
    STREAM_JOINED
  }

  /**
   * The words are for the documents; what they name is read by the row's {@link ReaderFactory}.
   *
   * @param target method to call upstream
   * @param per what events must have in common to share an upstream message or stream: their group,
   *     in words; null where all may
   * @param key what keeps events on the node that had the ones before them: their key, in words;
   *     null where any node will do
   * @param expires OAP stamps it with its own clock, so it means nothing, or the wrong thing, when
   *     it comes late
   */
  public record Forwarding(
      String target, Shape shape, Gather gather, String per, String key, boolean expires) {

    /** Whether an event goes where its key was sent before. */
    public boolean sticky() {
      return key != null;
    }
  }

  /**
   * @param name as OAP's Kafka fetcher knows it
   */
  public record Topic(String name, KafkaRecords records) {}
}
