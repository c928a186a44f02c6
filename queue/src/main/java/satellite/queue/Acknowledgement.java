package satellite.queue;

/** When a pipe answers the sender of a message: what it has then is what "accepted" means. */
public enum Acknowledgement {
  /** The message is in memory: it survives a full queue, a lost node and an orderly stop. */
  QUEUED,
  /** It is on disk, synced: it survives a killed process and a power cut too. */
  DURABLE,
  /** A node has answered for it: until then the sender has it. It is never on disk. */
  DELIVERED
}
