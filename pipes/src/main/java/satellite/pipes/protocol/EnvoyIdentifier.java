package satellite.pipes.protocol;

import java.io.ByteArrayOutputStream;

/**
 * What OAP's analysers read of the identifier with which an Envoy begins its streams: the id,
 * cluster, metadata and locality of its node, and the name of the log. The rest goes: a real Envoy
 * 1.40 names the 516 extensions that are built in, 61 kB on every stream.
 *
 * @param context identifier [1] of a message, reduced
 * @param node who it is of: its cluster and its id
 */
record EnvoyIdentifier(SharedContext context, String node) {

  private static final int IDENTIFIER = 1;
  private static final int NODE = 1;
  private static final int LOG_NAME = 2;

  private static final int ID = 1;
  private static final int CLUSTER = 2;
  private static final int METADATA = 3;
  private static final int LOCALITY = 4;

  /** Of nobody: an upstream stream forgets the identifier that it saw before. */
  static final EnvoyIdentifier NOBODY =
      new EnvoyIdentifier(
          SharedContext.of(FieldCursor.header(IDENTIFIER, 0)), "" + Protocol.IDENTITY_SEPARATOR);

  static EnvoyIdentifier of(FieldCursor identifier) throws MalformedMessageException {
    ByteArrayOutputStream kept = new ByteArrayOutputStream();
    boolean hasNode = false;
    byte[] logName = {};
    String id = "";
    String cluster = "";
    while (identifier.next()) {
      if (identifier.is(LOG_NAME)) {
        logName = identifier.whole();
      } else if (identifier.is(NODE)) {
        hasNode = true;
        FieldCursor node = identifier.nested();
        while (node.next()) {
          if (node.is(ID)) {
            id = node.string();
          } else if (node.is(CLUSTER)) {
            cluster = node.string();
          }
          if (node.is(ID) || node.is(CLUSTER) || node.is(METADATA) || node.is(LOCALITY)) {
            kept.writeBytes(node.whole());
          }
        }
      }
    }
    byte[] node = hasNode ? message(NODE, kept.toByteArray()) : new byte[0];
    byte[] reduced = message(IDENTIFIER, FieldCursor.concat(node, logName));
    return new EnvoyIdentifier(
        SharedContext.of(reduced), cluster + Protocol.IDENTITY_SEPARATOR + id);
  }

  private static byte[] message(int number, byte[] fields) {
    return FieldCursor.concat(FieldCursor.header(number, fields.length), fields);
  }
}
