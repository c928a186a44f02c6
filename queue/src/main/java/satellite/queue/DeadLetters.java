package satellite.queue;

/** Keeps what the nodes refuse for good, so that a person can look at it and send it again. */
public interface DeadLetters {

  /** Nothing is kept. */
  DeadLetters NONE = letter -> false;

  /** False when it cannot be kept: then it is dropped. Any thread; does not block. */
  boolean add(DeadLetter letter);
}
