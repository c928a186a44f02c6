package satellite.pipes.protocol;

/**
 * Reads the messages of one client stream, or of one unary call, in their order, and says what each
 * is worth as events. Holds what the protocol sends only once per stream. One thread; never throws
 * anything but {@link MalformedMessageException}, whatever the bytes.
 */
public interface StreamReader {

  void read(byte[] message, Sink sink) throws MalformedMessageException;

  /** Takes what a reader found. */
  interface Sink {

    byte[] NOTHING = {};

    /**
     * An event, or a piece of one where the protocol gathers: see {@link satellite.queue.Event} for
     * the parameters.
     */
    void event(String key, String group, byte[] context, byte[]... parts);

    default void event(byte[] message) {
      event(null, null, NOTHING, message);
    }

    /** A message that OAP would accept and throw away, for want of what {@code reason} names. */
    void discarded(String reason);
  }
}
