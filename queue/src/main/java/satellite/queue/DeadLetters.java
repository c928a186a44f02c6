package satellite.queue;

/** Keeps what the nodes refuse for good, so that a person can look at it and send it again. */
public interface DeadLetters {

  /** Nothing is kept. */
  DeadLetters NONE = letter -> false;

  /** False when it cannot be kept: then it is dropped. Any thread; does not block. */
  boolean add(DeadLetter letter);

  /**
   * The same, for those who must not let go of it before it is safe.
   *
   * @param kept run once when the letter is synced to disk, by any thread; not where the answer is
   *     false
   */
  default boolean add(DeadLetter letter, Runnable kept) {
    boolean added = add(letter);
    if (added) {
      kept.run();
    }
    return added;
  }
}
