package satellite.pipes.tls;

import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/**
 * Watches the certificate files of one side: renewed ones are handed on within seconds, ones that
 * cannot be used are told of once, and those read before stay in use. What counts is the content:
 * mounted secrets are swapped by links, and times of files may stay as they are.
 */
final class CertificateFiles {

  static final long PERIOD_SECONDS = 10;

  private static final System.Logger LOG = System.getLogger("tls");

  /** Takes new certificates into use; fails when TLS cannot be had with them. */
  interface Use {
    void take(Certificates certificates) throws SSLException;
  }

  private final Certificates.Files files;
  private final Use use;
  private final Set<Path> toldExpired = new HashSet<>();
  private Map<Path, String> seen;
  private Certificates inUse;

  /** Hands on what the files hold now, or fails with {@link TlsFilesException}. */
  CertificateFiles(Certificates.Files files, Use use) {
    this.files = files;
    this.use = use;
    this.seen = read();
    take(seen);
    tellExpired();
  }

  CertificateFiles watch(ScheduledExecutorService timer) {
    timer.scheduleWithFixedDelay(this::check, PERIOD_SECONDS, PERIOD_SECONDS, TimeUnit.SECONDS);
    return this;
  }

  /** Looks at the files, once. */
  synchronized void check() {
    Map<Path, String> now = read();
    // Two readings that differ: somebody is at it. The next time will do.
    if (!now.equals(seen) && now.equals(read())) {
      renew(now);
    }
    tellExpired();
  }

  private void renew(Map<Path, String> now) {
    List<Path> changed =
        files.all().stream().filter(f -> !Objects.equals(now.get(f), seen.get(f))).toList();
    seen = now;
    try {
      take(now);
      LOG.log(INFO, "{0} TLS files are renewed: {1}{2}", files.whose(), changed, own());
    } catch (TlsFilesException e) {
      LOG.log(WARNING, "{0}; those of before stay in use", e.getMessage());
    }
  }

  private void take(Map<Path, String> texts) {
    Certificates certificates = Certificates.of(files, texts);
    try {
      use.take(certificates);
    } catch (SSLException | RuntimeException e) {
      throw new TlsFilesException(files.whose(), files.all() + ": " + TlsFilesException.reasons(e));
    }
    inUse = certificates;
    toldExpired.clear();
  }

  private Map<Path, String> read() {
    Map<Path, String> texts = new HashMap<>();
    for (Path file : files.all()) {
      try {
        texts.put(file, Files.readString(file, StandardCharsets.ISO_8859_1));
      } catch (IOException e) {
        // It is missing in the map, and told of by those who need it.
      }
    }
    return texts;
  }

  private String own() {
    if (inUse.own().isEmpty()) {
      return "";
    }
    X509Certificate own = inUse.own().get(0);
    return ", serial "
        + own.getSerialNumber().toString(16)
        + ", valid until "
        + own.getNotAfter().toInstant();
  }

  /**
   * A chain is as good as its first to end; of those who are trusted, one that is valid will do.
   */
  private void tellExpired() {
    var end = Comparator.comparing(X509Certificate::getNotAfter);
    inUse.own().stream().min(end).ifPresent(first -> tellExpired(files.certificate(), first));
    inUse.trusted().stream().max(end).ifPresent(last -> tellExpired(files.trusted(), last));
  }

  private void tellExpired(Path file, X509Certificate certificate) {
    Instant end = certificate.getNotAfter().toInstant();
    if (end.isBefore(Instant.now()) && toldExpired.add(file)) {
      LOG.log(WARNING, "the certificate in {0} has expired: it was valid until {1}", file, end);
    }
  }
}
