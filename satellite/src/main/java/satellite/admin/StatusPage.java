package satellite.admin;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * The status page: one file, the same for everybody, that asks for {@code status.json} by itself.
 * Its policy lets a browser run the script and the style that stand in it, by their hashes, and ask
 * nobody but Satellite: whatever a node or a pipe is called, nothing of it becomes code.
 */
final class StatusPage {

  private static final String RESOURCE = "status.html";

  private final String html;
  private final String policy;

  StatusPage() {
    this.html = read();
    this.policy =
        "default-src 'none'; script-src "
            + hash("script")
            + "; style-src "
            + hash("style")
            + "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
            + " frame-ancestors 'none'";
  }

  String html() {
    return html;
  }

  /** {@code Content-Security-Policy}. */
  String policy() {
    return policy;
  }

  private static String read() {
    try (InputStream in = StatusPage.class.getResourceAsStream(RESOURCE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of the text of the one such element. */
  private String hash(String element) {
    String begin = "<" + element + ">";
    int from = html.indexOf(begin) + begin.length();
    byte[] text =
        html.substring(from, html.indexOf("</" + element + ">", from))
            .getBytes(StandardCharsets.UTF_8);
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text);
      return "'sha256-" + Base64.getEncoder().encodeToString(hash) + "'";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
