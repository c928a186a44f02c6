package satellite.pipes.transport;

import io.grpc.Metadata;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * The token that clients must present, or none. Only its hash is kept, so nothing that prints or
 * logs this can tell it. Immutable.
 */
public final class AccessToken {

  /** Where clients put it, as it is and without a scheme: gRPC metadata key, HTTP header. */
  public static final String HEADER = "authentication";

  public static final Metadata.Key<String> METADATA_KEY =
      Metadata.Key.of(HEADER, Metadata.ASCII_STRING_MARSHALLER);

  /** Everybody is admitted. */
  public static final AccessToken NONE = new AccessToken(null);

  private final byte[] hash;

  private AccessToken(byte[] hash) {
    this.hash = hash;
  }

  /**
   * @param token empty for {@link #NONE}
   */
  public static AccessToken of(String token) {
    return token.isEmpty() ? NONE : new AccessToken(hash(token));
  }

  /** Whether anything has to be presented at all. */
  public boolean isAskedFor() {
    return hash != null;
  }

  /**
   * Takes as long for a token that is nearly right as for any other of its length: hashes are
   * compared, of equal length, and to the end.
   *
   * @param presented null when there was none
   */
  public boolean admits(String presented) {
    return hash == null || presented != null && MessageDigest.isEqual(hash, hash(presented));
  }

  private static byte[] hash(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AccessToken token && Arrays.equals(hash, token.hash);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(hash);
  }

  @Override
  public String toString() {
    return isAskedFor() ? "a token" : "no token";
  }
}
