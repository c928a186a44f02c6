package satellite.pipes;

import satellite.queue.DeadLetters;
import satellite.queue.Spools;

/**
 * What pipes may keep beside their memory.
 *
 * @param spools null where nothing goes to disk
 */
public record Storage(Spools spools, DeadLetters deadLetters) {

  /** Memory is all there is. */
  public static final Storage NONE = new Storage(null, DeadLetters.NONE);
}
