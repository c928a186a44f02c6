package satellite.pipes.tls;

/** Certificates or keys that cannot be used; the text is for people, in one line. */
public final class TlsFilesException extends RuntimeException {

  public TlsFilesException(String whose, String why) {
    super(whose + " TLS files cannot be used: " + why, null, false, false);
  }

  public static String reasons(Throwable cause) {
    String text = String.valueOf(cause.getMessage()).replaceAll("\\s+", " ");
    return cause.getCause() == null || text.contains(String.valueOf(cause.getCause().getMessage()))
        ? text
        : text + ": " + reasons(cause.getCause());
  }
}
