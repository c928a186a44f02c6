package satellite.queue;

/** Keeps what the nodes refuse for good, so that a person can look at it and send it again. */
public interface DeadLetters {

  /** Nothing is kept. */
  DeadLetters NONE = (letter, onSynced) -> false;

  /**
   * False when it cannot be kept: then it is dropped. Any thread; does not block.
   *
   * @param onSynced run once, by any thread, when the letter is synced to disk: until then whoever
   *     has another copy must not let go of it. Not run where the answer is false
   */
  boolean add(DeadLetter letter, Runnable onSynced);
}
