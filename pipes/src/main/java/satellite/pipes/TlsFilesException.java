package satellite.pipes;

/** Certificates or keys that cannot be used; the text is for people, in one line. */
public final class TlsFilesException extends RuntimeException {

  TlsFilesException(String whose, String why) {
    super(whose + " TLS files cannot be used: " + why, null, false, false);
  }

  static String reasons(Throwable cause) {
    String text = String.valueOf(cause.getMessage()).replaceAll("\\s+", " ");
    return cause.getCause() == null || text.contains(String.valueOf(cause.getCause().getMessage()))
        ? text
        : text + ": " + reasons(cause.getCause());
  }
}
