package satellite.queue;

/**
 * What the sender of an {@link Event} waits for, in pipes that do not answer at once. One of its
 * methods is called, once, by any thread; it must not block.
 */
public interface Receipt {

  /** The event is where its pipe's {@link Acknowledgement} wants it. */
  void acknowledged();

  /**
   * It will not get there, or nobody can promise it. The event may be forwarded all the same.
   *
   * @param reason as in the account
   * @param detail for people
   */
  void failed(String reason, String detail);
}
