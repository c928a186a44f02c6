package satellite.pipes.tls;

import io.netty.handler.ssl.SslContext;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What one side shows and trusts in TLS, out of the text of its files.
 *
 * @param own its certificate and those between it and its CA; empty for none
 * @param key of its certificate; null for none
 * @param trusted empty where no file says who is trusted
 */
record Certificates(List<X509Certificate> own, PrivateKey key, List<X509Certificate> trusted) {

  /**
   * The files of one side, PEM, PKCS#8 for the key; null for one that there is not.
   *
   * @param whose for messages: {@code the server's}
   * @param key null exactly when {@code certificate} is
   */
  record Files(String whose, Path certificate, Path key, Path trusted) {

    List<Path> all() {
      return Stream.of(certificate, key, trusted).filter(Objects::nonNull).toList();
    }
  }

  /** Fails with {@link TlsFilesException}, which names the file, when it could not be used. */
  static Certificates of(Files files, Map<Path, String> texts) {
    List<X509Certificate> trusted = certificates(files, files.trusted(), texts);
    if (files.certificate() == null) {
      return new Certificates(List.of(), null, trusted);
    }
    List<X509Certificate> own = certificates(files, files.certificate(), texts);
    PrivateKey key = read(files, files.key(), texts, Pem::key);
    if (!fit(own.get(0).getPublicKey(), key)) {
      throw new TlsFilesException(
          files.whose(),
          files.key() + ": is not the key of the certificate in " + files.certificate());
    }
    return new Certificates(own, key, trusted);
  }

  private static List<X509Certificate> certificates(
      Files files, Path path, Map<Path, String> texts) {
    return path == null ? List.of() : List.of(read(files, path, texts, Pem::certificates));
  }

  private interface Parser<T> {
    T parse(InputStream pem) throws Exception;
  }

  private static <T> T read(Files files, Path path, Map<Path, String> texts, Parser<T> parser) {
    String text = texts.get(path);
    if (text == null) {
      throw new TlsFilesException(files.whose(), path + ": cannot be read");
    }
    try {
      return parser.parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1)));
    } catch (Exception e) {
      throw new TlsFilesException(files.whose(), path + ": " + TlsFilesException.reasons(e));
    }
  }

  /** Whether what the one has signed is verified by the other. */
  private static boolean fit(PublicKey certified, PrivateKey key) {
    String algorithm = key.getAlgorithm();
    if (!algorithm.equals(certified.getAlgorithm())) {
      return false;
    }
    try {
      var signature =
          Signature.getInstance("SHA256with" + (algorithm.equals("EC") ? "ECDSA" : algorithm));
      byte[] something = certified.getEncoded();
      signature.initSign(key);
      signature.update(something);
      byte[] signed = signature.sign();
      signature.initVerify(certified);
      signature.update(something);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** Netty's own reader of PEM files, which it only opens to contexts. */
  private abstract static class Pem extends SslContext {

    static X509Certificate[] certificates(InputStream pem) throws Exception {
      return toX509Certificates(pem);
    }

    static PrivateKey key(InputStream pem) throws Exception {
      return toPrivateKey(pem, null);
    }
  }
}
