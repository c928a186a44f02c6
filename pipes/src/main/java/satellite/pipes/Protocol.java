package satellite.pipes;

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
 * @param sinceOap first OAP release that takes it, of those from 10.1 on
 */
public record Protocol(
    String method,
    Kind kind,
    Mode mode,
    ReceiverPlugin receiver,
    Reading reading,
    Forwarding forwarding,
    Topic kafka,
    String sinceOap) {

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

  /** Opens a reader for one client stream, or one unary call. */
  interface Reading {
    StreamReader open(PipeConfig pipe);
  }

  /** Whether messages of one stream are joined to one event before they are queued. */
  enum Gather {
    NO,
    /** Until the receiver's limit or flush time: each is complete in itself. */
    FOR_A_TIME,
    /** All of them: the stream is one report. */
    WHOLE_STREAM
  }

  /** How the events of a batch are laid out in upstream messages. */
  enum Shape {
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
   * @param target method to call upstream
   * @param sticky an event goes where its key was sent before
   */
  record Forwarding(String target, Shape shape, Gather gather, boolean sticky) {}

  /**
   * @param name as OAP's Kafka fetcher knows it
   */
  record Topic(String name, Records records) {}
}
