package satellite.pipes.protocol;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

/**
 * What a stream says once and its events need again, such as who an Envoy is: one object for all
 * streams that say the same, for as long as one of them has it. Immutable; any thread.
 */
final class SharedContext {

  private static final int NAME_BYTES = 18;

  private static final Map<String, Reference> KNOWN = new HashMap<>();
  private static final ReferenceQueue<SharedContext> FORGOTTEN = new ReferenceQueue<>();

  private static final class Reference extends WeakReference<SharedContext> {
    private final String name;

    Reference(SharedContext context) {
      super(context, FORGOTTEN);
      this.name = context.name;
    }
  }

  private final byte[] bytes;
  private final String name;

  private SharedContext(byte[] bytes, String name) {
    this.bytes = bytes;
    this.name = name;
  }

  /** The one of this content. For the first message of a stream: it takes a lock and a hash. */
  static SharedContext of(byte[] bytes) {
    String name = name(bytes);
    synchronized (KNOWN) {
      Reference forgotten;
      while ((forgotten = (Reference) FORGOTTEN.poll()) != null) {
        KNOWN.remove(forgotten.name, forgotten);
      }
      Reference known = KNOWN.get(name);
      SharedContext context = known == null ? null : known.get();
      if (context == null) {
        context = new SharedContext(bytes, name);
        KNOWN.put(name, new Reference(context));
      }
      return context;
    }
  }

  /** Of SHA-256, so that the next process calls it the same. */
  private static String name(byte[] bytes) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      return Base64.getEncoder().withoutPadding().encodeToString(hash).substring(0, NAME_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  /** Encoded; not to be written to. */
  byte[] bytes() {
    return bytes;
  }

  /** The same for equal content, in other processes too; another one for all else. */
  String name() {
    return name;
  }
}
