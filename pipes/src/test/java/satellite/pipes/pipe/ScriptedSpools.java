package satellite.pipes.pipe;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import satellite.queue.Account;
import satellite.queue.Event;
import satellite.queue.QueueConfig;
import satellite.queue.Spool;
import satellite.queue.SpoolFactory;

/**
 * A disk whose part is played by the test: what is written goes on to memory at once, on a thread
 * of its own, unless the disk is slow, full or broken.
 */
public final class ScriptedSpools implements SpoolFactory, AutoCloseable {

  /** What {@link Spool#keep} was given, in order, and what is settled of the rest. */
  public final List<Event> kept = new CopyOnWriteArrayList<>();

  public final AtomicInteger settled = new AtomicInteger();

  private final List<Played> spools = new CopyOnWriteArrayList<>();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(task -> new Thread(task, "flow0-disk"));
  private volatile boolean holding;
  private volatile boolean accepting = true;
  private volatile boolean broken;

  /** From now on nothing is written. */
  public void hold() {
    holding = true;
  }

  /** Writes what was held back. */
  public void release() {
    holding = false;
    spools.forEach(Played::write);
  }

  /** From now on nothing can be synced, nor kept. */
  public void breakDown() {
    broken = true;
  }

  public void refuse() {
    accepting = false;
  }

  public void acceptAgain() {
    accepting = true;
    spools.forEach(spool -> spool.memory.acceptsAgain());
  }

  /** Events added and not written. */
  public long pending() {
    return spools.stream().mapToLong(spool -> spool.pending.size()).sum();
  }

  @Override
  public Spool open(
      String pipe, int partition, QueueConfig config, Account account, Spool.Memory memory) {
    Played spool = new Played(account, memory);
    spools.add(spool);
    return spool;
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  private final class Played implements Spool {
    private final Account account;
    private final Memory memory;
    private final Queue<Event> pending = new ConcurrentLinkedQueue<>();
    private final AtomicLong unread = new AtomicLong();

    public Played(Account account, Memory memory) {
      this.account = account;
      this.memory = memory;
    }

    @Override
    public boolean accepts() {
      return accepting;
    }

    @Override
    public long unread() {
      return unread.get();
    }

    @Override
    public void add(Event event) {
      unread.incrementAndGet();
      account.spilled(event.messages());
      pending.add(event);
      if (!holding) {
        write();
      }
    }

    private void write() {
      thread.execute(
          () -> {
            Event event;
            while ((event = pending.poll()) != null) {
              if (event.receipt() != null) {
                tell(event);
              }
              account.spilled(-event.messages());
              memory.enqueueDirectly(event.onDisk(broken ? null : settled::incrementAndGet));
              unread.decrementAndGet();
            }
          });
    }

    private void tell(Event event) {
      if (broken) {
        event.receipt().failed("disk", "Input/output error");
      } else {
        event.receipt().acknowledged();
      }
    }

    @Override
    public void memoryFreed() {}

    @Override
    public boolean persist(List<Event> events) {
      if (broken) {
        return false;
      }
      kept.addAll(events);
      long bytes = events.stream().mapToLong(Event::bytes).sum();
      account.spilled(events.stream().mapToLong(Event::messages).sum());
      thread.execute(() -> memory.written(events.size(), bytes));
      return true;
    }
  }
}
