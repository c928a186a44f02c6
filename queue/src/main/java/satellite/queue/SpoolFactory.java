package satellite.queue;

/** Opens the {@link Spool} of each partition. */
public interface SpoolFactory {

  Spool open(String pipe, int partition, QueueConfig config, Account account, Spool.Memory memory);
}
