package satellite.pipes.protocol;

/** Bytes that are not a message of their protocol; the text says what was expected. */
public final class MalformedMessageException extends Exception {

  MalformedMessageException(String message) {
    // Thrown for what clients send: a stack trace would cost much and tell nothing.
    super(message, null, false, false);
  }
}
