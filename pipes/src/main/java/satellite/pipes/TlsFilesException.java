package satellite.pipes;

/** Certificates or keys that cannot be used; the text is for people. */
public final class TlsFilesException extends RuntimeException {

  TlsFilesException(String whose, Exception cause) {
    super(whose + " TLS files cannot be used: " + reasons(cause), cause, false, false);
  }

  private static String reasons(Throwable cause) {
    String text = String.valueOf(cause.getMessage());
    return cause.getCause() == null || text.contains(String.valueOf(cause.getCause().getMessage()))
        ? text
        : text + ": " + reasons(cause.getCause());
  }
}
