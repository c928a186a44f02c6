package satellite.pipes.pipe;

import satellite.queue.DeadLetters;
import satellite.queue.MemoryBudget;
import satellite.queue.SpoolFactory;

/**
 * What pipes share: the memory for what they hold, and what they may keep beside it.
 *
 * @param spools null where nothing goes to disk
 */
public record Storage(MemoryBudget memory, SpoolFactory spools, DeadLetters deadLetters) {

  /** Memory is all there is. */
  public static Storage inMemory(MemoryBudget memory) {
    return new Storage(memory, null, DeadLetters.NONE);
  }
}
