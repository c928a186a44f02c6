package satellite.queue;

/** Gives each partition its {@link Spool}. */
public interface Spools {

  Spool open(String pipe, int partition, QueueConfig config, Account account, Spool.Memory memory);
}
